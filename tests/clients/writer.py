"""A client that rewrites its own file, as real ones do; run as `python writer.py STYLE FILE KEY TURN STOP`.

STYLE is `lock` (a file beside it, renamed, under `FILE.lock`: Claude Code), `rename` (the same without a
lock), `truncate` (the file itself is emptied and written), or `open` (the same, the file kept open from the
reading on). Each 50 ms it adds one to its own key and keeps all others. Writers take turns by the lock TURN,
which is theirs alone, so that what is lost is not lost among them. When STOP exists, it prints how often it
wrote, and how long it took at most from reading to having written without a lock.
"""

import fcntl
import json
import os
import random
import sys
import time
from pathlib import Path

BEAT = 0.05


def changed(data: str, key: str) -> str:
    document = json.loads(data)
    document[key] = document.get(key, 0) + 1
    return json.dumps(document, indent=2)


def write(style: str, path: Path, key: str) -> None:
    if style == "open":
        with path.open("r+") as file:
            data = changed(file.read(), key)
            file.seek(0)
            file.truncate()
            file.write(data)
    elif style == "truncate":
        path.write_text(changed(path.read_text(), key))
    else:
        data = changed(path.read_text(), key)
        beside = path.with_name(f"{path.name}.tmp.{os.getpid()}")
        beside.write_text(data)
        beside.rename(path)


def under_lock(path: Path, key: str) -> None:
    lock = path.with_name(f"{path.name}.lock")
    while True:
        try:
            lock.mkdir()
            break
        except FileExistsError:
            time.sleep(0.002)
    try:
        write("rename", path, key)
    finally:
        lock.rmdir()


def main() -> None:
    style, path, key, turn, stop = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4], Path(sys.argv[5])
    times, longest = 0, 0.0
    test = os.getppid()
    print("ready", flush=True)
    with open(turn, "w") as mine:
        while not stop.exists() and os.getppid() == test:  # a test that was killed stops nobody
            fcntl.flock(mine, fcntl.LOCK_EX)
            if style == "lock":
                under_lock(path, key)
            else:
                begun = time.monotonic()
                write(style, path, key)
                longest = max(longest, time.monotonic() - begun)
            times += 1
            fcntl.flock(mine, fcntl.LOCK_UN)
            time.sleep(BEAT * random.uniform(0.8, 1.2))
    print(times, longest)


if __name__ == "__main__":
    main()
