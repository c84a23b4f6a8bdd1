"""The wire format, without any I/O: bytes in, values out, and back.

    strict     the one parser for what clients send; refuses anything ambiguous
    envelope   JSON-RPC: `Request`, `Notification`, `Reply`, and our answers
    answer     the envelope of what servers send; results stay bytes
    versions   protocol revisions, error codes, the reserved `_meta` keys
    headers    the HTTP routing headers of 2026-07-28
    parameters arguments that a tool's schema wants as headers too
    legacy     `initialize` and what belongs to it
    modern     the per-request envelope and what belongs to it
    bridge     a result of one era made fit for a client of the other
    tasks      results of requests for and about tasks, under another id
    wording    what an agent reads when a call is refused
    sse        server-sent events, written

`downstream` and `upstream` call these; nothing here calls anyone.
"""
