"""What a hop through Latchward costs, in ratios measured in one run.

    python -m tests.bench [--quick] [--era modern|legacy] [--json FILE]

Three ways to the same fixture server, in blocks that alternate so that what
else the machine does falls on all of them alike:

    stdio      the load client speaks to the server's pipe itself: no hop
    relay      HTTP, through a bare relay that parses nothing (`relay`)
    latchward  HTTP, through a gateway with a policy and an audit log

"Added" is what a way takes more than `stdio`. Numbers are only compared
within a run; nothing here passes or fails.

    echo     the fixture server        relay    the bare relay
    load     the load client           ways     starting the three, and how each is spoken to
    measure  blocks and percentiles    memory   what /proc says of a process
    table    the ratios beside the design's bounds
    bridge   `python -m tests.bench.bridge`: what `latchward connect` costs beside HTTP
"""
