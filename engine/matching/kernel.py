"""Pair items with statement lines, pass by pass in row order; what is ambiguous is never guessed.

The result does not depend on the order of the input. A pass looks at all pairs its row accepts
among what earlier passes left. Where they hang together one to one, they are a group; where an
item has two equally good lines, or a line two items, all of them are left to a person, and no
weaker pass may use them: a better candidate exists, it is only not known which.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from engine.matching.candidates import (
    NEVER,
    Judge,
    by_account,
    by_amount,
    by_reference,
    facts_of,
    floor,
    tolerates_gap,
)
from engine.matching.model import (
    Candidate,
    Decide,
    Group,
    Item,
    Line,
    Matching,
    PairFacts,
    Suggestion,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class _Edge:
    item: Item
    line: Line
    facts: PairFacts
    verdict: Verdict


@dataclass
class _Run:
    judge: Judge
    interchangeable: bool
    taken: set[int] = field(default_factory=set)
    """Claims that are matched or left to a person."""
    used: set[int] = field(default_factory=set)
    """Lines, likewise."""
    seen: set[tuple[int, int]] = field(default_factory=set)
    waiting: dict[int, list[_Edge]] = field(default_factory=lambda: defaultdict(list))
    """Edges by rank."""
    groups: list[Group] = field(default_factory=list)
    suggestions: list[Suggestion] = field(default_factory=list)

    def free_items(self, items: Sequence[Item]) -> list[Item]:
        return [item for item in items if self.taken.isdisjoint(item.claims)]

    def free_lines(self, lines: Sequence[Line]) -> list[Line]:
        return [line for line in lines if line.id not in self.used]

    def add(self, pairs: Iterable[tuple[Item, Line, str]]) -> None:
        for item, line, reference in pairs:
            if (item.id, line.id) in self.seen:
                continue
            if reference != "none":
                self.seen.add((item.id, line.id))
            facts = facts_of(item, line, reference)
            verdict = self.judge.accepts(item, facts)
            if verdict is not None:
                self.waiting[verdict.rank].append(_Edge(item, line, facts, verdict))

    def passes_before(self, rank: int) -> None:
        for found in sorted(r for r in self.waiting if r < rank):
            edges = [
                edge
                for edge in self.waiting.pop(found)
                if edge.line.id not in self.used and self.taken.isdisjoint(edge.item.claims)
            ]
            for component in _components(edges):
                self._settle(component)

    def _settle(self, edges: list[_Edge]) -> None:
        """Decide one set of edges that hang together."""
        if len(edges) == 1 and edges[0].verdict.outcome == "auto":
            self._group(edges[0], interchangeable=False)
        elif self.interchangeable and (paired := _pair_identical(edges)) is not None:
            for edge in paired:
                self._group(edge, interchangeable=True)
        else:
            reason = "propose" if len(edges) == 1 else "ambiguous"
            lines: dict[int, list[_Edge]] = defaultdict(list)
            for edge in edges:
                lines[edge.line.id].append(edge)
            for line_id, choices in lines.items():
                self.suggestions.append(_suggestion(line_id, reason, choices))
        for edge in edges:
            self.taken.update(edge.item.claims)
            self.used.add(edge.line.id)

    def _group(self, edge: _Edge, *, interchangeable: bool) -> None:
        self.groups.append(
            Group(
                edge.item.id,
                edge.item.claims,
                edge.line.id,
                edge.verdict.row,
                edge.facts,
                interchangeable,
            )
        )


def _suggestion(line_id: int, reason: str, edges: list[_Edge]) -> Suggestion:
    return Suggestion(
        line_id,
        reason,
        tuple(
            Candidate(edge.item.id, edge.item.claims, edge.verdict.row, edge.facts)
            for edge in sorted(edges, key=lambda e: (e.item.date, e.item.id))
        ),
    )


def _components(edges: list[_Edge]) -> Iterator[list[_Edge]]:
    """Edges that share a line or a claim, directly or over others, together."""
    parent: dict[tuple[str, int], tuple[str, int]] = {}

    def find(node: tuple[str, int]) -> tuple[str, int]:
        root = node
        while parent.setdefault(root, root) != root:
            root = parent[root]
        while parent[node] != root:
            parent[node], node = root, parent[node]
        return root

    for edge in edges:
        root = find(("line", edge.line.id))
        for claim in edge.item.claims:
            parent[find(("claim", claim))] = root
    found: dict[tuple[str, int], list[_Edge]] = defaultdict(list)
    for edge in edges:
        found[find(("line", edge.line.id))].append(edge)
    yield from found.values()


def _pair_identical(edges: list[_Edge]) -> list[_Edge] | None:
    """k identical items with k identical lines, paired in order of (date, id); else None.

    Identical means that nothing but the date and our own number tells them apart.
    """
    if any(e.verdict.outcome != "auto" or e.item.members for e in edges):
        return None
    items = sorted({e.item.id: e.item for e in edges}.values(), key=lambda i: (i.date, i.id))
    lines = sorted({e.line.id: e.line for e in edges}.values(), key=lambda x: (x.date, x.id))
    if len(items) != len(lines) or len({e.facts.reference for e in edges}) != 1:
        return None
    if len({(i.kind, i.amount, i.counterparty_account, i.counterparty_name) for i in items}) != 1:
        return None
    if len({(x.amount, x.counterparty_account, x.counterparty_name) for x in lines}) != 1:
        return None
    by_pair = {(e.item.id, e.line.id): e for e in edges}
    paired = [by_pair.get((i.id, x.id)) for i, x in zip(items, lines, strict=True)]
    found = [edge for edge in paired if edge is not None]
    return found if len(found) == len(items) else None


def match(
    items: Sequence[Item],
    lines: Sequence[Line],
    decide: Decide,
    *,
    interchangeable: bool = False,
) -> Matching:
    """Match `items` and `lines` by the ruleset behind `decide`.

    `decide` must be a pure function of the facts; it is asked once per distinct facts. Item ids
    and line ids are unique. Every claim and every line is in one group or suggestion component at
    most, and a group's amounts differ by no more than its row accepted (`facts.amount_gap`).
    """
    judge = Judge(decide)
    run = _Run(judge, interchangeable)
    floors = [
        min(floor(judge, items, lines, same_account=True), _gap_floor(judge, items)),
        floor(judge, items, lines, same_account=False),
    ]
    run.add(by_reference(items, lines))
    run.passes_before(min(floors))
    any_amount = tolerates_gap(judge, items)
    free, open_lines = run.free_items(items), run.free_lines(lines)
    run.add((i, x, "none") for i, x in by_account(free, open_lines, any_amount=any_amount))
    run.passes_before(floors[1])
    free, open_lines = run.free_items(items), run.free_lines(lines)
    run.add((i, x, "none") for i, x in by_amount(free, open_lines))
    run.passes_before(NEVER)
    return Matching(
        tuple(sorted(run.groups, key=lambda group: group.line_id)),
        tuple(sorted(run.suggestions, key=lambda suggestion: suggestion.line_id)),
    )


def _gap_floor(judge: Judge, items: Sequence[Item]) -> int:
    """Rank 0 when differing amounts may match without a reference: then nothing is put off."""
    return 0 if tolerates_gap(judge, items) else NEVER
