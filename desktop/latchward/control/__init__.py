"""The private link between the gateway and the tray: typed messages over one inherited socketpair.

    messages   everything that may be said, in either direction
    wire       messages to lines and back; no I/O

The link is the only way to answer a question or to loosen a rule. It has no
name in the file system, no port and no token: a process has one end or it has not.
`daemon.desk` holds the gateway's end, `gui.link` the tray's.
"""
