"""`latchward connect`: the lines of an agent's stdin to the gateway's local socket, and back.

    connect  the command: its arguments, its streams, its signals
    relay    the two threads, and the link to the gateway
    book     what must be remembered of a conversation; no I/O
    service  asks the session's service manager for a gateway

What was sent and not answered when a link breaks is never sent again: the agent is told that its outcome is
unknown. Only the handshake and `subscriptions/listen` are, for they do nothing. So an agent need not notice
that the gateway was started anew.

Imports `endpoint` alone, and as little of the standard library as will do: every agent runs one of these.
"""
