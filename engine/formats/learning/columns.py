"""Choosing a role for every column of a sample: by name, by content, each role once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.formats.learning.roles import (
    NAMES,
    ORDER_NAMES,
    Content,
    bare_cell,
    by_name,
    content_of,
    mark_of,
)

HEAD_WITHIN = 40
SHOWN = 3
"""Cells of a column that are shown beside the guess."""

_MONEY_ROLES = frozenset({"credit", "debit", "amount", "balance"})
_MANY = frozenset({"remittance"})
"""Roles several columns may have."""


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """A column and what it is taken for. `role` None: read over. `confidence` 0 to 100."""

    number: int
    name: str
    role: str | None
    confidence: int
    reason: str
    samples: tuple[str, ...]
    noted: bool = False
    """Amounts with remarks in brackets."""


@dataclass(frozen=True, slots=True)
class Table:
    """Where the row of names stands (0-based), and the rows below that look like bookings."""

    head: int
    names: tuple[str, ...]
    rows: tuple[int, ...]
    """Places of the rows that have as many cells, 0-based."""


def find_table(rows: Sequence[Sequence[str]], names: Mapping[str, tuple[str, ...]]) -> Table | None:
    """The row of names: of the first lines the one that names most roles."""
    best, found = 1.0, None
    for place, row in enumerate(rows[:HEAD_WITHIN]):
        if len([one for one in row if one.strip()]) < 3:
            continue
        scores = [said[0][1] if (said := by_name(one, names)) else 0 for one in row]
        written = sum(any(c.isdigit() for c in one) and len(one) > 12 for one in row)
        score = sum(one for one in scores if one >= 0.4) - written
        if score > best:
            best, found = score, place
    if found is None:
        return None
    head = rows[found]
    width = len(head)
    below = tuple(
        place
        for place in range(found + 1, len(rows))
        if len(rows[place]) >= min(width, max(3, width - 2))
        and sum(bool(one.strip()) for one in rows[place]) >= 3
        # The names again, also in another language, have no figure.
        and any(c.isdigit() for one in rows[place] for c in one)
    )
    return Table(found, tuple(head), below)


def guess(
    table: Table, rows: Sequence[Sequence[str]], *, statement: bool
) -> tuple[list[ColumnGuess], list[Content]]:
    """A role for every column, the surest first, each role once (texts may be several)."""
    names = NAMES if statement else ORDER_NAMES
    contents = [
        content_of([rows[place][at] if at < len(rows[place]) else "" for place in table.rows])
        for at in range(len(table.names))
    ]
    wishes: list[tuple[float, int, str, str]] = []
    for at, name in enumerate(table.names):
        for role, rank in by_name(name, names):
            fits, why = _fits(role, contents[at])
            if fits > 0:
                wishes.append((rank * fits, at, role, f"named {name.strip()!r}; {why}"))
        wishes += _by_content(at, contents[at], statement)
    taken: dict[int, tuple[str, float, str]] = {}
    used: set[str] = set()
    for weight, at, role, why in sorted(wishes, key=lambda one: (-one[0], one[1])):
        if at in taken or (role in used and role not in _MANY):
            continue
        taken[at] = role, weight, why
        used.add(role)
    guesses: list[ColumnGuess] = []
    for at, name in enumerate(table.names):
        cells = [rows[place][at] for place in table.rows[:60] if at < len(rows[place])]
        shown = tuple(dict.fromkeys(bare_cell(one) for one in cells if one.strip()))[:SHOWN]
        if at in taken:
            role, weight, why = taken[at]
            noted = role in _MONEY_ROLES and bool(contents[at].noted)
            weighed = round(100 * weight)
            guesses.append(ColumnGuess(at + 1, name.strip(), role, weighed, why, shown, noted))
        else:
            why = "nothing speaks for a field"
            guesses.append(ColumnGuess(at + 1, name.strip(), None, 0, why, shown))
    return guesses, contents


def _fits(role: str, content: Content) -> tuple[float, str]:
    """How well what stands in a column goes with a role, 0 to 1, and why."""
    if not content.filled:
        # An empty column proves nothing; its name is all there is.
        return (0.3, "empty in the sample") if role not in ("booking_date", "amount") else (0, "")
    if role in ("booking_date", "value_date"):
        if not content.dates:
            return 0, ""
        if content.either_way:
            return 0.5, f"days like {content.dates[0]}, or day and month the other way round"
        if content.yearless:
            return 0.5, f"days without a year like {content.dates[0]}"
        return 1.0, f"all are days like {content.dates[0]}"
    if role == "booking_time":
        return (content.time, "times of day") if content.time > 0.9 else (0, "")
    if role in _MONEY_ROLES:
        if content.money <= 0.9:
            return 0, ""
        if content.noted:
            why = f"amounts with remarks like {content.noted}; do refunds have rows of their own?"
            return 0.5 * content.money, why
        return content.money, "amounts"
    if role == "mark":
        known = [mark_of(one) for one in content.words]
        good = bool(known) and all(known) and any(one != "neutral" for one in known)
        return (1.0, "words for in and out") if good else (0, "")
    if role == "account":
        return (
            (1.0, "numbers of accounts")
            if content.longest >= 8 and not _full_days(content)
            else (0, "")
        )
    if role == "counterparty_account" and _full_days(content):
        return 0, ""
    if role == "currency" and not content.words:
        return 0, ""
    if role in ("code", "status") and not content.words:
        return 0.5, "texts"
    return 1.0, "texts"


def _full_days(content: Content) -> bool:
    return bool(content.dates) and not content.yearless


def _by_content(at: int, content: Content, statement: bool) -> list[tuple[float, int, str, str]]:
    """What a column could be whatever it is called; weaker than any name."""
    found: list[tuple[float, int, str, str]] = []
    if content.dates and content.filled > 0.8 and not content.yearless:
        found.append((0.25, at, "booking_date", f"every cell is a day like {content.dates[0]}"))
    if content.words and statement:
        known = [mark_of(one) for one in content.words]
        if all(known) and {"credit", "debit"} <= set(known):
            found.append((0.35, at, "mark", "only words for in and out"))
    if content.money > 0.95 and content.decimals and content.filled > 0.8:
        found.append((0.2, at, "amount", "amounts with decimals"))
    if content.luhn > 0.9:
        found.append((0.3, at, "counterparty_account", "card numbers by their check digit"))
    if content.cnaps > 0.9 and not statement:
        found.append((0.25, at, "counterparty_bank_code", "twelve digits each"))
    return found
