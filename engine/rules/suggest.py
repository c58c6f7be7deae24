"""Did you mean: the nearest known name to a mistyped one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from engine.base.text import Text


def nearest(word: str, among: Iterable[str]) -> str | None:
    """Return the name in `among` most like `word`, or None when nothing is near."""
    names = {name.casefold(): name for name in among}
    # One wrong letter in a name of two or three is already half of it.
    cutoff = 0.5 if len(word) <= 3 else 0.6
    found = difflib.get_close_matches(word[:100].casefold(), names, n=1, cutoff=cutoff)
    return names[found[0]] if found else None


def remedy(word: str, among: Iterable[str]) -> Text | None:
    """Return "did you mean 'x'?", or the list of possible names, or None when there are none."""
    names = sorted(set(among))
    near = nearest(word, names)
    if near is not None:
        return Text(f"did you mean {near!r}?", f"是否指 {near!r}？")
    if not names:
        return None
    shown = ", ".join(names[:12])
    hidden = len(names) - 12
    if hidden > 0:
        return Text(f"use one of {shown} and {hidden} more", f"可用：{shown} 等 {len(names)} 个")
    return Text(f"use one of {shown}", f"可用：{shown}")
