"""The enforcement point: what happens to a call, whoever brought it and whoever will do it.

    enforce    a `tools/call` from top to bottom, one straight function
    approvals  the question to a person, bound to what was shown
    listing    which tools a grant sees, and which tool a name means
    names      the names on the endpoint that offers all servers together
    tasks      tasks that clients began at servers, under ids of ours
    sessions   all traffic of one grant until it was idle for half an hour
    changes    tells clients that their list is another one now

`downstream` calls `Listing` and `Enforcer` with values from `model`; they
reach servers, the disk and the person through `model.ports` alone.
"""
