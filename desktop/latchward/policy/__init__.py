"""The decision point: what a policy document says of a call. Values in, values out; `now` is an argument.

A document is read once and becomes a `Policy`; a `Policy` is asked many times:

    bytes --load--> Policy --plan(name)--> Plan --judge(call, usage, now)--> Decision

    Policy     one compiled document, with the SHA-256 of its bytes
    Table      its entries for tools, prompts or resources: exact names in a dict, globs in a list
    Plan       everything that speaks of one name, in the order in which rules are named
    Check      one predicate with its quantifier and its two sentences
    Limit      one counter that a call may be charged to
    Schedule   the hours in which an entry lets calls by

Reading, from the text to the Policy (each knows only those below it):

    document      `load` and `dump`: the way in and out
    compiling     turns the form into a Policy; finds what a shape cannot show
    form          the shape of a document as pydantic models
    complaints    what is wrong, where, and what to do
    places        strict JSON with a line and column for every value
    places_yaml   the same for YAML 1.2

Deciding (no pydantic from here on):

    decide        the one function: policies, ToolCall, Usage, now -> Decision, whatever the call is about
    beyond_tools  what is no tool: prompts, resources, what a server asks, methods that a policy names
    judging       the rules for one name, applied to a call
    visible       whether a tool is listed at all
    compiled      the nouns above

What both lean on:

    predicates    the table of operators, one function each
    paths         `args.files[*].path`
    values        kinds and equality of JSON values
    limits        windows, amounts, keys of counters
    schedule      days and hours
    globs, uris   names and resource addresses
    hosts         the host of a URL
    patterns      the one door to RE2
    folders       `under`: the ONE module here that looks at the disk (symbolic links, `~`)

`gateway` calls `decide_call` and what says whether something is listed; `storage` calls `load`, `dump`
and the helpers of `limits`. A document is refused with `PolicyError`; a call is never refused with an
exception.
"""
