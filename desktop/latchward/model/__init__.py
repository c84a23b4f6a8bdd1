"""The nouns of Latchward: frozen values that every other room speaks in.

    Grant           an agent application, its token and the servers it may see
    UpstreamSpec    how one MCP server is started
    ToolDefinition  what a server says of one of its tools
    ToolCall        one request, parsed once, judged and sent as that object
    Deed            what a request does, in words
    Decision        what the policy says of a call, and the rule that says it
    ApprovalRequest what a person is asked; `Answer` is what they said
    Verdict         the gateway's last word on a call: it goes, or why not
    Allow           the proof that a call may be sent; `Upstream.send` wants one
    Outcome         what came back: a `ToolResult` or a `Fault`
    AuditRecord     what is written down before a call leaves, and after
    Risk            what a tool may do at worst, as far as its definition tells

Nothing here does I/O. `ports` holds the Protocols that the edges implement,
`errors` draws the exception tree.
"""
