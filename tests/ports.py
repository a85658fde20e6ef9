"""Free TCP ports for what tests start; each worker of a parallel run has a range of its own."""

import os
import random
import socket

PORTS = range(26_000, 32_000)
"""Below the range of outgoing connections (Linux: from 32,768 on), which may take a port that was just free, and apart
from that of embedded servers, which may start while a test is between two uses of its port."""


def free_ports(count: int) -> int:
    """Return the first of `count` consecutive ports that nobody listens on."""
    while True:
        first = random.choice(_own())
        sockets: list[socket.socket] = []
        try:
            for port in range(first, first + count):
                sockets.append(socket.socket())
                sockets[-1].bind(("127.0.0.1", port))
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
        return first


def _own() -> range:
    """Return the worker's share of the ports, all of them where there is one process only."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % workers  # one that replaces another
    share = len(PORTS) // workers
    return PORTS[number * share : (number + 1) * share - 10]
