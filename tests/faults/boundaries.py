"""Commit boundaries of the payment path: named by who commits, and a death before or after one.

Nothing of this is in the product: it listens to sessions in the process of the test.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

When = Literal["before", "after"]


class Death(BaseException):
    """The process ends here. No handler catches it."""


@dataclass
class Boundaries:
    """Commits seen so far, by name, and where to die.

    A name is module:function of whoever opened the transaction, and the how many-th commit of
    that call it is.
    """

    seen: list[str] = field(default_factory=list)
    deadly: tuple[str, When] | None = None
    _watched: bool = False
    _commits: dict[FrameType, int] = field(default_factory=dict)
    """Of every call so far; held here, so that no other call is taken for one of them."""
    _name: str = ""

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch while worker code runs; what the test itself commits has no name."""
        self._watched = True
        try:
            yield
        finally:
            self._watched = False
            self._commits.clear()

    def before(self, *_who: object) -> None:
        """A session, or a statement on its own, is about to commit."""
        if self._watched:
            frame = _owner()
            count = self._commits[frame] = self._commits.get(frame, 0) + 1
            module = str(frame.f_globals["__name__"]).removeprefix("engine.")
            self._name = f"{module}:{frame.f_code.co_name}#{count}"
            self.seen.append(self._name)
            self._die("before")

    def after(self, *_who: object) -> None:
        """It has committed."""
        if self._watched:
            self._die("after")

    def _die(self, when: When) -> None:
        if self.deadly == (self._name, when):
            self.deadly = None
            raise Death


@contextmanager
def listening(boundaries: Boundaries) -> Iterator[Boundaries]:
    """Hear every commit of every session, and of every statement on its own, of this process."""

    def begins(connection: sa.Connection, *_rest: object) -> None:
        if _commits_alone(connection):
            boundaries.before()

    def ended(connection: sa.Connection, *_rest: object) -> None:
        if _commits_alone(connection):
            boundaries.after()

    heard = (
        (Session, "before_commit", boundaries.before),
        (Session, "after_commit", boundaries.after),
        (sa.Engine, "before_cursor_execute", begins),
        (sa.Engine, "after_cursor_execute", ended),
    )
    for who, what, listener in heard:
        sa.event.listen(who, what, listener)
    try:
        yield boundaries
    finally:
        for who, what, listener in heard:
            sa.event.remove(who, what, listener)


def _commits_alone(connection: sa.Connection) -> bool:
    return connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"


def _owner() -> FrameType:
    """The innermost frame of the engine that has the transaction open."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith("engine.") and module != "engine.runtime.db":
            return frame
        frame = frame.f_back
    raise AssertionError("a commit of nobody in the engine")
