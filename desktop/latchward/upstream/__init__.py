"""The client edge: one connection to one MCP server.

    talk         what is said to any server and what its answers mean; no I/O
    pages        its lists, fetched page by page; no I/O
    conversation what is said over any connection: ids, calls, what comes in beside answers
    questions    what a server asks of the client, put to it and answered
    rounds       a modern server's questions: answered, and the call sent again
    subscriptions who wants to hear of which resource, and what a modern server promised to tell
    task_work    tasks on one connection: whether any goes on, who wants to hear of which
    lists        lists besides that of tools, kept while they are fresh
    kept         what keeps any server in use: one start for all, its secrets, pauses, looks at its tools
    own          a legacy server's connections for one client each
    carrying     every method over these, and what is told outside calls

    environment  what of our environment a server's process gets
    lines        bytes from a pipe, cut into lines, bounded
    child        a child process on POSIX: pipes, a group of its own, its end seen before it is reaped
    process      a server's process: both outputs drained, stopped with all it started
    run          one process with the conversation on it, from its start to its end
    session      the conversation over its pipes
    stdio        a server over stdio, kept running: implements `model.ports.Upstream`

    sse          server-sent events, read; no I/O
    wire         one HTTP request, one reply; redirects, TLS, limits
    watching     the streams on which a server tells what belongs to no answer
    remote       the conversation over HTTP: era, session, answers
    old_sse      the conversation over the older transport: one stream, and POSTs beside it
    http         a server at a URL, kept reachable: implements `model.ports.Upstream`

`daemon/assembly.py` makes these; `gateway` sees the port alone.
"""
