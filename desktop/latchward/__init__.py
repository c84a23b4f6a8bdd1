"""Latchward stands between a person's AI agents and their MCP servers.

The house, from the ground up (a module imports only from lower floors; rooms
on one floor do not import one another; `pyproject.toml` holds this as
contracts):

    floor 0  assets endpoint             the one door to resources/; where a gateway listens
    floor 1  model                       the nouns: frozen values, no I/O
    floor 2  policy catalogue            the decision point; what a tool may do at worst: pure
    floor 3  gateway storage protocol    enforcement, the disk, the wire format
    floor 4  upstream downstream control the edges towards servers and clients; the link to the tray
    floor 5  daemon                      assembly: who gets which port
    floor 6  cli gui                     what a person types; what a person sees
    top      __main__ bridge             the switchboard; what an agent runs: `latchward connect`

A `tools/call` walks downstream -> protocol -> gateway/enforce -> (policy,
approvals, audit, upstream) and back. `gateway/enforce.py` alone knows the
order.
"""

__version__ = "0.1.0"
