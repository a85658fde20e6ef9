"""A gate between a publisher and ingest: it passes requests on, and fails as networks, proxies and services do."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

Trouble = Callable[[int, bytes], tuple[int, dict[str, str]] | None]
"""Given the number of a request, from 1, and its body, the status and headers to answer; None passes it on."""

CUT = 0
"""As a status: the connection ends without an answer, after ingest has had the request."""


def none(_number: int, _body: bytes) -> None:
    """Let everything through."""


class Gate:
    """Listens on `port`; `bodies` are those of the requests that were passed on, to `ledger` if it names one."""

    def __init__(self, port: int, to: int, trouble: Trouble = none) -> None:
        self.port = port
        self.to = to
        self.trouble = trouble
        self.ledger: str | None = None
        self.requests = 0
        self.bodies: list[bytes] = []

    @property
    def lines(self) -> int:
        """How many events were passed on."""
        return sum(len(body.splitlines()) for body in self.bodies)

    @contextmanager
    def open(self) -> Iterator["Gate"]:
        """Let requests through until the block ends."""
        gate = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                gate.requests += 1
                trouble = gate.trouble(gate.requests, body)
                if trouble is not None and trouble[0] != CUT:
                    return self._answer(trouble[0], trouble[1], b'{"detail":"trouble at the gate"}')
                names = ("Authorization", "Content-Type")
                gate.bodies.append(body)
                answer = httpx.post(
                    f"http://127.0.0.1:{gate.to}{self.path if gate.ledger is None else f'/v1/{gate.ledger}/events'}",
                    content=body,
                    headers={name: self.headers[name] for name in names},
                    timeout=60,
                )
                if trouble is not None:
                    self.close_connection = True
                    return None
                return self._answer(answer.status_code, {}, answer.content)

            def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Log nothing."""

        with ThreadingHTTPServer(("127.0.0.1", self.port), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()
