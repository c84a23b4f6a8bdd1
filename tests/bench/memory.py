"""What /proc says of a process; nothing where there is no /proc."""

from pathlib import Path


def rss(pid: int) -> int | None:
    """Resident memory in bytes."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return None
