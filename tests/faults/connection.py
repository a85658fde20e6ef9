"""A client of the real server whose connections fail at the commands that the seed chooses."""

import hashlib
from pathlib import Path
from typing import Any

from redis.asyncio.lock import Lock
from redis.exceptions import ConnectionError as DisconnectedError
from redis.exceptions import ResponseError

import events.log
import services.notify.store
from events.scripts import script_text
from services.common.clock import sleep
from services.common.connection import connect
from tests.faults.points import DELAY_SECONDS, KINDS, Faults, Kind
from tests.faults.simulated_process import SimulatedProcess

_HANDSHAKE = frozenset({"HELLO", "CLIENT", "SELECT", "AUTH", "PING", "SCRIPT"})
"""Sent by the client itself: no await of the program under test."""

_FOLDERS = (Path(events.log.__file__).parent, Path(services.notify.store.__file__).parent)

_SCRIPTS = {
    hashlib.sha1(text.encode()).hexdigest(): name
    for name, text in [
        *((path.name, script_text(path)) for folder in _FOLDERS for path in folder.glob("*.lua")),
        ("lock: release", Lock.LUA_RELEASE_SCRIPT),
        ("lock: extend", Lock.LUA_EXTEND_SCRIPT),
        ("lock: reacquire", Lock.LUA_REACQUIRE_SCRIPT),
    ]
}

_ONCE: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind != "duplicate")
_RUNNING: tuple[Kind, ...] = tuple(kind for kind in KINDS if not kind.startswith("crash"))
_RUNNING_ONCE: tuple[Kind, ...] = tuple(kind for kind in _RUNNING if kind != "duplicate")


def faulty(url: str, component: str, faults: Faults, process: SimulatedProcess | None = None) -> Any:
    """Return a client as services have it, with faults; without a process it never crashes."""
    client = connect(url)
    pool = client.connection_pool
    members = {"faults": faults, "component": component, "process": process}
    pool.connection_class = type("Faulty", (_Faulty, pool.connection_class), members)
    return client


class _Faulty:
    """A connection that fails at the points that the seed selects."""

    faults: Faults
    component: str
    process: SimulatedProcess | None
    _after: tuple[str, Kind] | None = None
    _piped = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.faults.connections.add(self)

    def pack_commands(self, commands: Any) -> Any:
        self._piped = True
        return super().pack_commands(commands)  # type: ignore[misc]  # of the connection it is mixed into

    async def send_packed_command(self, command: Any, *args: Any, **kwargs: Any) -> None:
        send = super().send_packed_command  # type: ignore[misc]  # of the connection it is mixed into
        name = _name(command)
        piped, self._piped, self._after = self._piped, False, None
        if name in _HANDSHAKE:
            await send(command, *args, **kwargs)
            return
        await self._check_alive()
        kinds = (_ONCE if piped else KINDS) if self.process is not None else (_RUNNING_ONCE if piped else _RUNNING)
        kind = self.faults.choose(self.component, name, kinds)
        match kind:
            case "cut":
                self.faults.fired(self.component, name, kind)
                await self._break(f"cut before {name}")
            case "crash-before":
                self.faults.fired(self.component, name, kind)
                await self._crash()
            case "delay":
                self.faults.fired(self.component, name, kind)
                await self._wait()
            case "duplicate":
                await send(command, *args, **kwargs)
                await self._swallow()
                self.faults.fired(self.component, name, kind)
            case "crash-after" | "lost-answer":
                self._after = (name, kind)
            case None:
                pass
        await self._check_alive()
        await send(command, *args, **kwargs)

    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        after, self._after = self._after, None
        answer = await super().read_response(*args, **kwargs)  # type: ignore[misc]  # of the connection it is mixed into
        if after is not None:  # the server has executed it
            name, kind = after
            self.faults.fired(self.component, name, kind)
            if kind == "crash-after":
                await self._crash()
            await self._break(f"the answer to {name} is lost")
        return answer

    async def _swallow(self) -> None:
        """Read the answer that is lost, whatever it is."""
        try:
            await super().read_response()  # type: ignore[misc]  # of the connection it is mixed into
        except ResponseError:
            return

    async def _break(self, why: str) -> None:
        await self.disconnect(nowait=True)  # type: ignore[attr-defined]  # of the connection it is mixed into
        raise DisconnectedError(why)

    async def _crash(self) -> None:
        assert self.process is not None
        await self.process.crash()

    async def _wait(self) -> None:
        await sleep(self.faults.draws(f"{self.component} delays").uniform(0, DELAY_SECONDS))

    async def _check_alive(self) -> None:
        if self.process is not None and self.process.dead:
            await self._break("this process has ended")


def _name(command: Any) -> str:
    """Return the command that a packed one begins with, or the script that it calls."""
    words = b"".join(bytes(part) for part in command[:8]).split(b"\r\n", 5) if isinstance(command, list) else []
    name = words[2].decode() if len(words) > 2 else "?"
    return _SCRIPTS.get(words[4].decode(), name) if name == "EVALSHA" else name
