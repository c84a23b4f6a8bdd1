"""The servers: what runs, what failed, what waits for a yes, and adding one.

    entry    what a person types or pastes, made into servers to add; no Qt
    words    states and what they mean, in plain English; no Qt
    consent  the card for a server that was never started: its whole command line, and what a yes means
    card     one server in the list
    add      the dialog that adds servers
    page     the list, and the talk with the gateway

A command line is always shown whole: it wraps, it is never cut, and what cannot be seen in it is spelled out.
"""
