"""Why a stored decision came out as it did, cell by cell; and under a draft."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.rulebook.errors import RulebookError
from engine.rulebook.explain import (
    Explained,
    Given,
    OutcomeLine,
    explained,
    given_lines,
    outcome_lines,
)
from engine.rulebook.models import DecisionRow, RulesetVersion
from engine.rulebook.texts import Readable, everything, ruleset_in
from engine.rules import branch_params, compile_ruleset, facts_from_json, outcome_to_json
from engine.rules.decide import DecisionRefused
from engine.rules.explaining import Explanation
from engine.rules.explaining import explain as explain_cells
from engine.rules.meaning import meaning
from engine.rules.model import Ruleset
from engine.rules.reasons import Hide, open_text


@dataclass(frozen=True, slots=True)
class Under:
    """The same facts under another ruleset. `explanation` is None when it cannot take them."""

    ruleset: Ruleset
    explanation: Explanation | None
    error: Text | None
    rows: tuple[str, ...]
    outcome: tuple[OutcomeLine, ...]
    given: tuple[tuple[Given, ...], ...]
    differs: bool
    notes: tuple[Text, ...]
    """What to know of windows: they were counted when the decision was made."""


@dataclass(frozen=True, slots=True)
class Why:
    """One stored decision, explained."""

    stored: Explained
    ruleset: Ruleset
    explanation: Explanation
    under: Under | None


WITHHELD = Explanation(
    rows=(),
    columns=(),
    policy=Text(
        "You may not read this ruleset: its outcome is shown, its rows are not.",
        "您无权查看该规则集：仅显示决策结果，不显示规则行。",
    ),
    outcomes=(),
    params=(),
    windows=(),
    decision=None,
    refused=None,
)
"""What is told to somebody who may read the document and not the ruleset."""


def why(
    session: Session,
    decision_ids: list[int],
    *,
    under: Ruleset | None = None,
    hide: Hide = open_text,
    readable: Readable = everything,
) -> list[Why]:
    """Explain decisions in the order they were made; of a ruleset that is not `readable` no more
    is told than its name and the outcome.

    With `under` only those it could have made: of its kind and subject. Whether the user may see
    them is the caller's question. Raises RulebookError UNKNOWN_DECISION, NOT_DECIDED_SO when
    `under` could have made none of them.
    """
    rows = session.exec(
        select(DecisionRow, RulesetVersion)
        .join(RulesetVersion, col(RulesetVersion.hash) == col(DecisionRow.ruleset_hash))
        .where(col(DecisionRow.id).in_(decision_ids))
        .order_by(col(DecisionRow.decided_at), col(DecisionRow.id))
    ).all()
    if under is not None:
        rows = [one for one in rows if (one[0].kind, one[0].subject) == (under.kind, under.subject)]
        if decision_ids and not rows:
            raise not_decided_so(under)
    return [_why(session, row, version, under, hide, readable) for row, version in rows]


def decision(session: Session, decision_id: int) -> DecisionRow:
    """A stored decision. Raises RulebookError UNKNOWN_DECISION."""
    found = session.get(DecisionRow, decision_id)
    if found is None:
        raise unknown_decision(decision_id)
    return found


def unknown_decision(decision_id: int) -> RulebookError:
    """The refusal for a decision that does not exist, or that the user must not see."""
    return RulebookError(
        "UNKNOWN_DECISION",
        Text(
            f"there is no decision {decision_id}; see the decisions of the document",
            f"没有编号为 {decision_id} 的决策；请查看该单据的决策",
        ),
    )


def _why(
    session: Session,
    row: DecisionRow,
    version: RulesetVersion,
    under: Ruleset | None,
    hide: Hide,
    readable: Readable,
) -> Why:
    stored = explained(session, row, version, hide, readable)
    ruleset = ruleset_in(session, row.revision_id, row.ruleset_hash, row.business_date)
    if not stored.told:
        return Why(stored, ruleset, WITHHELD, None)
    path = tuple(row.org_path.split("/"))
    evaluator = compile_ruleset(ruleset, branch_params(ruleset, path))
    facts = facts_from_json(ruleset, row.facts)
    return Why(
        stored,
        ruleset,
        explain_cells(evaluator, facts, org_path=path, hide=hide),
        None if under is None else _under(row, ruleset, under, hide),
    )


def _under(row: DecisionRow, then: Ruleset, draft: Ruleset, hide: Hide) -> Under:
    path = tuple(row.org_path.split("/"))
    evaluator = compile_ruleset(draft, branch_params(draft, path))
    notes = window_notes(row, then, draft)
    try:
        facts = facts_from_json(draft, row.facts)
    except DecisionRefused as refused:
        return Under(draft, None, refused.text, (), (), (), True, notes)
    found = explain_cells(evaluator, facts, org_path=path, hide=hide)
    if found.decision is None:
        error = None if found.refused is None else found.refused.text
        return Under(draft, found, error, (), (), (), True, notes)
    outcome = outcome_to_json(draft, found.decision)["outcome"]
    rows = found.decision.rows
    differs = rows != tuple(row.rows) or outcome != row.outcome
    return Under(
        draft,
        found,
        None,
        rows,
        outcome_lines(outcome, row.facts, hide),
        given_lines(draft, outcome, row.facts, hide),
        differs,
        notes,
    )


def window_notes(row: DecisionRow, then: Ruleset, draft: Ruleset) -> tuple[Text, ...]:
    """What to know of the windows of `draft` for a decision that `then` made."""
    found = []
    for name, derive in draft.derive.items():
        before = then.derive.get(name)
        if name not in row.facts:
            found.append(
                Text(
                    f"the window {name} was not counted at that time; it is taken as missing",
                    f"窗口 {name} 当时未统计，按缺失处理",
                )
            )
        elif before is None or meaning(before) != meaning(derive):
            found.append(
                Text(
                    f"the window {name} is defined otherwise in the draft; the value counted at "
                    "that time is used",
                    f"窗口 {name} 在草稿中定义不同；仍使用当时统计的值",
                )
            )
    return tuple(found)


def not_decided_so(under: Ruleset) -> RulebookError:
    """The refusal where a ruleset could have made none of the decisions."""
    return RulebookError(
        "NOT_DECIDED_SO",
        Text(
            f"no {under.kind} decision about a {under.subject} was made here, so {under.name} has "
            "nothing to say; choose a ruleset of a kind that decided",
            f"此处没有针对 {under.subject} 的 {under.kind} 决策，{under.name} 无从适用；"
            "请选择曾作出决策的种类",
        ),
        404,
    )
