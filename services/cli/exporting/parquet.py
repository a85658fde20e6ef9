"""The events of a log as a Parquet file, for programs that compute with columns; pyarrow is an extra."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from events.entries import Recorded
from services.cli.exporting.bag import HashedFile
from services.common.settings import SettingsError

ROWS = 16_384
"""Events of a row group: a few megabytes in memory."""


class EventColumns:
    """Collects events and writes them by row groups; `data` is JSON, `raw` the stored bytes."""

    def __init__(self, pyarrow: Any, writer: Any) -> None:
        self._pyarrow, self._writer = pyarrow, writer
        self._rows: list[tuple[object, ...]] = []

    def add(self, raw: bytes, entry: Recorded) -> None:
        """Add the next event."""
        event = entry.event
        data = msgspec.json.encode(event.data).decode()
        names = event.authid, event.source, event.type, event.id, event.subject
        self._rows.append((entry.position, event.recorded, event.time, *names, data, raw))
        if len(self._rows) == ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what was collected."""
        if self._rows:
            columns = list(zip(*self._rows, strict=True))
            schema = self._writer.schema
            arrays = [self._pyarrow.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
            self._writer.write_table(self._pyarrow.Table.from_arrays(arrays, schema=schema))
            self._rows.clear()


@contextmanager
def parquet_file(file: HashedFile) -> Iterator[EventColumns]:
    """Write events into a file of a bag; raises SettingsError without pyarrow."""
    pyarrow, parquet = load_pyarrow()
    text, instant = pyarrow.string(), pyarrow.timestamp("us", tz="UTC")
    names = dict.fromkeys(("authid", "source", "type", "id", "subject", "data"), text)
    kinds = {"position": pyarrow.int64(), "recordedtime": instant, "time": instant, **names, "raw": pyarrow.binary()}
    with parquet.ParquetWriter(_Sink(file), pyarrow.schema(list(kinds.items()))) as writer:
        columns = EventColumns(pyarrow, writer)
        yield columns
        columns.flush()


def load_pyarrow() -> tuple[Any, Any]:
    """Return pyarrow and its Parquet module; raises SettingsError if they are not installed."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra, of a hundred megabytes
        from pyarrow import parquet  # noqa: PLC0415 - of the same extra
    except ImportError as error:
        raise SettingsError("--parquet needs pyarrow, which is not installed: pip install 'duban[parquet]'") from error
    return pa, parquet


class _Sink(io.RawIOBase):
    """A file of a bag, as pyarrow writes to it."""

    def __init__(self, file: HashedFile) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        content = bytes(data)
        self._file.write(content)
        return len(content)
