"""How long the static analysis takes, loading included: 200 rows < 0.1 s, 1,000 rows < 2 s, warm.

Run by `make bench`. Tables come in the shapes analysts write: disjoint bands under unique (good
ones, and with one overlap), bands with a catch-all under first, and rows drawn at random.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable

from engine.rules import distinct_params, load_ruleset, parse_vocabulary
from engine.rules.analysis import analyse

VOCABULARY = """
amount: {type: money, en: amount, zh: 金额}
days: {type: int, en: days, zh: 天数, min: 0}
currency: {type: code, en: currency, zh: 币种}
creditor_type: {type: code, en: payee, zh: 收款人, values: {a: 甲, b: 乙, c: 丙, d: 丁, e: 戊}}
channel: {type: code, en: channel, zh: 渠道, values: {x: 一, y: 二, z: 三, w: 四}}
urgent: {type: bool, en: urgent, zh: 加急}
"""
VOCABULARY += "".join(f"flag{n}: {{type: bool, en: flag {n}, zh: 标志 {n}}}\n" for n in range(24))
HEAD = """kind: approval
name: bench
title: {{en: Bench, zh: 测速}}
version: 1
effective: {{from: 2020-01-01}}
scope: {{org: GROUP, subject: payment}}
hit_policy: {policy}
rules: |
  id | amount | days | currency | creditor_type | channel | urgent => approvers
"""
LIMITS = {200: 0.1, 1000: 2.0}


def _rows(cells: list[tuple[str, ...]]) -> str:
    return "".join(f"  R{n} | {' | '.join(row)} => reviewer\n" for n, row in enumerate(cells))


def bands(count: int) -> str:
    """Disjoint rows without a gap: bands of amount × creditor type × urgency."""
    groups = [(t, u) for t in "abcde" for u in ("true", "false")]
    per = count // len(groups)
    cells: list[tuple[str, ...]] = []
    for type_, urgent in groups:
        for k in range(per):
            low, high = k * 1000, (k + 1) * 1000
            amount = f"< {high}" if k == 0 else f">= {low}" if k == per - 1 else f"[{low}..{high})"
            cells.append((amount, "-", "-", type_, "-", urgent))
    return HEAD.format(policy="unique") + _rows(cells)


def one_overlap(count: int) -> str:
    """The same bands, and one row that meets many of them."""
    extra = "  X | > 5000 | - | USD | a, b | x | true => reviewer\n"
    return bands(count - count % 10) + extra


def _random_cells(rng: random.Random, count: int) -> list[tuple[str, ...]]:
    cells: list[tuple[str, ...]] = []
    for _ in range(count):
        low = rng.randrange(0, 90_000)
        high = low + rng.randrange(1, 40_000)
        amount = rng.choice(["-", f"< {high}", f">= {low}", f"[{low}..{high})"])
        days = rng.choice(["-", f"<= {rng.randrange(60)}", f"> {rng.randrange(60)}"])
        currency = rng.choice(["-", "CNY", "CNY, USD", "not(CNY)"])
        types = rng.choice(["-", ", ".join(rng.sample("abcde", rng.randrange(1, 4)))])
        channel = rng.choice(["-", rng.choice("xyzw"), ", ".join(rng.sample("xyzw", 2))])
        cells.append((amount, days, currency, types, channel, rng.choice(["-", "true", "false"])))
    return cells


def first_random(count: int) -> str:
    """Random rows and a catch-all: many rows are unreachable, many nearly so."""
    cells = _random_cells(random.Random(7), count - 1)
    return HEAD.format(policy="first") + _rows([*cells, ("-",) * 6])


def first_gap(count: int) -> str:
    """Random rows without a catch-all."""
    return HEAD.format(policy="first") + _rows(_random_cells(random.Random(8), count))


def first_narrow(count: int) -> str:
    """Every row with narrow cells in all columns: no row hides another."""
    rng = random.Random(9)
    cells: list[tuple[str, ...]] = []
    for k in range(count - 1):
        low = rng.randrange(0, 90_000)
        amount, days = f"[{low}..{low + 5000})", f"[{k % 50}..{k % 50 + 9}]"
        row: tuple[str, ...] = (amount, days, rng.choice(["CNY", "USD"]), rng.choice("abcde"))
        cells.append((*row, rng.choice("xyzw"), rng.choice(["true", "false"])))
    return HEAD.format(policy="first") + _rows([*cells, ("-",) * 6])


def first_hard(count: int) -> str:
    """Many columns, each row silent about most: the search meets its budget and says so."""
    rng = random.Random(11)
    names = [f"flag{n}" for n in range(24)]
    cells = []
    for _ in range(count):
        asked = dict.fromkeys(rng.sample(names, 6))
        cells.append(
            tuple(rng.choice(["true", "false"]) if name in asked else "-" for name in names)
        )
    head = HEAD.format(policy="first")
    columns = "amount | days | currency | creditor_type | channel | urgent"
    return head.replace(columns, " | ".join(names)) + _rows(cells)


def unique_random(count: int) -> str:
    """Random rows under unique: very many overlaps."""
    return HEAD.format(policy="unique") + _rows(_random_cells(random.Random(10), count))


def main() -> int:
    """Print a line for each shape and size; 1 when one is over its limit."""
    vocabulary, problems = parse_vocabulary("vocabulary.yaml", VOCABULARY)
    assert vocabulary is not None, problems
    shapes: list[Callable[[int], str]] = [
        bands,
        one_overlap,
        first_random,
        first_gap,
        first_narrow,
        first_hard,
        unique_random,
    ]
    slow = 0
    print(
        f"{'table':16}{'rows':>6}{'load s':>9}{'analysis s':>12}{'CPU s':>8}{'limit':>7}  findings"
    )
    for count, limit in LIMITS.items():
        for shape in shapes:
            text = shape(count)
            loads, times = [], []
            for _ in range(4):
                start = time.process_time()
                loaded = load_ruleset("bench.yaml", text, vocabulary)
                middle = time.process_time()
                assert loaded.ruleset is not None, loaded.findings[:3]
                found = analyse(loaded.ruleset, distinct_params(loaded.ruleset))
                times.append(time.process_time() - middle)
                loads.append(middle - start)
            load, analysis = statistics.median(loads[1:]), statistics.median(times[1:])
            verdict = "" if load + analysis < limit else "  SLOW"
            slow += bool(verdict)
            codes = ", ".join(sorted({one.code for one in found})) or "-"
            print(
                f"{shape.__name__:16}{count:>6}{load:>9.3f}{analysis:>12.3f}"
                f"{load + analysis:>8.3f}{limit:>7.1f}  {codes} {len(found)}{verdict}"
            )
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
