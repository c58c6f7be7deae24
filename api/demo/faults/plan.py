"""What happens on a faulty day, drawn by seed: documents, strikes on workers, faults of banks."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field

from api.demo.claims import Row, plain_documents
from api.demo.world import BANKS
from engine.runtime.jsontypes import JsonObject

PORTION = 50
"""Documents that come in together."""

WORKERS = 2
SILENT_BANK = "bank_c"
"""Answers no questions about payments: what stays unclear there ends by its statements or by two
persons. Like bank_b it does not recognise repeated messages; bank_a does."""
FAULTY_BANKS = (*BANKS, SILENT_BANK)

LATEST = 6 * 60
"""Business minutes the strikes may take: far less than the shortest finality horizon."""

_ON_SUBMIT = (
    *("hang_after_accept", "reset_before", "reset_after", "error_500_after", "error_503_before"),
    *("garbage", "late_accept", "partial"),
)
_ON_QUERY = (
    *("not_found_once", "reset_before", "error_503_before", "garbage", "not_found_for"),
    "wrong_status",
)
_ON_STATEMENT = (
    *("reset_before", "error_503_before", "garbage", "duplicate_line", "statement_gap"),
)
DRAWN = frozenset(_ON_SUBMIT) | frozenset(_ON_QUERY) | frozenset(_ON_STATEMENT)
"""Every kind of fault a day may have."""
_SECONDS = {"late_accept": 4 * 60, "partial": 30 * 60, "not_found_for": 2 * 3600}
"""How late a bank takes a message or does the rest of it, and how long it denies one."""
_QUERY_SHARE, _STATEMENT_SHARE = 0.3, 0.1
"""Chances that a tick puts such a fault in play at one of the banks."""


@dataclass(frozen=True, slots=True)
class Orders:
    """How much is to happen."""

    documents: int = 500
    kills: int = 60
    pauses: int = 30
    seed: int = 1
    long_pauses: int = 2
    """Of the pauses: longer than a sender may take to begin (real seconds)."""
    one_dies_for_ever: bool = False
    """Half way one of the two workers is killed and not replaced."""
    submit_faults: float = 0.45
    """Chance that a tick puts a fault of taking a message in play at one of the banks."""
    database_crashes: int = 0
    """How often PostgreSQL is stopped at once and started again."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A worker stands still for so many ticks, or for so many real seconds and no tick."""

    worker: int
    ticks: int
    outrun: bool
    """Whether its leases run out meanwhile, so that the other worker takes over."""
    seconds: float = 0.0


@dataclass(slots=True)
class Tick:
    """One step of the day. `delays` are real seconds before each strike, at random points."""

    minutes: int
    portion: list[Row] = field(default_factory=list)
    pushed: bool = False
    """Whether the portion is sent by the source system rather than in files."""
    kills: list[int] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    faults: dict[str, list[JsonObject]] = field(default_factory=dict)
    cut: bool = False
    database_crash: bool = False
    dies_for_ever: int | None = None


@dataclass(frozen=True, slots=True)
class FaultyPlan:
    """The whole day."""

    ticks: list[Tick]
    documents: int
    refused_accounts: dict[str, str]
    """Counterparty account -> why its bank refuses it."""
    poor_payers: dict[str, int]
    """Payer account -> balance in minor units, too little for its premium."""

    @property
    def refused(self) -> frozenset[str]:
        """Counterparty accounts at which nothing will be done."""
        return frozenset(self.refused_accounts) | frozenset(self.poor_payers)


def plan_faults(orders: Orders, day: dt.date) -> FaultyPlan:
    """Draw the day. The same orders give the same plan."""
    draw = random.Random(f"faults {orders.seed}")
    rows = plain_documents(orders.documents, orders.seed, day)
    portions = [rows[i : i + PORTION] for i in range(0, len(rows), PORTION)]
    count = max(12, 2 * len(portions), orders.kills, orders.pauses)
    ticks = [Tick(max(1, min(4, LATEST // count)), cut=n % 8 == 7) for n in range(count)]
    for number, portion in enumerate(portions):
        # The last fifth of the day only finishes what came in before.
        tick = ticks[number * 4 * count // (5 * len(portions))]
        tick.portion, tick.pushed = portion, number % 4 == 3
    _strike(ticks, orders, draw)
    for tick in ticks:
        tick.delays = [draw.uniform(0, 0.15) for _ in range(len(tick.kills) + 1)]
        tick.faults = _bank_faults(draw, orders.submit_faults)
    pays = [row for row in rows if row["direction"] == "pay"]
    collects = [row for row in rows if row["direction"] == "collect"]
    refused = draw.sample(pays, max(1, len(pays) // 40))
    poor = draw.sample(collects, max(1, len(collects) // 10))
    return FaultyPlan(
        ticks,
        len(rows),
        {row["counterparty_account"]: draw.choice(("AC04", "AC01")) for row in refused},
        {row["counterparty_account"]: 100 for row in poor},
    )


def _strike(ticks: list[Tick], orders: Orders, draw: random.Random) -> None:
    for number in range(orders.kills):
        ticks[number * len(ticks) // orders.kills].kills.append(draw.randrange(WORKERS))
    for number in range(orders.pauses):
        at = (number * len(ticks) + len(ticks) // 2) // orders.pauses
        worker = draw.randrange(WORKERS)
        if number < orders.long_pauses:
            pause = Pause(worker, 0, outrun=True, seconds=11.0)
        else:
            pause = Pause(worker, draw.randint(1, 3), outrun=draw.random() < 0.6)
        ticks[at].pauses.append(pause)
    for number in range(orders.database_crashes):
        ticks[(2 * number + 1) * len(ticks) // (2 * orders.database_crashes)].database_crash = True
    if orders.one_dies_for_ever:
        ticks[len(ticks) // 2].dies_for_ever = draw.randrange(WORKERS)


def _bank_faults(draw: random.Random, submit_share: float) -> dict[str, list[JsonObject]]:
    found: dict[str, list[JsonObject]] = {}
    shares = (
        ("submit", _ON_SUBMIT, submit_share, FAULTY_BANKS),
        ("query", _ON_QUERY, _QUERY_SHARE, BANKS),
        ("statement", _ON_STATEMENT, _STATEMENT_SHARE, FAULTY_BANKS),
    )
    for on, kinds, share, banks in shares:
        if draw.random() < share:
            kind = draw.choice(kinds)
            late: JsonObject = {"seconds": _SECONDS[kind]} if kind in _SECONDS else {}
            fault: JsonObject = {"on": on, "fault": kind, "times": 1, **late}
            found.setdefault(draw.choice(banks), []).append(fault)
    return found
