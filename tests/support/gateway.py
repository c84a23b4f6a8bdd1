"""A real gateway process on a profile of its own.

    with Gateway({"fixture": spec()}, {"open": {"version": "1", "default": "allow"}},
                 {"agent": {"fixture": "open"}}) as gateway:
        Client(gateway.url, gateway.token).call("fixture__echo", {"text": "hi"})

Each grant gets a fresh token, unless `tokens` is off: then it comes by the local socket alone. The profile
is a temporary folder unless `home` names one, which is then kept. `limits` replaces bounds by shorter
ones, so that a test need not wait: those of the edge towards agents (`downstream/limits.py`) by their name,
others with their module, as in `upstream.kept.REFRESH_EVERY`. `programs` are those that may come in as a
client by the local socket, where that is not a test.
"""

import hashlib
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

ROOT: Final = Path(__file__).parents[2]
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 15.0

_LISTENING: Final = re.compile(r"listening on (http://127\.0\.0\.1:(\d+)/mcp)")

_WITH_LIMITS: Final = """
from importlib import import_module
for place, value in {}.items():
    module, _, name = place.rpartition(".")
    module = import_module("latchward." + (module or "downstream.limits"))
    assert hasattr(module, name), place
    setattr(module, name, value)
from latchward.__main__ import main
raise SystemExit(main())
"""

Servers = Mapping[str, Mapping[str, Any]]
Policies = Mapping[str, Mapping[str, Any]]
Grants = Mapping[str, Mapping[str, str]]


class GatewayFailed(AssertionError):
    """The gateway did not start; the text holds what it said on stderr."""


class Gateway:
    """Writes a profile, starts the gateway on it, and stops it again."""

    def __init__(
        self,
        servers: Servers,
        policies: Policies,
        grants: Grants,
        *,
        home: Path | None = None,
        ask: str = "deny",
        arguments: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        limits: Mapping[str, float] | None = None,
        tokens: bool = True,
        programs: Mapping[str, Sequence[Path]] | None = None,
    ) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="latchward-test-") if home is None else None
        self.home = home or Path(self._temporary.name if self._temporary else "")
        self.tokens = {client: secrets.token_urlsafe(32) if tokens else "" for client in grants}
        self.url = ""
        self.port = 0
        self.process: subprocess.Popen[str] | None = None
        self._command = [
            sys.executable,
            *(("-c", _WITH_LIMITS.format(dict(limits))) if limits else ("-m", "latchward")),
            "gateway",
            "--port",
            "0",
            "--ask",
            ask,
            *arguments,
        ]
        self._stdin: int = subprocess.DEVNULL
        self._env = {**os.environ, **(env or {}), "LATCHWARD_HOME": str(self.home)}
        self._env["PYTHONPATH"] = os.pathsep.join(
            filter(None, (str(ROOT / "desktop"), os.environ.get("PYTHONPATH")))
        )
        self._stderr: list[str] = []
        self._ready = threading.Event()
        self._reader: threading.Thread | None = None
        self._programs = programs or {}
        self._write(servers, policies, grants, ask)

    @property
    def token(self) -> str:
        """The token of the first grant."""
        return next(iter(self.tokens.values()))

    @property
    def stderr(self) -> str:
        """All that the gateway has said on stderr so far."""
        return "".join(self._stderr)

    def server_url(self, server: str) -> str:
        """The endpoint of one server, where tools keep their names."""
        return f"http://127.0.0.1:{self.port}/s/{server}/mcp"

    def start(self) -> Self:
        """Start the process and wait, bounded, until it listens."""
        self._ready.clear()
        self.process = subprocess.Popen(
            self._command,
            env=self._env,
            stdin=self._stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=self._stdin != subprocess.DEVNULL,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()
        if not self._ready.wait(START_SECONDS) or not self.port:
            self.stop()
            raise GatewayFailed(f"the gateway did not start to listen; it said:\n{self.stderr}")
        return self

    def stop(self) -> int | None:
        """End the process (SIGTERM, then SIGKILL) and return its exit status; None where none ran."""
        process, self.process = self.process, None
        if process is None:
            return None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)
        if self._reader:
            self._reader.join(STOP_SECONDS)
        return process.returncode

    def kill(self) -> None:
        """End the process as a crash would."""
        if self.process:
            self.process.kill()
            self.process.wait(STOP_SECONDS)
        self.stop()

    def close(self) -> None:
        """Stop, and remove a temporary profile."""
        self.stop()
        if self._temporary:
            self._temporary.cleanup()

    def write_policy(self, name: str, policy: Mapping[str, Any], *, seen: bool = True) -> Path:
        """Write a policy document into the profile, in one step. `seen`: as one that the person looked at."""
        path = self.home / "policies" / f"{name}.json"
        if seen:
            text = json.dumps(policy, indent=2)
            self._accept(f"policies/{name}.json", {"yaml": False, "text": text})
        partial = path.with_suffix(".partial")
        _write_private(partial, policy)
        partial.replace(path)
        return path

    def edit_settings(self, edit: Callable[[dict[str, Any]], None], *, seen: bool = True) -> None:
        """Change the settings file, in one step, while the gateway runs; `seen` as in `write_policy`."""
        path = self.home / "settings.json"
        settings = json.loads(path.read_text(encoding="utf-8"))
        edit(settings)
        if seen:
            self._accept("settings.json", settings)
        partial = path.with_suffix(".partial")
        _write_private(partial, settings)
        partial.replace(path)

    def _write(self, servers: Servers, policies: Policies, grants: Grants, ask: str) -> None:
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.home / "policies").mkdir(mode=0o700, exist_ok=True)
        for name, policy in policies.items():
            self.write_policy(name, policy)
        settings = {
            "version": 1,
            "mcpServers": servers,
            "grants": {
                client: {"token": token_hash(self.tokens[client]), "servers": policy_of}
                for client, policy_of in grants.items()
            },
            "ask": {"terminal": ask == "terminal"},
        }
        self._accept("settings.json", settings)
        # A test's bridge was started by Python; where a test speaks for a bridge, by Python's parent.
        programs = [os.path.realpath(sys.executable), os.path.realpath(f"/proc/{os.getppid()}/exe")]
        others = {client: [str(path.resolve()) for path in paths] for client, paths in self._programs.items()}
        self._accept("peers.json", dict.fromkeys(grants, programs) | others)
        _write_private(self.home / "settings.json", settings)

    def _accept(self, name: str, document: Mapping[str, Any]) -> None:
        """Write what the person is taken to have looked at, as the gateway keeps it."""
        path = self.home / "accepted" / name
        for folder in (self.home / "accepted", path.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        partial = path.with_suffix(".partial")
        _write_private(partial, document)
        partial.replace(path)

    def _read(self, process: subprocess.Popen[str]) -> None:
        """Collect stderr; the line that names the port makes the gateway ready, its end does too."""
        stream = process.stderr
        for line in stream or ():
            self._stderr.append(line)
            if match := _LISTENING.search(line):
                self.url, self.port = match[1], int(match[2])
                self._ready.set()
        if stream:
            stream.close()
        self._ready.set()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _write_private(path: Path, document: Mapping[str, Any]) -> None:
    """Write JSON to a file that only its owner can read, as the gateway wants it."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")


def token_hash(token: str) -> str:
    """A token as the settings keep it; "" where there is none."""
    return "sha256:" + hashlib.sha256(token.encode()).hexdigest() if token else ""
