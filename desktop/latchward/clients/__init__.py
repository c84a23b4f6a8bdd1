"""The AI clients of this machine: where their files are, which servers they use, how the files are edited.

    known/      one file for each client: its paths, the shape of its entries, its limits
    client      what such a file says, as a value; `home` is what paths depend on
    text/       JSON (with comments) and TOML as text: what is to change changes, every other byte stays
    found       nouns: a server in a client's file, and where it stands
    discovery   looks through the files of all known clients; `projects` reads which folders they know
    reading     one entry by its client's rules; `references` resolves what stands for something else in it
    groups      equal servers are one; `names` gives each a name that settings take
    secrecy     which values of an entry are secrets, by name and by shape
    files       reads a client's file; replaces it whole, under the client's own lock, or not at all:
                `snapshot` is a file at one moment, `replacing` the one step, with `locks` and `folder`
    backups     the bytes as they were, and what we wrote over them
    restoring   the first bytes again; where something else changed besides, a merge by entry

Who calls whom: `daemon/clients/` asks `discovery` what there is, makes the edits with `text`, writes them
with `files`, and keeps `backups`. Nothing in here starts a server or decides anything.

A client's file belongs to the person: it is read by the client's own rules, never "repaired", and a file that
the client could not read is left as it is.
"""
