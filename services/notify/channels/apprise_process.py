"""One attempt by Apprise, in a process of its own, which the service ends at its time limit.

    python -m services.notify.channels.apprise_process

It reads an `AppriseJob` as JSON, and writes `SENDING` as soon as a message is being sent, then an `AppriseReport` as
JSON.

Every connection that Python makes is checked by an audit hook, at the address that it goes to; redirects are not
followed, the environment has no proxies, and no program is started. What cannot be checked: connections that a
library in another language makes by itself, and whether a name that a plugin connects to without resolving it itself
resolves to the same address a moment later.
"""

import logging
import resource
import signal
import socket
import sys
from typing import Any

import apprise
import msgspec
import requests

from services.common.sizes import MIB
from services.notify.channels.apprise_job import SENDING, AppriseJob, AppriseReport
from services.notify.channels.key import kept
from services.notify.channels.reach import Reach

MOST_MEMORY = 1_024 * MIB
"""Address space; Apprise needs a third of it."""

_SENDS = frozenset({"http.client.send", "smtplib.send", "socket.sendto", "socket.sendmsg"})
_STARTS = frozenset({"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork", "os.forkpty"})
_CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


class _Guard:
    """An audit hook (https://docs.python.org/3/library/audit_events.html): it refuses by raising, and notes why."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._sending = False
        self.refused = ""

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event in _CONNECTS:
            self._check(args[1])
        elif event in _STARTS:
            self._refuse("the plugin starts a program, which no channel may")
        elif event.startswith("syslog."):
            self._refuse("the plugin writes to this machine's log, which no channel may")
        if event in _SENDS and not self._sending:
            self._sending = True
            sys.stdout.buffer.write(SENDING)
            sys.stdout.buffer.flush()

    def _check(self, address: Any) -> None:
        if not isinstance(address, tuple):
            self._refuse("the plugin connects to a socket of this machine, which no channel may")
            return
        host, port = str(address[0]), int(address[1])
        for found in self._found(host, port):
            refusal = self._reach.refusal(host, found, port)
            if refusal is not None and not self._named(found, port):
                self._refuse(refusal)

    def _named(self, address: str, port: int) -> bool:
        """Return whether an address is that of a name that is allowed."""
        names = (entry.rpartition(":") for entry in self._reach.allow)
        return any(address in self._found(name, port) for name, _, its in names if its == str(port))

    def _found(self, host: str, port: int) -> set[str]:
        try:
            return {str(found[4][0]) for found in socket.getaddrinfo(host.strip("[]"), port)}
        except OSError:
            return set()

    def _refuse(self, reason: str) -> None:
        self.refused = self.refused or reason
        raise PermissionError(reason)


class _Warnings(logging.Handler):
    """Collects Apprise's warnings: it reports the reason of a failure only in its log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def send(job: AppriseJob) -> AppriseReport:
    """Send a message; the hook stays for the rest of the process."""
    warnings = _Warnings()
    logging.getLogger("apprise").addHandler(warnings)
    service = apprise.Apprise(asset=apprise.AppriseAsset(http_redirects=False, async_mode=False))
    service.add(job.url)
    requests.Session.get_redirect_target = lambda _self, _response: None  # type: ignore[assignment, method-assign]
    guard = _Guard(Reach(job.allow, allow_private=job.allow_private))
    sys.addaudithook(guard)
    sent = bool(service.notify(title=job.title, body=job.body, body_format=apprise.NotifyFormat.TEXT))
    detail = kept("; ".join(warnings.texts), job.url) or ("handed over" if sent else "not handed over")
    return AppriseReport(sent, detail, guard.refused)


def main() -> None:
    """Read the job, send, and write the report."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=AppriseJob)
    signal.alarm(job.seconds)
    sys.stdout.buffer.write(msgspec.json.encode(send(job)) + b"\n")


if __name__ == "__main__":
    main()
