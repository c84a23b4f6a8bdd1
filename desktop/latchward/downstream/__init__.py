"""The server edge: where agents come in.

    doors          who may come in: Host, Origin, path, token; before a body is read
    limits         every bound of this edge, in one place
    reply          one answer: plain JSON where it is quick, an event stream where it is not
    dispatch       what each method of either era does; shared by every way in
    conversations  what is under way in each session of the handshake era
    http           the ASGI application
    listener       the HTTP server under it
    lines          agents over stdio, by way of `latchward connect` and the local socket
    local          the socket under it
    processes      which programs stand behind a connection

A way in turns bytes into an `envelope.Message` and a `Peer`; `dispatch` does the rest.
"""
