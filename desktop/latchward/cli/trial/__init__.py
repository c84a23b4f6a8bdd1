"""What `latchward try` is made of: a sample server, a scripted agent and the comparison.

    plan    the calls the agent makes, and what must become of each
    server  the sample MCP server `notes`, a process of its own; logs what really reaches it
    agent   the scripted agent, a process of its own; prints what it saw
    report  pure: plan, agent, audit log and server log side by side, and every difference

`server` and `agent` import the `mcp` SDK and only ever run as processes of
their own (`python -m latchward.cli.trial.server`, `...agent`), so that their
import costs neither the gateway nor the command line anything.
"""
