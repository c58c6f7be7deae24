"""What changed between two layouts, as lines of their texts."""

from __future__ import annotations

from difflib import unified_diff


def changes(before: str, after: str) -> list[str]:
    """Lines taken away (`-`), added (`+`) and around them (blank); empty when nothing changed."""
    lines = unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    return [one for one in lines if not one.startswith(("---", "+++"))]
