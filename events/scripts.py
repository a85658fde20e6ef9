"""Lua scripts, stored next to the modules that call them."""

import re
from pathlib import Path
from typing import Any

from msgspec import Raw

_INCLUDE = re.compile(r"^--@include (\S+)$", re.MULTILINE)


def script(redis: Any, module: str, name: str) -> Any:
    """Return the Lua script in the folder of `module`, ready to call; `--@include` inserts another file."""
    folder = Path(module).parent
    text = (folder / name).read_text(encoding="utf-8")
    while (found := _INCLUDE.search(text)) is not None:
        text = text.replace(found[0], (folder / found[1]).read_text(encoding="utf-8"))
    return redis.register_script(text)


def lua_text(value: bytes) -> Raw:
    """Return any bytes as a MessagePack str, as cmsgpack does not read bin."""
    return Raw(b"\xdb" + len(value).to_bytes(4, "big") + value)
