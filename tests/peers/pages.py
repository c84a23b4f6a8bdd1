"""A web server on loopback, for a server that fetches: it leaves a file for each page it was asked for."""

import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

WORDS: Final = "this is a page"
_ADDRESS: Final = "address"


def address(folder: Path, name: str) -> str:
    """The URL of the page with this name, from the server that works in this folder."""
    return (folder / _ADDRESS).read_text() + name


def was_asked(folder: Path, name: str) -> bool:
    """Whether somebody asked for the page with this name."""
    return (folder / f"{name}.asked").exists()


class Pages:
    """The server, on a free port, on threads of the test's process. It has no `robots.txt`."""

    def __init__(self, folder: Path) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, folder))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        (folder / _ADDRESS).write_text(f"http://127.0.0.1:{self._http.server_port}/")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, folder: Path, *arguments: Any) -> None:
        self._folder = folder
        super().__init__(*arguments)

    def do_GET(self) -> None:
        name = self.path.removeprefix("/")
        if not name.isalnum():
            self.send_error(404)
            return
        (self._folder / f"{name}.asked").touch()
        body = f"{WORDS}, {name}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Stay silent."""
