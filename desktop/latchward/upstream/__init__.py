"""The client edge: one connection to one MCP server.

    talk         what is said to any server and what its answers mean; no I/O
    kept         what keeps any server in use: one start for all, its secrets, pauses, looks at its list

    environment  what of our environment a server's process gets
    lines        bytes from a pipe, cut into lines, bounded
    child        a child process on POSIX: pipes, a group of its own, its end seen before it is reaped
    process      a server's process: both outputs drained, stopped with all it started
    run          one process with the conversation on it, from its start to its end
    session      what is said over it: era, ids, lists, calls, progress
    stdio        a server over stdio, kept running: implements `model.ports.Upstream`

    sse          server-sent events, read; no I/O
    wire         one HTTP request, one reply; redirects, TLS, limits
    remote       what is said over it: era, session, lists, calls, notices
    http         a server at a URL, kept reachable: implements `model.ports.Upstream`

`daemon/assembly.py` makes these; `gateway` sees the port alone.
"""
