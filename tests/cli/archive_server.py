"""A web server of an archive, as a static host might be: bundles compressed, a token asked for, a moment of trouble."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

TOKEN = "secret"


class _Handler(BaseHTTPRequestHandler):
    root: Path
    troubled: set[str]

    def do_GET(self) -> None:
        name = self.path.removeprefix("/log/")
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._answer(401)
        elif not (self.root / name).is_file():
            self._answer(404)
        elif name in self.troubled:
            self.troubled.discard(name)
            self._answer(503)
        else:
            data = (self.root / name).read_bytes()
            if name.startswith("tile/entries/"):
                self._answer(200, gzip.compress(data), "gzip")
            else:
                self._answer(200, data)

    def _answer(self, status: int, data: bytes = b"", encoding: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        if encoding is not None:
            self.send_header("Content-Encoding", encoding)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def serving(root: Path, *troubled: str) -> Iterator[str]:
    """Serve an archive and return its URL; the first request for each troubled file fails."""
    handler = type("Handler", (_Handler,), {"root": root, "troubled": set(troubled)})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/log"
        finally:
            server.shutdown()
            thread.join()
