"""The program in which templates run. Started as a file by `rendering`, it imports nothing of ours.

It answers one request after the other: a length, then marshalled values (the parent is trusted).
What it sends back are frames of a letter, a length and bytes: D a piece of the message, E its end,
F a fault as JSON. Nothing a template makes is ever unmarshalled or run by the parent.

Before the first template it gives up files, sockets, children and core dumps; before each one it
takes the processor seconds and the memory of that request. It has no environment variables.
"""

from __future__ import annotations

import codecs
import gc
import importlib
import json
import marshal
import os
import re
import resource
import signal
import struct
import sys
import time
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import islice
from types import TracebackType

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.nodes import Expr
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import escape

PIECES = 2_000
"""Pieces of a template joined before they are sent: about 300 kB of a payment message."""
MOST_TEMPLATES = 16
"""Compiled templates kept."""
_LEFT_OUT = ("random",)
"""Filters without which the same values always give the same bytes."""
_GLOBALS_LEFT_OUT = ("lipsum", "cycler", "joiner")
_FAILURES = (
    TemplateError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a template can make Python raise; anything else ends this program, which is noticed too."""
_SPECIAL = re.compile("[&<>'\"]").search
"""What is escaped."""
_FRAME = struct.Struct(">cI")
_LENGTH = struct.Struct(">I")


class Rows:
    """The table of a message: as often as a template asks, one row after the other as a dict."""

    __slots__ = ("_columns", "_rows")

    def __init__(self, columns: tuple[str, ...], rows: list[tuple[str | int | None, ...]]) -> None:
        self._columns = columns
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[dict[str, str | int | None]]:
        columns = self._columns
        for row in self._rows:
            yield dict(zip(columns, row, strict=True))


class QuickEscape(CodeGenerator):
    """Most values have nothing to escape: making markup of each is a third of a message's time."""

    def _output_child_pre(
        self, node: Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.escaped(")


class Environment(ImmutableSandboxedEnvironment):
    """Jinja2 for bank messages: a dict has its keys and nothing else."""

    code_generator_class = QuickEscape

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        for name in _LEFT_OUT:
            del self.filters[name]
        for name in _GLOBALS_LEFT_OUT:
            del self.globals[name]

    def getattr(self, obj: object, attribute: str) -> object:
        """The value of a key, quicker than the sandbox's way and without its methods."""
        if type(obj) is dict:
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    @staticmethod
    def escaped(value: object) -> str:
        """`value` as a template writes it where it escapes."""
        if type(value) is str and not _SPECIAL(value):
            return value
        return escape(value)


class TooMuch(Exception):
    """The template wrote more bytes than it may."""


class Answers:
    """What goes back to the parent."""

    def __init__(self, out: int) -> None:
        self._out = out

    def send(self, kind: bytes, content: bytes) -> None:
        """One frame."""
        rest = memoryview(_FRAME.pack(kind, len(content)) + content)
        while rest:
            rest = rest[os.write(self._out, rest) :]

    def fault(self, kind: str, line: int | None, said: str) -> None:
        """The frame that says why there is no message."""
        told = {"kind": kind, "line": line, "said": said[:300]}
        self.send(b"F", json.dumps(told).encode("ascii"))


def render(
    environment: Environment,
    compiled: dict[bytes, Template],
    request: Mapping[str, object],
    answers: Answers,
) -> None:
    """One template with the values of one request, sent piece by piece."""
    source, encoding, most = str(request["source"]), str(request["encoding"]), request["output"]
    assert isinstance(most, int)
    values = request["values"]
    assert isinstance(values, dict)
    template = _template(environment, compiled, source)
    values[request["table"]] = Rows(request["columns"], request["rows"])  # type: ignore[arg-type]
    pieces = template.generate(values)
    size = 0
    while block := list(islice(pieces, PIECES)):
        content = "".join(block).encode(encoding)
        size += len(content)
        if size > most:
            raise TooMuch
        if content:
            answers.send(b"D", content)


def _template(environment: Environment, compiled: dict[bytes, Template], source: str) -> Template:
    key = sha256(source.encode("utf-8", "surrogatepass")).digest()
    found = compiled.get(key)
    if found is None:
        if len(compiled) >= MOST_TEMPLATES:
            compiled.clear()
        found = compiled[key] = environment.from_string(source)
    return found


def answer(
    environment: Environment,
    compiled: dict[bytes, Template],
    request: Mapping[str, object],
    answers: Answers,
) -> bool:
    """Whether the message was made; otherwise the fault was sent."""
    try:
        render(environment, compiled, request, answers)
    except TooMuch:
        answers.fault("output", None, "")
    except MemoryError:
        answers.fault("memory", None, "")
    except TemplateSyntaxError as error:
        answers.fault("syntax", error.lineno, error.message or "")
    except SecurityError as error:
        answers.fault("forbidden", _line(error.__traceback__), str(error))
    except UndefinedError as error:
        answers.fault("field", _line(error.__traceback__), str(error))
    except UnicodeEncodeError as error:
        answers.fault("encoding", None, f"U+{ord(error.object[error.start]):04X}")
    except _FAILURES as error:
        answers.fault("failed", _line(error.__traceback__), f"{type(error).__name__}: {error}")
    else:
        answers.send(b"E", b"")
        return True
    return False


def _line(trace: TracebackType | None) -> int | None:
    """The line of the template that was being carried out."""
    found = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def load_what_is_loaded_late() -> None:
    """What Python and Jinja2 load only when it is asked for: afterwards no file can be opened."""
    for module in ("html", "jinja2.debug", "pprint", "textwrap"):
        importlib.import_module(module)
    for encoding in ("ascii", "gb18030", "raw_unicode_escape", "unicode_escape", "utf-8"):
        codecs.lookup(encoding)


def give_up() -> None:
    """No new files, sockets or processes, nothing written to a disk, no core dump."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for limit, most in (
        (resource.RLIMIT_NOFILE, 4),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(limit, (most, most))


def take(size_file: int, seconds: int, memory: int) -> None:
    """From now on `seconds` of processor time and `memory` bytes more than now."""
    pages = int(os.pread(size_file, 100, 0).split()[0])
    most = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
    used = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, resource.RLIM_INFINITY))


def main() -> int:
    """Answer until the parent closes the pipe or a template had to be refused."""
    size_file = os.open("/proc/self/statm", os.O_RDONLY)
    environment = Environment()
    load_what_is_loaded_late()
    give_up()
    gc.disable()
    compiled: dict[bytes, Template] = {}
    answers = Answers(sys.stdout.fileno())
    source = sys.stdin.buffer
    while head := source.read(_LENGTH.size):
        request = marshal.loads(source.read(*_LENGTH.unpack(head)))  # noqa: S302 - our parent
        take(size_file, request["seconds"], request["memory"])
        if not answer(environment, compiled, request, answers):
            return 1
        del request
        gc.collect()
    return 0


if __name__ == "__main__":
    sys.exit(main())
