"""Arguments of text tests: RE2 patterns, and texts to look for."""

from __future__ import annotations

from typing import Protocol, cast

import re2  # type: ignore[import-untyped]

from engine.base.collector import Problem
from engine.base.text import Text, normalise

MAX_PATTERN = 1_000
"""Most characters of a regular expression."""


class Pattern(Protocol):
    """What is used of a compiled RE2 pattern."""

    def fullmatch(self, text: str) -> object | None:
        """Return a match of the whole text, or None."""


def compiled_pattern(pattern: str) -> Pattern:
    """Compile a pattern with RE2 (linear time, bounded memory). Raises re2.error."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    return cast("Pattern", re2.compile(pattern, options))


def text_argument(function: str, argument: str) -> str:
    """Check and normalise the argument of starts, contains or matches. Raises Problem."""
    if function == "matches":
        check_pattern(argument)
        return argument
    value = normalise(argument)
    if value is None:
        raise Problem(
            "R111",
            Text("an empty text is part of every text", "任何文本都含空文本"),
            Text("write what to look for", "请写出要查找的内容"),
        )
    return value


def check_pattern(pattern: str) -> None:
    """Raise Problem R115 or R120 when `pattern` is no RE2 pattern of reasonable size."""
    if len(pattern) > MAX_PATTERN:
        raise Problem(
            "R115",
            Text(
                f"this pattern has {len(pattern):,} characters", f"该正则有 {len(pattern):,} 个字符"
            ),
            Text(f"{MAX_PATTERN:,} are allowed", f"最多 {MAX_PATTERN:,} 个"),
        )
    try:
        compiled_pattern(pattern)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        said = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise Problem(
            "R120",
            Text(f"this pattern cannot be read: {said}", f"正则无法读取：{said}"),
            Text("write RE2 syntax", "请使用 RE2 语法"),
        ) from None
