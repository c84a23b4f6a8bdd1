"""The gateway's dealings with the AI clients of this machine: their servers taken in, their files given back.

    office       what the tray asks about clients; watches their files meanwhile
    watch        what clients use without us, looked at again whenever one of their files changed
    views        that, as the window and the command line show it
    adoption     takes servers in: secrets, settings, a start, and only then the clients' files
    edits        the edits of clients' files: worked out, shown, carried out
    differences  an edit as a unified difference, without secrets
    giving_back  gives the files back, and undoes the rest

`latchward client` uses `adoption` and `giving_back` without a gateway. What a client's file is, and how it is
edited, is the matter of the room `clients`.
"""
