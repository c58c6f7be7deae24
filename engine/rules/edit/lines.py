"""The lines that differ between two texts, as a diff without context shows them."""

from __future__ import annotations

import difflib

from engine.base.yaml_marks import lf


def line_diff(old: str, new: str) -> list[str]:
    """`@@ -14 +14 @@`, `-old line`, `+new line`; empty when only line ends differ or nothing."""
    olds, news = lf(old).split("\n"), lf(new).split("\n")
    return list(difflib.unified_diff(olds, news, n=0, lineterm=""))[2:]
