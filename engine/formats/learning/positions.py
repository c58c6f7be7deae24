"""Columns without names: what each is follows from what stands in it, and from the balance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, permutations

from engine.base.money import MAX_DIGITS
from engine.formats.layouts.model import Form
from engine.formats.learning.amounts import Rule, choose
from engine.formats.learning.borders import borders, cut
from engine.formats.learning.columns import SHOWN, ColumnGuess
from engine.formats.learning.days import days_of
from engine.formats.learning.roles import Content, bare_cell, content_of, mark_of
from engine.formats.learning.sniffing import Sniffed, codec_name

_FEW = 3
"""Lines of a fixed file that are too few to set the first and the last apart."""
_TRIED = 12
"""Lines by which ways to cut are told apart before all are tried."""
_LEAST = 4
"""Digits of the shorter part of a run that is cut in two."""
_SURE, _LIKELY, _GUESSED = 90, 50, 25


@dataclass(frozen=True, slots=True)
class Guess:
    """Columns by their places, the amount rule and the formats of the days."""

    columns: tuple[ColumnGuess, ...]
    rule: Rule
    dates: tuple[str, ...]

    @property
    def proven(self) -> bool:
        """Whether the balance joins all rows."""
        return self.rule.pairs > 1 and self.rule.proven == self.rule.pairs


@dataclass(frozen=True, slots=True)
class Nameless:
    """A file without a row of names. The bookings are the lines from `first` to before `end`,
    0-based; `rows` are the cells of all lines, `widths` the bytes of their fields, if fixed."""

    guess: Guess
    rows: tuple[tuple[str, ...], ...]
    first: int
    end: int
    widths: tuple[int, ...] = ()


def guess_lines(sniffed: Sniffed) -> Nameless | None:
    """What a file without a row of names holds; None where its lines are not of one kind."""
    if sniffed.form is Form.FIXED:
        return _fixed(sniffed)
    if sniffed.form is Form.WORKBOOK or len({len(row) for row in sniffed.rows}) != 1:
        return None
    found = _guess(sniffed.rows)
    return None if found is None else Nameless(found, sniffed.rows, 0, len(sniffed.rows))


def _fixed(sniffed: Sniffed) -> Nameless | None:
    codec, texts = codec_name(sniffed.encoding), sniffed.texts
    whole = [len(one.encode(codec)) == sniffed.width for one in texts]
    first, end = 0, len(texts)
    if end > _FEW:
        # The first and the last line may be of another kind; those between say of which.
        if not all(whole[1:-1]):
            return None
        starts, between = _best_borders(texts[1:-1], codec, borders(texts[1:-1], codec))
        if between is None:
            return None
        like = [whole[at] and _is_like(cut(texts[at], codec, starts), between) for at in (0, -1)]
        first, end = first + (not like[0]), end - (not like[1])
    if not all(whole[first:end]):
        return None
    lines = texts[first:end]
    starts, found = _best_borders(lines, codec, borders(lines, codec))
    if found is None:
        return None
    widths = [after - at for at, after in pairwise([*starts, sniffed.width])]
    rows = tuple(
        cut(one, codec, starts) if first <= place < end else (one,)
        for place, one in enumerate(texts)
    )
    return Nameless(found, rows, first, end, tuple(widths))


def _best_borders(
    lines: Sequence[str], codec: str, starts: list[int]
) -> tuple[list[int], Guess | None]:
    """The borders, with a run of digits cut in two or three where only then the balance joins all
    rows."""
    cells = [cut(one, codec, starts) for one in lines]
    plain = _guess(cells)
    if plain is not None and plain.proven:
        return starts, plain
    for start, column in zip(starts, zip(*cells, strict=True), strict=True):
        size = len(column[0])
        if size < 2 * _LEAST or not all(one.isascii() and one.isdecimal() for one in column):
            continue
        places = range(start + _LEAST, start + size - _LEAST + 1)
        once = [(at,) for at in places]
        twice = [pair for pair in combinations(places, 2) if pair[1] - pair[0] >= _LEAST]
        for ways in (once, twice):
            for cuts in ways:
                tried = sorted([*starts, *cuts])
                few = _guess([cut(one, codec, tried) for one in lines[:_TRIED]])
                if few is None or not few.proven:
                    continue
                found = _guess([cut(one, codec, tried) for one in lines])
                if found is not None and found.proven:
                    return tried, found
    return starts, plain


def _is_like(row: Sequence[str], found: Guess) -> bool:
    day = next(one.number - 1 for one in found.columns if one.role == "booking_date")
    return bool(set(days_of([bare_cell(row[day])]).formats) & set(found.dates))


def _guess(rows: Sequence[Sequence[str]]) -> Guess | None:
    width = len(rows[0])
    contents = [content_of([row[at] for row in rows]) for at in range(width)]
    days = [at for at, one in enumerate(contents) if one.dates and not one.yearless]
    if not days:
        return None
    # Days of one bank are written in one way; six digits of a time of day can look like another.
    days = [at for at in days if set(contents[at].dates) & set(contents[days[0]].dates)]
    found = _amounts(rows, contents, frozenset(days))
    if found is None:
        return None
    place, rule = found
    sure = _SURE if rule.pairs and rule.proven == rule.pairs else _GUESSED
    said: dict[int, tuple[str | None, int, str]] = {
        at: (role, sure, "amounts" if contents[at].decimals else "amounts without a point")
        for role, at in place.items()
    }
    for at, role in zip(days, ("booking_date", "value_date"), strict=False):
        why = f"every cell is a day like {contents[at].dates[0]}"
        said[at] = role, _LIKELY, why
    for at, one in enumerate(contents):
        if at in said or not one.filled:
            continue
        if one.luhn > 0.9:
            said[at] = "counterparty_account", _LIKELY, "card numbers by their check digit"
        elif not one.money and one.longest > 1 and not one.time:
            said[at] = "remittance", _GUESSED, "texts"
    guesses = []
    for at in range(width):
        nothing: tuple[str | None, int, str] = (None, 0, "nothing speaks for a field")
        name, weight, reason = said.get(at, nothing)
        shown = tuple(dict.fromkeys(bare_cell(row[at]) for row in rows if row[at].strip()))[:SHOWN]
        guesses.append(ColumnGuess(at + 1, f"column {at + 1}", name, weight, reason, shown))
    return Guess(tuple(guesses), rule, contents[days[0]].dates)


def _amounts(
    rows: Sequence[Sequence[str]], contents: Sequence[Content], days: frozenset[int]
) -> tuple[dict[str, int], Rule] | None:
    """Of all ways to call the columns of amounts the one that the balance proves best."""
    money = [
        at
        for at, one in enumerate(contents)
        if one.money > 0.95
        and at not in days
        and (one.decimals or one.signed or _filled_with_zeros([row[at] for row in rows]))
    ]
    marks = [
        at
        for at, one in enumerate(contents)
        if one.words and {"credit", "debit"} <= {mark_of(word) or "" for word in one.words}
    ]
    best: tuple[dict[str, int], Rule] | None = None
    for place in _ways(money, marks, contents):
        rule = choose(rows, place)
        if rule is not None and (best is None or rule.proven > best[1].proven):
            best = place, rule
    return best


def _filled_with_zeros(cells: Sequence[str]) -> bool:
    """Whether they are numbers of one length, as fixed files hold amounts in minor units."""
    size = set(map(len, cells))
    return len(size) == 1 and max(size) <= MAX_DIGITS and any(one.startswith("00") for one in cells)


def _ways(
    money: Sequence[int], marks: Sequence[int], contents: Sequence[Content]
) -> Iterator[dict[str, int]]:
    """The plainer first: it stays where no balance decides."""
    full = [at for at in money if contents[at].filled == 1]
    marked = {"mark": marks[0]} if marks else {}
    for at in full[:3]:
        yield {"amount": at, **marked}
    for debit, credit in permutations(money[:4], 2):
        if contents[debit].filled < 1 and contents[credit].filled < 1:
            yield {"debit": debit, "credit": credit}
    for balance in full[:4]:
        for at in full[:4]:
            if at != balance:
                yield {"amount": at, "balance": balance, **marked}
        for debit, credit in permutations(money[:4], 2):
            if balance not in (debit, credit):
                yield {"debit": debit, "credit": credit, "balance": balance}
