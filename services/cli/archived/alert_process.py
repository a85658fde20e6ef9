"""The comparison of alerts, step by step next to that of the log: in this process, or for a large log in another."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from typing import Any, Literal, Protocol, TypeAlias

import msgspec

from events.seal.errors import FormatError
from services.cli.archived.alerts import AlertCauses, AlertsState
from services.cli.archived.archives import FollowedLog
from services.cli.checks.finding import Finding
from services.cli.fsck.check import processors

Order: TypeAlias = int | Literal["state", "end"]
"""To the other process: to follow the log up to a position, or to answer with the state or with all findings."""

FEWEST_APART = 200_000
"""Entries from which another process compares the alerts meanwhile: it takes two seconds to start."""


class AlertSteps(Protocol):
    """A comparison; all raise FormatError and OSError."""

    def follow(self, until: int) -> None:
        """Compare the alerts that the events up to a position cause; another process may still do so on return."""

    def state(self) -> bytes | None:
        """Return the encoded state after what was followed, None if something was found."""

    def end(self) -> list[Finding]:
        """Return what is wrong with the alerts of a log that ends here."""


class AlertsHere:
    """A comparison in this process; or in the other one."""

    def __init__(self, task: FollowedLog, state: bytes | None) -> None:
        self._causes = AlertCauses(task, msgspec.json.decode(state, type=AlertsState) if state is not None else None)

    def follow(self, until: int) -> None:
        self._causes.follow(until)

    def state(self) -> bytes | None:
        return msgspec.json.encode(self._causes.state()) if not self._causes.findings else None

    def end(self) -> list[Finding]:
        return self._causes.end()


class AlertsApart:
    """A comparison in another process, at the other end of a connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def follow(self, until: int) -> None:
        with suppress(ConnectionError):  # the process has ended, and has sent the error that `_ask` raises
            self._connection.send(until)

    def state(self) -> bytes | None:
        state: bytes | None = self._ask("state")
        return state

    def end(self) -> list[Finding]:
        findings: list[Finding] = self._ask("end")
        return findings

    def _ask(self, order: Order) -> Any:
        with suppress(ConnectionError):
            self._connection.send(order)
        try:
            answer = self._connection.recv()
        except (EOFError, ConnectionError) as error:
            raise OSError("the process that compared the alerts has ended") from error
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def alert_steps(task: FollowedLog, state: bytes | None) -> Iterator[AlertSteps]:
    """Have a comparison that begins with the entries that were checked, and the encoded state before them."""
    if task.log.checkpoint.size - task.log.after < FEWEST_APART or processors() == 1:
        yield AlertsHere(task, state)
        return
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, task, state))
    process.start()
    theirs.close()  # so that the process sees the end of this one, however it comes
    try:
        yield AlertsApart(ours)
    finally:
        process.terminate()
        process.join()
        ours.close()


def _serve(connection: Any, task: FollowedLog, state: bytes | None) -> None:
    """Obey orders until the other end of the connection is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both processes; the other one decides
    with suppress(EOFError, ConnectionError):
        try:
            steps = AlertsHere(task, state)
            while True:
                order: Order = connection.recv()
                if isinstance(order, int):
                    steps.follow(order)
                else:
                    connection.send(steps.state() if order == "state" else steps.end())
        except (FormatError, OSError) as error:
            connection.send(error)
