"""The documents of a demo day: drawn by seed, with the troubles a real day has.

The shares are the least a day has: 5 % invalid, 3 % to be rejected, 2 % duplicates, 2 % twins
whose statement lines match several payments, 1 % refused by the bank, one large payment, and a
collection batch in which some payers lack funds. What is to happen to a document is never told
to the product: the demo's people and banks act on the document numbers listed here.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from dataclasses import dataclass, field
from enum import StrEnum

from engine.base.money import format_major

BRANCHES = ("BJ", "SH", "GD")
SUB_BRANCHES = {"BJ": ("BJ01", "BJ02"), "SH": ("SH01", "SH02"), "GD": ("GD01", "GD02")}
RARE_NAMES = ("演示客户㐱", "演示客户龘", "演示客户𬭎", "演示客户·阿依")
"""Names with characters outside the common set; all of them are in GB18030."""

Row = dict[str, str]
"""One document as columns of the import template; empty text is a missing value."""


class Fate(StrEnum):
    """What is special about a document."""

    PLAIN = "plain"
    INVALID = "invalid"
    REJECT = "reject"
    DUPLICATE = "duplicate"
    TWIN = "twin"
    BANK_REFUSES = "bank refuses"
    LARGE = "large"
    NO_FUNDS = "no funds"


@dataclass(frozen=True)
class DayPlan:
    """The documents of one day by the way they come in, and the fate of each.

    `files` maps an organisation and direction to the rows of one import file; `pushed` are sent
    one by one by the source system. `fates` is keyed by source document number.
    """

    files: dict[tuple[str, str], list[Row]]
    pushed: list[Row]
    fates: dict[str, Fate]
    refused_accounts: dict[str, str] = field(default_factory=dict)
    """Counterparty account -> the bank's reason for refusing it (AC04, AC01)."""
    poor_payers: dict[str, int] = field(default_factory=dict)
    """Payer account -> balance in minor units, too little for its premium."""

    @property
    def count(self) -> int:
        """Documents in all."""
        return sum(len(rows) for rows in self.files.values()) + len(self.pushed)


def _share(count: int, percent: int, least: int) -> int:
    return max(least, -(-count * percent // 100))


class _Draw:
    """Draws documents; every number and account is used once unless it is meant to repeat."""

    def __init__(self, seed: int, day: dt.date) -> None:
        self.random = random.Random(seed)
        self.day = day
        self.serial = 0

    def account(self) -> str:
        return f"62{self.serial:08d}{self.random.randrange(10**8):08d}"

    def minor(self) -> int:
        """An amount in fen: most small, some beyond the first approval threshold."""
        band = self.random.choices(((10_000, 2_000_000), (2_000_000, 20_000_000)), (88, 12))[0]
        return self.random.randrange(*band)

    def document(self, direction: str, organisation: str) -> Row:
        self.serial += 1
        rare = self.serial % 97 == 0
        name = self.random.choice(RARE_NAMES) if rare else f"演示客户{self.serial:05d}"
        bank = self.random.choice(("901", "902", "903"))
        amount = self.minor()
        collect = direction == "collect"
        kind = (
            "premium" if collect else self.random.choice(("claim", "claim", "surrender", "refund"))
        )
        return {
            "organisation": organisation,
            "direction": direction,
            "source_document_no": f"{'PR' if collect else 'CL'}{self.day:%Y%m%d}{self.serial:06d}",
            "business_type": kind,
            "creditor_type": "" if collect else self.random.choice(("claimant", "beneficiary")),
            "counterparty_name": name,
            "counterparty_account": self.account(),
            "counterparty_bank_code": f"{bank}100000{self.random.randrange(1000):03d}",
            "amount": format_major(amount, "CNY"),
            "currency": "CNY",
            "payment_method": "transfer",
            "urgency": "normal",
            "due_date": self.day.isoformat(),
            "purpose": "保费代收" if collect else "理赔款",
            "business_reference": f"P{self.day:%Y}{self.random.randrange(10**9):09d}",
            "payee_is_insured": "" if collect else "true",
        }


def _spoil(row: Row, how: int) -> None:
    """Make a valid document invalid, in one of several ways."""
    if how % 5 == 0:
        row["counterparty_account"] = ""
    elif how % 5 == 1:
        row["payee_is_insured"] = "false"
        row["business_type"] = "claim"
    elif how % 5 == 2:
        row["amount"] = f"-{row['amount']}"
    elif how % 5 == 3:
        row["amount"] += "5"
    else:
        row["organisation"] = "XX99"


def as_csv(rows: list[Row]) -> bytes:
    """Rows as the import template's CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def commissions(count: int, day: dt.date) -> list[Row]:
    """Commissions of agents of Beijing, which the shipped routing pays by file."""
    rows = []
    draw = _Draw(count, day)
    draw.serial = 90_000_000
    for number in range(1, count + 1):
        row = draw.document("pay", "BJ")
        rows.append(
            row
            | {
                "source_document_no": f"CM{day:%Y%m%d}{number:06d}",
                "business_type": "commission",
                "creditor_type": "agent",
                "counterparty_name": f"演示代理人{number:03d}",
                "amount": format_major(100_000 + 11_100 * number, "CNY"),
                "purpose": "代理佣金",
                "payee_is_insured": "",
            }
        )
    return rows


ORGANISATIONS = tuple(org for branch in BRANCHES for org in (branch, *SUB_BRANCHES[branch]))


def plain_documents(count: int, seed: int, day: dt.date) -> list[Row]:
    """Draw `count` good documents, every tenth a collection, with nothing special about them."""
    draw = _Draw(seed, day)
    return [
        draw.document("collect", draw.random.choice(BRANCHES))
        if number % 10 == 9
        else draw.document("pay", draw.random.choice(ORGANISATIONS))
        for number in range(count)
    ]


def plan_day(count: int, seed: int, day: dt.date) -> DayPlan:
    """Draw `count` documents (at least 60) of business date `day` by `seed`."""
    if count < 60:
        raise ValueError("a demo day has at least 60 documents, so that every trouble occurs")
    draw = _Draw(seed, day)
    fates: dict[str, Fate] = {}
    collections = _share(count, 10, 6)
    twins = _share(count, 2, 2)
    twins += twins % 2
    duplicates = _share(count, 2, 2)
    claims = count - collections - twins // 2 - duplicates
    rows = [draw.document("pay", draw.random.choice(ORGANISATIONS)) for _ in range(claims)]
    order = list(range(claims))
    draw.random.shuffle(order)

    def take(number: int) -> list[Row]:
        taken = [rows[i] for i in order[:number]]
        del order[:number]
        return taken

    def mark(marked: list[Row], fate: Fate) -> None:
        fates.update((row["source_document_no"], fate) for row in marked)

    invalid = take(_share(count, 6, 5))
    for how, row in enumerate(invalid):
        _spoil(row, how)
    mark(invalid, Fate.INVALID)
    mark(take(_share(count, 4, 2)), Fate.REJECT)
    refused = take(_share(count, 1, 2))
    mark(refused, Fate.BANK_REFUSES)
    large = take(1)
    large[0]["amount"] = "2380000.00"
    mark(large, Fate.LARGE)
    copied = [(row, Fate.TWIN) for row in take(twins // 2)]
    copied += [(row, Fate.DUPLICATE) for row in take(duplicates)]
    for original, fate in copied:
        copy = draw.document("pay", original["organisation"])
        same = ("counterparty_name", "counterparty_account", "counterparty_bank_code", "amount")
        copy |= {column: original[column] for column in same}
        if fate is Fate.TWIN:
            copy["purpose"] = "年金给付第二期"
            original["purpose"] = "年金给付第一期"
            mark([original], fate)
        mark([copy], fate)
        rows.append(copy)

    premiums = [draw.document("collect", draw.random.choice(BRANCHES)) for _ in range(collections)]
    poor = premiums[: _share(collections, 20, 2)]
    mark(poor, Fate.NO_FUNDS)

    pushed = [row for i, row in enumerate(rows) if i % 10 == 0 and _typable(row)]
    chosen = {row["source_document_no"] for row in pushed}
    files: dict[tuple[str, str], list[Row]] = {}
    for row in [*rows, *premiums]:
        if row["source_document_no"] in chosen:
            continue
        branch = row["organisation"][:2] if row["organisation"] != "XX99" else BRANCHES[0]
        files.setdefault((branch, row["direction"]), []).append(row)
    return DayPlan(
        files=files,
        pushed=pushed,
        fates=fates,
        refused_accounts={
            row["counterparty_account"]: ("AC04", "AC01")[i % 2] for i, row in enumerate(refused)
        },
        poor_payers={row["counterparty_account"]: 100 for row in poor},
    )


def _typable(row: Row) -> bool:
    """Whether the source system could send it: it knows its organisations and its amounts."""
    return row["organisation"] != "XX99" and len(row["amount"].rpartition(".")[2]) == 2
