"""What a hop through Latchward costs, in ratios measured in one run.

    python -m tests.bench [--quick] [--peers] [--only NAME] [--json FILE] [--markdown FILE]

One fixture server stands at the end of several ways: none, a bare relay, Latchward over HTTP and through
`connect`, and the gateways of others. All ways of a setting (the server over stdio or HTTP, in one era)
stand at once, and short blocks alternate between them. Numbers are only compared within a run; nothing
here passes or fails.

    echo      the fixture server                 setting   how it is reached, in which era, with what tools
    channel   a connection or a pipe, raw        load      the same request again and again, timed
    relay     the bare relay                     way       a way: started once, opened as often as one likes
    ways      ours, and none                     peers     those of others; `install` puts them in place
    figures   what is measured on a way          measure   the order of it all: blocks that alternate
    process   memory and processors' time        results   numbers, and why some are missing
    bounds    the ratios beside the design's     table     as text, and as the page docs/bench.md
"""
