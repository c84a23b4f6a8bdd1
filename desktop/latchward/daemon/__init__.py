"""The running gateway: who gets which port, and how it starts and stops.

assembly    the composition root: builds the house, serves, takes it down
hardening   what a process that guards others does before anything else
upstreams   the servers of the settings in force, one connection each
pins        the first list of a server is what the person agreed to
peers       which programs come in as which client
office      everything for the person at the tray; made of what follows
desk        the gateway's end of the private link; where a question waits
keeper      keeps the tray running, or gives it up and closes the gate
nursery     where a tray is forked from, so that it is closed from its first instruction (Linux)
sweeper     what ends the servers of a gateway that was killed (Linux)
notice      one notification on the desktop, for when no tray is left
clerk       what the tray asks for: edits of policies and servers, things that were looked at
views       what the tray shows, made from what is in force
clients     what is done about the AI clients of this machine: a room of its own
recent      the record as it is written: without secrets, the last calls remembered for the tray
acceptance  writes live files and accepted copies together; `latchward review` uses it too
"""
