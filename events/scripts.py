"""Lua scripts, stored next to the modules that call them."""

import re
from pathlib import Path
from typing import Any

from msgspec import Raw

_INCLUDE = re.compile(r"^--@include (\S+)$", re.MULTILINE)


def script(redis: Any, module: str, name: str) -> Any:
    """Return the Lua script in the folder of `module`, ready to call."""
    return redis.register_script(script_text(Path(module).with_name(name)))


def script_text(path: Path) -> str:
    """Return a Lua script; `--@include` inserts another file, named as seen from the one that includes it."""
    return _INCLUDE.sub(lambda found: script_text(path.parent / found[1]), path.read_text(encoding="utf-8"))


def lua_text(value: bytes) -> Raw:
    """Return any bytes as a MessagePack str, as cmsgpack does not read bin."""
    return Raw(b"\xdb" + len(value).to_bytes(4, "big") + value)
