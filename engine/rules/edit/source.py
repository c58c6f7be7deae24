"""A text as lines that can be changed one by one, and what changed as spans of the old text.

Line ends and a byte order mark are kept as they were; new lines end as the first line does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.base.yaml_marks import Place

_LINE_END = re.compile(r"\r\n|\r|\n")
_MARK = "\ufeff"

Span = tuple[int, int, str]
"""Begin and end (excluded) in the old text, in code points, and the text that takes the place."""


@dataclass(slots=True, eq=False)
class Line:
    """One line: its text, its line end, and its number (from 0) in the old text."""

    text: str
    end: str
    origin: int | None


Kept = list[tuple[Line, str, str]]


class Source:
    """The lines of a text. The last has no line end, and is empty where the text ends in one."""

    def __init__(self, text: str) -> None:
        self.old = text
        self.mark = _MARK if text.startswith(_MARK) else ""
        self.lines: list[Line] = []
        self.starts: list[int] = []
        at = len(self.mark)
        for found in _LINE_END.finditer(text, at):
            self._add(at, text[at : found.start()], found[0])
            at = found.end()
        self._add(at, text[at:], "")
        self._before = [line.text for line in self.lines]
        self._ends = [line.end for line in self.lines]
        self.line_end = self._ends[0] or "\n"

    def _add(self, start: int, text: str, end: str) -> None:
        self.lines.append(Line(text, end, len(self.lines)))
        self.starts.append(start)

    def text(self) -> str:
        """The text as it stands."""
        return self.mark + "".join(line.text + line.end for line in self.lines)

    def plain(self) -> str:
        """The text as it stands, as readers of rulesets take it: LF line ends, no mark."""
        return "\n".join(line.text for line in self.lines)

    def index(self, line: Line) -> int:
        """The place of `line`, from 0."""
        return self.lines.index(line)

    def insert(self, at: int, text: str) -> Line:
        """Make `text` the line at `at`."""
        end = self.line_end
        if at == len(self.lines):
            self.lines[-1].end, end = end, ""
        line = Line(text, end, None)
        self.lines.insert(at, line)
        return line

    def remove(self, line: Line) -> None:
        """Take `line` out; the lines around it keep their ends."""
        at = self.index(line)
        del self.lines[at]
        if at == len(self.lines) and at > 0:
            self.lines[-1].end = ""

    def replace(self, start: Place, end: Place, text: str) -> None:
        """Write `text`, of one line, in place of what stands between two places."""
        first, last = self.lines[start[0] - 1], self.lines[end[0] - 1]
        first.text = first.text[: start[1] - 1] + text + last.text[end[1] - 1 :]
        for line in self.lines[start[0] : end[0]]:
            first.end = line.end
        del self.lines[start[0] : end[0]]

    def kept(self) -> Kept:
        """The lines as they stand, for `restore`."""
        return [(line, line.text, line.end) for line in self.lines]

    def restore(self, kept: Kept) -> None:
        """Undo everything since `kept`."""
        self.lines = [line for line, _, _ in kept]
        for line, text, end in kept:
            line.text, line.end = text, end

    def spans(self) -> list[Span]:
        """What changed, by place, as few and as short spans as lines allow; none overlap."""
        found: list[Span] = []
        fresh, after = "", 0
        for line in self.lines:
            if line.origin is None:
                fresh += line.text + line.end
                continue
            if fresh or line.origin > after:
                _join(found, (self._start(after), self._start(line.origin), fresh))
                fresh = ""
            old = self._before[line.origin] + self._ends[line.origin]
            if old != line.text + line.end:
                start = self._start(line.origin)
                _join(found, _shortest(start, old, line.text + line.end))
            after = line.origin + 1
        if fresh or after < len(self.starts):
            _join(found, (self._start(after), len(self.old), fresh))
        return found

    def _start(self, line: int) -> int:
        return self.starts[line] if line < len(self.starts) else len(self.old)


def _join(found: list[Span], span: Span) -> None:
    if found and found[-1][1] == span[0]:
        start, _, text = found.pop()
        span = (start, span[1], text + span[2])
    if span[0] < span[1] or span[2]:
        found.append(span)


def _shortest(start: int, old: str, new: str) -> Span:
    """The change of one line without the beginning and the end that stay."""
    most = min(len(old), len(new))
    same = next((i for i in range(most) if old[i] != new[i]), most)
    left = most - same
    tail = next((i for i in range(left) if old[-1 - i] != new[-1 - i]), left)
    return start + same, start + len(old) - tail, new[same : len(new) - tail]
