"""The approval question, from the private link to the person and back.

    marks           what cannot be seen, and hosts that are not what they seem
    pages           the arguments as numbered lines: readable, and as the exact JSON
    acts            what a tool does, for the headline
    asked           what a server asks of the client, as lines and warnings
    aspects         the words that differ with what is asked about: tool, prompt, resource, method, question
    present         everything the window says of a question, in words
    waiting         the questions that wait: oldest first, clients in turn
    argument_view   shows a page
    arming          why a button that just appeared cannot be pressed yet
    footer          scopes, time, reason and buttons
    parts           the other parts of the window
    dialog          the window
    notification    the desktop's notification; it can deny, never allow
    asking          wires the link, the queue, the window and the notification together

All down to `waiting` are free of Qt.
"""
