"""The official conformance suite, before us and through us, and what must survive the way through.

    python -m tests.conformance [--show SCENARIO [--revision REVISION] [--way WAY]]

suite      runs the suite against an address, and what it found
relay      adds a client's token to what the suite sends, for the suite cannot
ways       the fixture with nothing between, and behind a gateway over stdio and over HTTP, in each era
agent      the client that the suite starts for its own servers, which reaches them through us
verbatim   a server that answers with the very bytes it is told
not_yet    what does not come through us yet
__main__   the table, and the wire of one scenario
"""
