"""Where a TOML file has a key: the line of each, so that an error in a configuration can name it. Pure."""

import re
from collections.abc import Iterator

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""\s*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*(\.)?""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|\'\'\'.*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'',
    re.DOTALL,
)
_BARE = re.compile(r"[^,\]\}\n#]+")

Path = tuple[str | int, ...]


def line_of(text: str, path: Path) -> int | None:
    """Return the line (from 1) of a key or an element of a valid TOML file, or of the nearest thing around it."""
    lines = dict(_Scanner(text).places())
    for length in range(len(path), 0, -1):
        if (found := lines.get(path[:length])) is not None:
            return found
    return None


class _Scanner:
    """Reads a TOML file that is known to be valid, for the places of its keys alone."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counts: dict[Path, int] = {}

    def places(self) -> Iterator[tuple[Path, int]]:
        """Yield each key and element, as a path, with its line."""
        table: Path = ()
        while self._skip() < len(self._text):
            line = self._line()
            if self._text.startswith("[", self._at):
                table = self._header()
                yield table, line
            else:
                path = table + self._key()
                self._expect("=")
                yield path, line
                yield from self._value(path)

    def _header(self) -> Path:
        many = self._text.startswith("[[", self._at)
        self._at += 2 if many else 1
        path = self._resolved(self._key(), many=many)
        self._expect("]]" if many else "]")
        return path

    def _resolved(self, key: Path, *, many: bool) -> Path:
        """Return the path of a header: names of arrays of tables are followed by the index of their last table."""
        path: Path = ()
        for number, name in enumerate(key, 1):
            path = (*path, name)
            if number == len(key) and many:
                self._counts[path] = self._counts.get(path, -1) + 1
            if path in self._counts:
                path = (*path, self._counts[path])
        return path

    def _value(self, path: Path) -> Iterator[tuple[Path, int]]:
        self._skip()
        if self._text.startswith("[", self._at):
            yield from self._array(path)
        elif self._text.startswith("{", self._at):
            yield from self._inline(path)
        else:
            found = _STRING.match(self._text, self._at) or _BARE.match(self._text, self._at)
            self._at = found.end() if found is not None else len(self._text)

    def _array(self, path: Path) -> Iterator[tuple[Path, int]]:
        self._at += 1
        index = 0
        while self._skip() < len(self._text) and not self._text.startswith("]", self._at):
            yield (*path, index), self._line()
            yield from self._value((*path, index))
            self._comma()
            index += 1
        self._at += 1

    def _inline(self, path: Path) -> Iterator[tuple[Path, int]]:
        self._at += 1
        while self._skip() < len(self._text) and not self._text.startswith("}", self._at):
            line, key = self._line(), path + self._key()
            self._expect("=")
            yield key, line
            yield from self._value(key)
            self._comma()
        self._at += 1

    def _key(self) -> Path:
        names: list[str | int] = []
        while (found := _KEY.match(self._text, self._at)) is not None:
            self._at = found.end()
            names.append(found[1].strip("\"'"))
            if not found[2]:
                break
        return tuple(names)

    def _expect(self, sign: str) -> None:
        self._skip()
        self._at += len(sign)

    def _comma(self) -> None:
        self._skip()
        if self._text.startswith(",", self._at):
            self._at += 1

    def _skip(self) -> int:
        found = _BLANK.match(self._text, self._at)
        self._at = found.end() if found is not None else self._at
        return self._at

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1
