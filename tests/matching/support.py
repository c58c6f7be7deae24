"""Small items and lines, and a decide function in the shape of the shipped matching ruleset."""

from __future__ import annotations

import datetime as dt

from engine.matching import Block, Item, Line, PairFacts, Verdict

DAY = dt.date(2026, 11, 23)
PAY = Block(1, "CNY", "pay")
UNMATCHED = Verdict("unmatched", None, None, 1 << 20)


def item(
    number: int,
    amount: int = 10_000,
    *,
    account: str | None = "6222001",
    name: str | None = "王伟",
    day: dt.date = DAY,
    block: Block = PAY,
    members: tuple[int, ...] = (),
    reference: str | None = None,
) -> Item:
    """A document's item with instruction id D<number>-1, or the total of a batch."""
    return Item(
        number,
        "payment_batch" if members else "document",
        block,
        amount,
        day,
        (reference or f"D{number}-1",),
        () if members else (f"D{number}",),
        None if members else account,
        None if members else name,
        members,
    )


def line(
    number: int,
    amount: int = 10_000,
    *,
    reference: str | None = None,
    text: str | None = None,
    account: str | None = "6222001",
    name: str | None = "王伟",
    day: dt.date = DAY,
    block: Block = PAY,
) -> Line:
    """A statement line."""
    references = () if reference is None else (reference,)
    return Line(number, block, amount, day, references, text, account, name)


def rules(facts: PairFacts) -> Verdict:
    """The shipped ruleset's table, by hand."""
    near = facts.amount_gap == 0 and facts.days_apart <= 3
    document = facts.item == "document"
    if document and facts.reference == "equal" and facts.amount_gap == 0:
        return Verdict("auto", "one_to_one", "M1", 0)
    if not document and facts.reference == "equal" and near:
        return Verdict("auto", "batch_total", "M2", 1)
    if document and facts.reference == "contained" and near and facts.same_account:
        return Verdict("auto", "one_to_one", "M3", 2)
    if document and facts.reference == "none" and near and facts.same_account:
        return Verdict("auto", "one_to_one", "M4", 3)
    if document and near:
        return Verdict("propose", "one_to_one", "M5", 4)
    return UNMATCHED
