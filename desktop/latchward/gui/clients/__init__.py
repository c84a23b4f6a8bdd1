"""The AI clients of this machine: which go through Latchward, and giving their files back.

    words  states and what they mean, in plain English; no Qt
    card   one client: its files, what it reaches without Latchward, what can be done
    page   the list, and the talk with the gateway

Taking servers in, and looking at what giving a file back would do, are conversations of `setup/`;
this page opens them.
"""
