"""What the tests share.

recorder   a scripted MCP server over stdio that records every line and misbehaves on demand
scripted   a well-behaved one of either era that has everything, and asks whatever it is told to ask
scripted_web   the same over HTTP
talker     a client of either era that answers what it is asked, over HTTP or over the local socket
web        a scripted MCP server over HTTP that does the same
sdk_server the SDK's own server over HTTP, as a child process
everything a server that offers all that the conformance suite asks of one, over stdio and HTTP
raw        exact bytes to a port, one whole HTTP response back
jr         a small JSON-RPC client over HTTP, for both protocol eras
connect    an agent at the end of `latchward connect`, and a scripted gateway at its other end
gateway    a real gateway process on a profile of its own
asking     the same with a terminal, and the person at it
terminal   a program on a terminal of its own, and the person in front of it
client_machine   a home folder with the files of AI clients, and `latchward client` typed there
scene      a gateway before recording servers, and what must hold of it after every test
desktop    a whole desktop without a screen: windows, keys, clicks, tray, notifications
a11y       the accessibility tree of the programs on it
x11        what its screen shows, as windows and as pixels
desktop_programs, desktop_keeper, desktop_settings, desktop_notices   what it is made of
whole      the whole product on such a desktop, and the person who answers its questions
asked_fixture   the pytest fixture over it, before a recording server
keyring_session   a session bus with the real keyring on it, in whatever state a test wants
keyring_fixtures  the pytest fixtures over it
sdk_agent  a client of the MCP SDK for a test that is not asynchronous itself
same_user  a program of the same user that tries to answer for the person
desktop_fixtures   the pytest fixtures over it
waiting    bounded waits
fixtures   the pytest fixtures over the others (these two need pytest)
"""
