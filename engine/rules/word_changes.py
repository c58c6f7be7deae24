"""What differs in the words two versions were read with, as far as both use them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.rules.model import Column, Ruleset
from engine.rules.values import value_text

Change = tuple[str | None, str | None]


def word_changes(old: Ruleset, new: Ruleset) -> Iterator[tuple[str, Change]]:
    """ "creditor_type.values" -> the closed list before and after; derived columns are left out."""
    for name, after in new.facts.items():
        before = old.facts.get(name)
        if before is None or before.derived or after.derived:
            continue
        was, now = _properties(old, before), _properties(new, after)
        for key, value in now.items():
            if was[key] != value:
                yield f"{name}.{key}", (was[key], value)


def _properties(ruleset: Ruleset, column: Column) -> dict[str, str | None]:
    least = column.minimum
    return {
        "type": column.type.value,
        "en": column.label.en,
        "zh": column.label.zh,
        "values": None if column.values is None else ", ".join(column.values),
        "nullable": "true" if column.nullable else "false",
        "min": None if least is None else value_text(least, column.type, ruleset.currency),
    }
