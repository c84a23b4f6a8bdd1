"""The tray process: Qt and nothing of the gateway's. It shows and answers; it decides nothing.

    app          the process: hardens itself, starts Qt, ends with the link
    wiring       the objects, wired by hand
    link         the tray's end of the private link: typed signals in, messages out
    tokens       the design system as data: spaces, sizes, colours, the looks of effects and severities
    theme        the design system in Qt: palette, fonts, icons; `sheet` and `icons` serve it
    widgets      labels that show plain text only, banners, the button that arms
    code         a foreign text letter for letter; `difference` is one of two texts, or of files
    approval/    the question: what it says, the window, the queue, the notification
    window       the main window; `nav` is its sidebar, `parts` and `search` are what its pages share
    overview/    everything that agents can do, on one page
    policy/      the builder: what each tool may do
    servers/     the servers: consent, adding, removing
    clients/     the AI clients: which go through Latchward, and giving their files back
    waiting/     what waits for a look of the person
    setup/       the first run: servers of AI clients are taken in, get their rules, are seen to work
    tray/        the icon and its menu
    autostart    whether Latchward starts at login
    preferences  what the window remembers
    messages     what Qt complains of, as lines on standard error

A widget shows and reports; words and choices come from a Qt-free module beside it.
Foreign text (of agents and servers) is shown by `widgets.PlainLabel` or a plain text
edit, never by a bare `QLabel`, a tooltip or a title.
"""
