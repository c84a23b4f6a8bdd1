"""The disk: everything that Latchward keeps, and the only room that knows where.

    paths      Profile: where the files of one person are; made safe at start
    files      one way to write a file whole, one way to read one that is ours
    lock       one gateway a profile; one writer at a time
    watched    a file that is read again when it changed (one stat a look)
    settings   settings.json as a value: servers, grants; load, edit, save, book
    form       the shape of settings.json and the sentences for what is wrong
    policies   the policy documents by name; a broken edit leaves the last good one
    secrets    the person's keyring, asked in a thread (port `Secrets`)
    keyrings, secret_service   which keyrings that may be, and the one of Linux with an end to every wait
    counters   the limits' state (port `Counters`)
    audit      the record (port `AuditLog`): one thread that writes in groups
    database   its file: schema, one append, and the checks around it
    log        the same record, read while the gateway writes
    greetings  what servers said when they greeted us last (a cache)
    taken      which servers came out of clients' files, and for whom

Who calls whom: `daemon/assembly.py` makes a `Profile`, prepares it, takes the
`GatewayLock`, and hands `SettingsBook`, `PolicyBook`, `MemoryCounters` and
`SqliteAudit` to the gateway as ports, `KeyringSecrets` to the servers. The
command line loads, edits and saves `Settings` under `write_lock`.

Three rules hold in here. What we make is 0600 in 0700 from the moment it
exists. What we did not make is never removed. What cannot be read or written
is said in a sentence, and the answer to a call is no.
"""
