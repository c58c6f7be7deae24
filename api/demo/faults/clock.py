"""One business clock for several processes: a file that one of them moves and all of them read."""

from __future__ import annotations

import datetime as dt
import os
import struct
from pathlib import Path

from engine.runtime.clock import business_date_of

_INSTANT = struct.Struct("<q")
_MICROSECOND = dt.timedelta(microseconds=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class SharedClock:
    """Stands still until somebody sets it; every process that opened the file sees that at once."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)

    def now(self) -> dt.datetime:
        """The instant, aware, UTC."""
        # Eight bytes are read and written whole: nobody sees half of an instant.
        microseconds: int
        (microseconds,) = _INSTANT.unpack(os.pread(self._handle, _INSTANT.size, 0))
        return _EPOCH + microseconds * _MICROSECOND

    def business_date(self) -> dt.date:
        """The date in Asia/Shanghai at this instant."""
        return business_date_of(self.now())

    def set(self, instant: dt.datetime) -> None:
        """Stand at `instant` (aware)."""
        os.pwrite(self._handle, _INSTANT.pack((instant - _EPOCH) // _MICROSECOND), 0)

    def close(self) -> None:
        """Give the file back."""
        os.close(self._handle)
