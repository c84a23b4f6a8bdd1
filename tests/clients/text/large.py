"""Edit one large file; run as `python large.py FILE`. Prints the CPU seconds and the bytes that it took."""

import resource
import sys
import time
from pathlib import Path

from latchward.clients.text import Dialect, Put, edit

AT = ("projects", "/home/me/project-700", "mcpServers", "latchward")
OURS = {"type": "stdio", "command": "/opt/latchward", "args": ["connect"], "env": {}}
STRICT = Dialect("json")


def most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    edit(b'{"a": 1}', STRICT, [Put(("b",), 2)], "small")
    data = Path(sys.argv[1]).read_bytes()
    before, began = most_memory(), time.process_time()
    edit(data, STRICT, [Put(AT, OURS)], "large")
    print(time.process_time() - began, most_memory() - before)


if __name__ == "__main__":
    main()
