"""Made-up approval facts: what a group's payments could have been, the same for the same seed.

Whole numbers only, from a generator whose stream numpy never changes. Amounts spread over
several powers of ten, crowd just below the usual thresholds and like round numbers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.rulebook.history.columns import TEXTS, fact_field
from engine.rules.model import Type

Ints = npt.NDArray[np.int64]

CURRENCY = "CNY"
PER_BATCH = 20
MEDIAN = 18_000_00
"""Half of the amounts that follow the curve are below: minor units."""
DOUBLING = 450
"""Thousandths of a standard deviation in which amounts double."""
MOST = 80_000_000_00
THRESHOLDS = ((50_000_00, 5), (300_000_00, 2), (500_000_00, 2))
"""Amount and how many of 100 payments stay just below it."""
JUST_BELOW = 4_000_00
ROUND = 6
"""How many of 100 amounts are a whole number of thousands."""

PAYEES: Mapping[str, Sequence[tuple[str, int]]] = {
    "claim": (("claimant", 60), ("beneficiary", 40)),
    "surrender": (("policyholder", 100),),
    "refund": (("policyholder", 100),),
    "commission": (("agent", 100),),
    "expense": (("supplier", 65), ("staff", 35)),
    "reinsurance": (("related_party", 70), ("supplier", 30)),
}
BUSINESS = (
    ("claim", 46),
    ("surrender", 12),
    ("refund", 9),
    ("commission", 15),
    ("expense", 16),
    ("reinsurance", 2),
)
CHANNELS = (("bank_direct", 86), ("bank_file", 9), ("ebank", 3), ("cheque", 1), ("wallet", 1))
LEVELS = ("head_office", "branch", "sub_branch")

_STEPS = 1000
_MANTISSA = np.array(
    [int(Decimal(2) ** (Decimal(one) / _STEPS) * 10**6) for one in range(_STEPS)], dtype=np.int64
)


@dataclass(frozen=True, slots=True)
class Sample:
    """Made-up documents in order of their days; amounts in minor units of CNY."""

    document: list[str]
    path: tuple[tuple[str, ...], ...]
    """Organisations: codes from the root."""
    at: Ints
    """Per document the index of its organisation."""
    day: npt.NDArray[np.datetime64]
    amount: Ints
    batch_total: Ints
    codes: Mapping[str, pa.DictionaryArray]
    flags: Mapping[str, npt.NDArray[np.bool_]]


def make_sample(
    documents: int,
    seed: int,
    paths: Sequence[tuple[str, ...]],
    *,
    last: dt.date,
    days: int = 90,
) -> Sample:
    """`documents` payments of the organisations `paths` on the working days up to `last`."""
    random = np.random.RandomState(seed)
    batches = -(-documents // PER_BATCH)
    batch = np.arange(documents, dtype=np.int64) // PER_BATCH
    working = _working_days(last, days)
    day = working[np.arange(documents, dtype=np.int64) * len(working) // max(documents, 1)]
    # Deeper organisations have more customers: a sub-branch counts as many as its depth.
    crowd = np.repeat(np.arange(len(paths)), [len(one) for one in paths])
    at = crowd[random.randint(0, len(crowd), batches)][batch]
    amount = _amounts(random, documents)
    totals = np.zeros(batches, dtype=np.int64)
    np.add.at(totals, batch, amount)
    business = _chosen(random, documents, BUSINESS)
    level = np.array([min(len(one), len(LEVELS)) - 1 for one in paths], dtype=np.int64)
    return Sample(
        document=[f"DEMO-{seed}-{one:08d}" for one in range(1, documents + 1)],
        path=tuple(paths),
        at=at,
        day=day,
        amount=amount,
        batch_total=totals[batch],
        codes={
            "currency": _dictionary(np.zeros(documents, dtype=np.int64), [CURRENCY]),
            "business_type": _dictionary(business, [one for one, _ in BUSINESS]),
            "creditor_type": _payees(random, business),
            "urgency": _dictionary(
                (random.randint(0, 100, documents) < 6).astype(np.int64), ["normal", "urgent"]
            ),
            "channel": _dictionary(
                _chosen(random, documents, CHANNELS), [one for one, _ in CHANNELS]
            ),
            "org_level": _dictionary(level[at], list(LEVELS)),
        },
        flags={
            "extra_approver": random.randint(0, 1000, documents) < 20,
            "duplicate": random.randint(0, 1000, documents) < 5,
        },
    )


def _working_days(last: dt.date, days: int) -> npt.NDArray[np.datetime64]:
    every = np.arange(np.datetime64(last) - (days - 1), np.datetime64(last) + 1)
    working: npt.NDArray[np.datetime64] = every[np.is_busday(every)]
    return working


def _amounts(random: np.random.RandomState, count: int) -> Ints:
    """Amounts whose logarithm is nearly normal: the sum of twelve even draws."""
    thousandths = random.randint(0, 1001, (12, count)).sum(axis=0).astype(np.int64) - 6000
    steps = thousandths * _STEPS // DOUBLING
    doubled, rest = steps // _STEPS, steps % _STEPS
    amount = MEDIAN * _MANTISSA[rest] // 10**6
    amount = np.where(
        doubled >= 0, amount << np.maximum(doubled, 0), amount >> np.maximum(-doubled, 0)
    )
    amount = np.clip(amount + random.randint(0, 100, count), 1_00, MOST)
    whole = random.randint(0, 100, count) < ROUND
    amount = np.where(whole, np.maximum(amount // 1_000_00, 1) * 1_000_00, amount)
    place, below = random.randint(0, 100, count), random.randint(1, JUST_BELOW, count)
    start = 0
    for threshold, share in THRESHOLDS:
        near = (place >= start) & (place < start + share)
        amount = np.where(near, threshold - below, amount)
        start += share
    found: Ints = amount.astype(np.int64)
    return found


def _chosen(random: np.random.RandomState, count: int, shares: Sequence[tuple[str, int]]) -> Ints:
    """An index into `shares` (of 100) per document."""
    table = np.repeat(np.arange(len(shares)), [share for _, share in shares])
    return table[random.randint(0, len(table), count)].astype(np.int64)


def _payees(random: np.random.RandomState, business: Ints) -> pa.DictionaryArray:
    names = sorted({payee for payees in PAYEES.values() for payee, _ in payees})
    found = np.zeros(len(business), dtype=np.int64)
    for index, (one, _) in enumerate(BUSINESS):
        shares = PAYEES[one]
        number = np.array([names.index(payee) for payee, _ in shares], dtype=np.int64)
        picked = number[_chosen(random, len(business), shares)]
        found = np.where(business == index, picked, found)
    return _dictionary(found, names)


def _dictionary(codes: Ints, values: Sequence[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32)), pa.array(list(values), pa.string())
    )


def as_user_file(sample: Sample) -> pa.Table:
    """The form of a user's history: amounts as decimal text, `document` and `branch`.

    `org_path` says where the branch stands in the group, since a file has no tree.
    """
    amounts = {
        "amount": sample.amount,
        "batch_total": sample.batch_total,
    }
    return pa.table(
        {
            "document": pa.array(sample.document, pa.string()),
            "branch": _dictionary(sample.at, [one[-1] for one in sample.path]),
            "org_path": _dictionary(sample.at, ["/".join(one) for one in sample.path]),
            "business_date": pa.array(sample.day),
            **{name: pa.array(_texts(one), pa.string()) for name, one in amounts.items()},
            **sample.codes,
            **{name: pa.array(one) for name, one in sample.flags.items()},
        }
    )


def _texts(minor: Ints) -> list[str]:
    return [f"{one // 100}.{one % 100:02d}" for one in minor.tolist()]


def as_history(sample: Sample) -> pa.Table:
    """The typed form, as decisions are kept; nothing decided these documents."""
    count = len(sample.document)
    columns: list[tuple[pa.Field, pa.Array]] = [
        (pa.field("document", pa.string()), pa.array(sample.document, pa.string())),
        (pa.field("org_path", TEXTS), _dictionary(sample.at, ["/".join(p) for p in sample.path])),
        (pa.field("business_date", pa.date32()), pa.array(sample.day).cast(pa.date32())),
        (pa.field("decision_id", pa.int64()), pa.nulls(count, pa.int64())),
    ]
    for name, amounts in (("amount", sample.amount), ("batch_total", sample.batch_total)):
        columns.append((fact_field(name, Type.MONEY, CURRENCY), pa.array(amounts)))
    for name, codes in sample.codes.items():
        columns.append((fact_field(name, Type.CODE, CURRENCY), codes))
    for name, flags in sample.flags.items():
        columns.append((fact_field(name, Type.BOOL, CURRENCY), pa.array(flags)))
    return pa.table([array for _, array in columns], schema=pa.schema([f for f, _ in columns]))
