"""Which programs stand behind a connection on this machine."""

from dataclasses import dataclass

from .plain import one_line


@dataclass(frozen=True, slots=True)
class Process:
    """One process, as the system described it at one moment.

    `started` is its start in clock ticks since boot: it tells a pid from the same pid's next owner. `program`
    is the path of its executable, "" where the system does not say. `arguments` may hold secrets.
    """

    pid: int
    started: int
    program: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcessChain:
    """The process at the other end, by the kernel's word, and its parents, the nearest first.

    It is evidence, no proof: a program can have another start it. Empty where the system says nothing.
    """

    uid: int
    processes: tuple[Process, ...] = ()

    @property
    def behind(self) -> tuple[str, ...]:
        """The programs behind our bridge, which is the first of the chain: the client's own first."""
        return tuple(process.program or f"pid {process.pid}" for process in self.processes[1:])

    def __str__(self) -> str:
        """The programs, for a person: who was started by whom. No arguments."""
        names = (one_line(process.program) or f"pid {process.pid}" for process in self.processes)
        return " < ".join(names) or "unknown"
