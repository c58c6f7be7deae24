"""Decisions per second: the compiled evaluator beside durable-rules' own Host and zen-engine.

Run by `make bench`, which installs the peers apart from the product. One run, one process, the
same rules and documents for all three: five typed conditions a rule, documents of 20 fields, and
every engine must name the same first row. Targets at 100 rules: 5 × durable-rules, 20 × zen.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import zen
from durable.engine import Host, MessageNotHandledException

from engine.rules import branch_params, compile_ruleset, load_ruleset, parse_vocabulary

SIZES = (1, 10, 100, 1000)
TARGETS = {"durable-rules": 5.0, "zen-engine": 20.0}
TYPES = ("claimant", "agent", "staff", "supplier", "related_party")
CHANNELS = ("bank_direct", "bank_file", "ebank", "cash", "cheque")
LANE = 50
"""Rules in one durable ruleset; beyond 60 it loses matches."""

PAYEES = ", ".join(f"{one}: 甲" for one in TYPES)
WAYS = ", ".join(f"{one}: 乙" for one in CHANNELS)
VOCABULARY = f"""
amount: {{type: money, en: amount, zh: 金额}}
creditor_type: {{type: code, en: payee, zh: 收款人, values: {{{PAYEES}}}}}
channel: {{type: code, en: channel, zh: 渠道, values: {{{WAYS}}}}}
urgent: {{type: bool, en: urgent, zh: 加急}}
days: {{type: int, en: days, zh: 天数, min: 0}}
"""
HEAD = """kind: approval
name: bench
title: {en: Bench, zh: 测速}
version: 1
effective: {from: 2020-01-01}
scope: {org: GROUP, subject: payment}
hit_policy: first
otherwise: {approvers: cfo}
rules: |
  id | amount | creditor_type | channel | urgent | days => approvers
"""


@dataclass(frozen=True)
class Rule:
    """amount in [low, high) minor units, payee one of two, channel, urgency, days at most."""

    low: int
    high: int
    types: tuple[str, ...]
    channel: str
    urgent: bool
    days: int


Document = dict[str, Any]
Engine = Callable[[Document], int]
"""Document -> index of the first rule that matches, -1 for none."""


def make_rules(count: int) -> list[Rule]:
    """Rules as a treasury writes them: amount bands by payee, channel and urgency."""
    rng = random.Random(1)
    rules = []
    for _ in range(count):
        low = rng.randrange(0, 90_000) * 100
        types = tuple(sorted(rng.sample(TYPES, 2)))
        channel, urgent = rng.choice(CHANNELS), rng.random() < 0.5
        rules.append(Rule(low, low + 2_000_000, types, channel, urgent, rng.randrange(5, 60)))
    return rules


def make_documents(count: int) -> list[Document]:
    """Documents of 20 fields, five of which the rules read."""
    rng = random.Random(2)
    return [
        {
            "amount": rng.randrange(0, 10_000_000),
            "creditor_type": rng.choice(TYPES),
            "channel": rng.choice(CHANNELS),
            "urgent": rng.random() < 0.5,
            "days": rng.randrange(0, 60),
            **{f"field{n}": f"value {rng.randrange(1000)}" for n in range(15)},
        }
        for _ in range(count)
    ]


def compiled(rules: list[Rule]) -> Engine:
    """Sluicegate's own evaluator."""
    vocabulary, _ = parse_vocabulary("vocabulary.yaml", VOCABULARY)
    assert vocabulary is not None
    rows = "".join(
        f"  R{n} | [{r.low / 100:.2f}..{r.high / 100:.2f}) | {', '.join(r.types)} | {r.channel} "
        f"| {str(r.urgent).lower()} | <= {r.days} => reviewer\n"
        for n, r in enumerate(rules)
    )
    loaded = load_ruleset("bench.yaml", HEAD + rows, vocabulary)
    assert loaded.ruleset is not None, loaded.findings[:3]
    decide = compile_ruleset(loaded.ruleset, branch_params(loaded.ruleset, ())).decide

    def run(document: Document) -> int:
        rows = decide(document).rows
        return int(rows[0][1:]) if rows else -1

    return run


def durable(rules: list[Rule]) -> Engine:
    """durable-rules through its own Host: assert the fact, collect what fires, retract it."""
    fired: list[int] = []

    def rule(n: int, r: Rule) -> dict[str, Any]:
        tests = [
            {"$gte": {"amount": r.low}},
            {"$lt": {"amount": r.high}},
            {"$or": [{"creditor_type": one} for one in r.types]},
            {"channel": r.channel},
            {"urgent": r.urgent},
            {"$lte": {"days": r.days}},
        ]
        return {"all": [{"m": {"$and": tests}}], "run": lambda _context: fired.append(n)}

    lanes = {}
    for start in range(0, len(rules), LANE):
        lane = {f"r{n}": rule(n, rules[n]) for n in range(start, min(start + LANE, len(rules)))}
        lanes[f"lane{start}"] = lane
    host = Host(lanes)

    def run(document: Document) -> int:
        fired.clear()
        for lane in lanes:
            try:
                host.assert_fact(lane, document)
            except MessageNotHandledException:
                continue  # no rule of this lane matched, so nothing is kept either
            host.retract_fact(lane, document)
        return min(fired, default=-1)

    return run


def zen_engine(rules: list[Rule]) -> Engine:
    """zen-engine: one decision table, hit policy first."""
    columns = ("amount", "creditor_type", "channel", "urgent", "days")
    inputs = [{"id": name, "name": name, "field": name} for name in columns]
    rows = [
        {
            "_id": f"r{n}",
            "amount": f"[{r.low}..{r.high})",
            "creditor_type": ", ".join(json.dumps(one) for one in r.types),
            "channel": json.dumps(r.channel),
            "urgent": str(r.urgent).lower(),
            "days": f"<= {r.days}",
            "row": str(n),
        }
        for n, r in enumerate(rules)
    ]
    rows.append({"_id": "none", **dict.fromkeys(columns, ""), "row": "-1"})
    table = {
        "hitPolicy": "first",
        "inputs": inputs,
        "outputs": [{"id": "row", "name": "row", "field": "row"}],
        "rules": rows,
    }
    content = {
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in", "position": {"x": 0, "y": 0}},
            {
                "id": "table",
                "type": "decisionTableNode",
                "name": "table",
                "position": {"x": 1, "y": 0},
                "content": table,
            },
            {"id": "out", "type": "outputNode", "name": "out", "position": {"x": 2, "y": 0}},
        ],
        "edges": [
            {"id": "a", "type": "edge", "sourceId": "in", "targetId": "table"},
            {"id": "b", "type": "edge", "sourceId": "table", "targetId": "out"},
        ],
    }
    decision = zen.ZenEngine().create_decision(json.dumps(content))

    def run(document: Document) -> int:
        return int(decision.evaluate(document)["result"]["row"])

    return run


ENGINES = {"sluicegate": compiled, "durable-rules": durable, "zen-engine": zen_engine}


def per_second(engine: Engine, documents: list[Document]) -> float:
    """Decisions per second, the best of three passes over about half a second each."""
    start = time.perf_counter()
    for document in documents[:50]:
        engine(document)
    guess = (time.perf_counter() - start) / 50
    count = max(50, min(len(documents), int(0.5 / guess)))
    best = 0.0
    for _ in range(3):
        start = time.perf_counter()
        for document in documents[:count]:
            engine(document)
        best = max(best, count / (time.perf_counter() - start))
    return best


def main() -> int:
    """Print decisions per second and ratios for each size; 1 when a target is missed."""
    documents = make_documents(50_000)
    missed = 0
    print(f"{'rules':>6}" + "".join(f"{name:>16}" for name in ENGINES) + "   ratios")
    for size in SIZES:
        rules = make_rules(size)
        engines = {name: make(rules) for name, make in ENGINES.items()}
        for document in documents[:300]:
            answers = {name: engine(document) for name, engine in engines.items()}
            if len(set(answers.values())) != 1:
                raise SystemExit(f"the engines disagree on {document}: {answers}")
        speeds = {name: per_second(engine, documents) for name, engine in engines.items()}
        ratios = {name: speeds["sluicegate"] / speeds[name] for name in TARGETS}
        print(
            f"{size:>6}"
            + "".join(f"{speed:>14,.0f}/s" for speed in speeds.values())
            + "   "
            + ", ".join(f"{ratio:.1f} × {name}" for name, ratio in ratios.items())
        )
        if size == 100:
            missed = sum(ratio < TARGETS[name] for name, ratio in ratios.items())
    verdict = "missed" if missed else "met"
    wanted = ", ".join(f"{target:g} × {name}" for name, target in TARGETS.items())
    print(f"targets at 100 rules ({wanted}): {verdict}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
