"""Every bound of the edge towards agents."""

from typing import Final

BODY_BYTES: Final = 4 * 1024 * 1024
"""A request's body."""
MESSAGE_BYTES: Final = BODY_BYTES + 1024 * 1024
"""A whole request on the wire: the marks between chunks, and trailers, count too."""
HEAD_BYTES: Final = 32 * 1024
"""A request's line and headers."""
HEADERS: Final = 100
"""Header lines of a request."""
HEAD_SECONDS: Final = 10.0
"""From the opening of a connection, or the first byte of a request, to the end of its headers."""
BODY_SECONDS: Final = 30.0
"""From the headers to the end of the body."""
KEEP_ALIVE_SECONDS: Final = 120
"""An idle connection is closed after this."""
UNREAD_SECONDS: Final = 60.0
"""A connection whose client has taken nothing of what was written for it for so long is closed."""
CONNECTIONS: Final = 4096
"""Open connections; a request on one more is answered 503."""
SILENT: Final = 512
"""Connections that have not sent a whole head yet; past it the oldest is closed."""
STREAM_AFTER: Final = 1.0
"""Seconds after which an answer that is not there yet becomes an event stream."""
CUT_SECONDS: Final = 1.0
"""Seconds that a client has to take the end of an answer that was given up."""
KEEP_ALIVE_EVERY: Final = 10.0
"""Seconds between two signs of life on an event stream."""
STREAM_BACKLOG: Final = 1000
"""Events that may wait for a client that does not read; then its stream is closed."""
STREAM_BYTES: Final = 16 * 1024 * 1024
"""Bytes of these, before the last one."""
IN_FLIGHT: Final = 1000
"""Requests under way at once of one client."""
SESSIONS_EACH: Final = 1000
"""`Mcp-Session-Id`s that are kept of one client; the one not used for longest is forgotten."""
SESSION_ID: Final = 128
"""Characters of an `Mcp-Session-Id` that is kept."""
GREETING_SECONDS: Final = 5.0
"""From the opening of a local connection to the end of its greeting."""
CONVERSATIONS: Final = 512
"""Local connections open at once; one more is closed."""
LINE_BACKLOG: Final = 128 * 1024 * 1024
"""Bytes that may wait for a local client that does not read, before the last message; then it is closed."""
