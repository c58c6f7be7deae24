"""Deciding every document of a history in one world, branch by branch, on whole columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.base.text import Text
from engine.rules.decide import DecisionRefused
from engine.rules.model import Ruleset
from engine.rules.params import branch_params
from engine.rules.preview.compiled import COMPILED, ParamSet
from engine.rules.preview.documents import Branch, Documents
from engine.rules.preview.outcomes import Answer, Outcomes
from engine.rules.preview.worlds import World


@dataclass(frozen=True, slots=True)
class Part:
    """Branches decided together: one ruleset under one set of parameters."""

    ruleset: Ruleset | None
    """None where the world has no ruleset for them, or nobody knows the branch."""
    params: ParamSet
    branches: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """What one world says of every document."""

    codes: npt.NDArray[np.int64]
    """Per document the index into `answers`."""
    answers: tuple[Answer, ...]
    matched: Mapping[str, int]
    """Row id -> documents that satisfied its every cell, before the hit policy."""
    parts: tuple[Part, ...]


def decide_all(
    world: World, documents: Documents, branches: Sequence[int], outcomes: Outcomes
) -> Side:
    """Decide the documents of some branches; the codes of others mean nothing.

    Raises HistoryRefused when a column they need is not there.
    """
    codes = np.zeros(documents.rows, dtype=np.int64)
    answers: list[Answer] = []
    matched: Counter[str] = Counter()
    parts = parts_of(world, documents, branches)
    for part in parts:
        at = documents.of(part.branches)
        if part.ruleset is None:
            for branch in part.branches:
                codes[documents.branch_at == branch] = len(answers)
                answers.append(_undecided(documents.branches[branch], outcomes))
            continue
        facts = documents.facts(part.ruleset, part.branches)
        decided = COMPILED.evaluator(part.ruleset, part.params).decide(facts)
        local = decided.codes.astype(np.int64) + len(answers)
        if at is None:
            codes = local
        else:
            codes[at] = local
        answers += [outcomes.answer(part.ruleset, one) for one in decided.decisions]
        matched.update(decided.hits)
    return Side(codes, tuple(answers), matched, parts)


def parts_of(world: World, documents: Documents, branches: Sequence[int]) -> tuple[Part, ...]:
    """The branches grouped by what decides them."""
    found: dict[tuple[int, ParamSet], tuple[Ruleset | None, list[int]]] = {}
    for index in branches:
        branch = documents.branches[index]
        ruleset = None if branch.path is None else world.ruleset_for(branch.path)
        params: ParamSet = ()
        if ruleset is not None and branch.path is not None:
            params = tuple(sorted(branch_params(ruleset, branch.path).items()))
        found.setdefault((id(ruleset), params), (ruleset, []))[1].append(index)
    return tuple(
        Part(ruleset, params, tuple(indexes)) for (_, params), (ruleset, indexes) in found.items()
    )


def _undecided(branch: Branch, outcomes: Outcomes) -> Answer:
    if branch.path is not None:
        return outcomes.nobody()
    if branch.code is None:
        text = Text(
            "documents without a branch; write the organisation's code in the column `branch`",
            "单据缺少机构；请在 `branch` 列填写机构代码",
        )
    else:
        text = Text(
            f"unknown organisation {branch.code[:60]!r}; correct the column `branch`",
            f"未知机构 {branch.code[:60]!r}；请更正 `branch` 列",
        )
    return outcomes.refused(DecisionRefused("BRANCH_UNKNOWN", text))
