"""Templates rendered in a program of their own that may take so much time and memory, not more.

The template of a branch is not trusted: Jinja2's sandbox keeps it from reaching anything, but
not from looping for ever or filling the memory. The program is kept for the next message with
templates of the same folder, so that one template never runs where a stranger's has run.
"""

from __future__ import annotations

import json
import marshal
import os
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.formats.reading import FormatError
from engine.formats.xml_out.faults import crashed, refused, too_long, too_slow

_PROGRAM = Path(__file__).with_name("child.py")
_FRAME = struct.Struct(">cI")
_LENGTH = struct.Struct(">I")
_MOST_FRAME = 64 * 1024 * 1024
_PIECE = 256 * 1024
"""Bytes read or written at once, and the size of the pipes."""

Value = str | int | None
"""What a template may be given: no object has methods that reach anywhere."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template as it was read. Templates of one `owner` (a folder) share programs."""

    name: str
    source: str
    owner: str


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be rendered: single values and one `table` of rows below `columns`."""

    template: Template
    encoding: str
    values: Mapping[str, Value]
    table: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one message may take: so much at least, and more for each row.

    `seconds` of processor time, `wait` seconds without an answer, `memory` and `output` in bytes.
    """

    seconds: int = 3
    wait: float = 20.0
    memory: int = 64 * 1024 * 1024
    output: int = 256 * 1024
    memory_of_row: int = 3 * 1024
    output_of_row: int = 8 * 1024
    rows_in_a_second: int = 5_000


class LimitedRenderer:
    """Renders in child programs. Safe to use from several threads."""

    def __init__(self, allowance: Allowance | None = None, keep: int = 4) -> None:
        self._allowance = allowance or Allowance()
        self._keep = keep
        self._idle: list[tuple[str, _Child]] = []
        self._lock = threading.Lock()

    def render(self, job: Job) -> Iterator[bytes]:
        """The message piece by piece, in `job.encoding`.

        FormatError TEMPLATE_SYNTAX, TEMPLATE_FIELD, TEMPLATE_FORBIDDEN or TEMPLATE_FAILED with
        the line, TEMPLATE_TIME, TEMPLATE_MEMORY, TEMPLATE_OUTPUT, TEMPLATE_ENCODING or
        TEMPLATE_ENDED. Whoever stops reading ends the program, and the next message gets
        another one.
        """
        child = self._take(job.template.owner)
        done = False
        try:
            yield from child.render(job, self._allowance)
            done = True
        finally:
            if done:
                self._give_back(job.template.owner, child)
            else:
                child.kill()

    def waiting(self) -> tuple[tuple[str, int], ...]:
        """Owner and process id of every program that waits for work."""
        with self._lock:
            return tuple((owner, child.pid) for owner, child in self._idle)

    def close(self) -> None:
        """End the programs that wait for work."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, child in idle:
            child.kill()

    def _take(self, owner: str) -> _Child:
        with self._lock:
            for place, (whose, child) in enumerate(self._idle):
                if whose == owner:
                    del self._idle[place]
                    return child
        return _Child()

    def _give_back(self, owner: str, child: _Child) -> None:
        with self._lock:
            self._idle.append((owner, child))
            too_many = self._idle[: -self._keep]
            del self._idle[: -self._keep]
        for _, old in too_many:
            old.kill()


@cache
def shared_renderer() -> LimitedRenderer:
    """The renderer of this process; its programs end with the process."""
    return LimitedRenderer()


class _Child:
    def __init__(self) -> None:
        # Without environment: settings and passwords are nothing a template may ever see.
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            pipesize=_PIECE,
            cwd="/",
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.pid = self._process.pid
        self._in = self._process.stdin.fileno()
        self._out = self._process.stdout.fileno()
        os.set_blocking(self._in, False)

    def render(self, job: Job, allowed: Allowance) -> Iterator[bytes]:
        rows = len(job.rows)
        most = allowed.output + rows * allowed.output_of_row
        patience = _Patience(allowed.wait + rows / allowed.rows_in_a_second)
        request = marshal.dumps(
            {
                "source": job.template.source,
                "encoding": job.encoding,
                "values": dict(job.values),
                "table": job.table,
                "columns": job.columns,
                "rows": list(job.rows),
                "seconds": allowed.seconds + rows // allowed.rows_in_a_second,
                "memory": allowed.memory + rows * allowed.memory_of_row,
                "output": most,
            }
        )
        name = job.template.name
        self._send(_LENGTH.pack(len(request)) + request, patience, name)
        del request
        size = 0
        while True:
            kind, length = _FRAME.unpack(b"".join(self._read(_FRAME.size, patience, name)))
            size += length
            if size > most or length > _MOST_FRAME:
                raise too_long(name)
            if kind == b"D":
                yield from self._read(length, patience, name)
            elif kind == b"E":
                return
            else:
                raise refused(name, json.loads(b"".join(self._read(length, patience, name))))

    def _send(self, content: bytes, patience: _Patience, name: str) -> None:
        rest = memoryview(content)
        while rest:
            patience.wait(self._in, select.POLLOUT, name)
            try:
                rest = rest[os.write(self._in, rest[:_PIECE]) :]
            except BrokenPipeError as error:
                raise self._ended(name) from error

    def _read(self, length: int, patience: _Patience, name: str) -> Iterator[bytes]:
        while length:
            patience.wait(self._out, select.POLLIN, name)
            piece = os.read(self._out, min(length, _PIECE))
            if not piece:
                raise self._ended(name)
            length -= len(piece)
            yield piece

    def _ended(self, name: str) -> FormatError:
        try:
            return crashed(name, self._process.wait(timeout=5))
        except subprocess.TimeoutExpired:
            return too_slow(name)

    def kill(self) -> None:
        """End it whatever it does."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()


class _Patience:
    """So many seconds of waiting for the child in all; our own work does not count."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    def wait(self, descriptor: int, event: int, name: str) -> None:
        """Until `descriptor` is ready; FormatError TEMPLATE_TIME."""
        poll = select.poll()
        poll.register(descriptor, event)
        begun = time.monotonic()
        ready = poll.poll(max(0.0, self._left) * 1000)
        self._left -= time.monotonic() - begun
        if not ready:
            raise too_slow(name)
