"""A stored decision as an example of a ruleset text: the edits, and what they come to in words."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.rulebook.errors import RulebookError
from engine.rulebook.models import DecisionRow
from engine.rulebook.texts import ruleset_in
from engine.rulebook.why import not_decided_so, window_notes
from engine.rules import facts_from_json, outcome_to_json
from engine.rules.decide import DecisionRefused
from engine.rules.edit import Edited, apply
from engine.rules.model import Ruleset
from engine.rules.new_example import NewExample, columns_text, new_example, undecided


@dataclass(frozen=True, slots=True)
class ProposedExample:
    """An example for a text: its edits, the text with it, and what it expects.

    `differs`: the text decides otherwise than was recorded, and the example expects what the text
    decides.
    """

    example: NewExample
    edited: Edited
    differs: bool
    notes: tuple[Text, ...]


def propose_example(
    session: Session, row: DecisionRow, text: str, ruleset: Ruleset
) -> ProposedExample:
    """The example that a stored decision makes in `text`, which was read as `ruleset`.

    Whether the user may copy the facts is the caller's question. Raises RulebookError
    NOT_DECIDED_SO, and as engine.rules.new_example and engine.rules.edit.
    """
    if (row.kind, row.subject) != (ruleset.kind, ruleset.subject):
        raise not_decided_so(ruleset)
    try:
        facts = facts_from_json(ruleset, row.facts)
    except DecisionRefused as refused:
        raise undecided(refused) from None
    example = new_example(text, ruleset, facts, tuple(row.org_path.split("/")))
    outcome = outcome_to_json(ruleset, example.decision)["outcome"]
    differs = example.decision.rows != tuple(row.rows) or outcome != row.outcome
    then = ruleset_in(session, row.revision_id, row.ruleset_hash, row.business_date)
    columns = columns_text(example.columns)
    notes = (
        _expects(example, row, differs=differs),
        *(() if columns is None else (columns,)),
        *window_notes(row, then, ruleset),
    )
    return ProposedExample(example, apply(text, example.edits), differs, notes)


def decision_of_kind(session: Session, decision_ids: list[int], ruleset: Ruleset) -> DecisionRow:
    """The last of these decisions that `ruleset` could have made.

    Raises RulebookError NOT_DECIDED_SO.
    """
    found = session.exec(
        select(DecisionRow)
        .where(
            col(DecisionRow.id).in_(decision_ids),
            DecisionRow.kind == ruleset.kind,
            DecisionRow.subject == ruleset.subject,
        )
        .order_by(col(DecisionRow.decided_at).desc(), col(DecisionRow.id).desc())
        .limit(1)
    ).first()
    if found is None:
        raise not_decided_so(ruleset)
    return found


def several_documents(number: str, count: int) -> RulebookError:
    """The refusal of a number that leads to more than one document."""
    return RulebookError(
        "DOCUMENT_AMBIGUOUS",
        Text(
            f"{number} leads to {count} documents; give the number of one of them",
            f"{number} 对应 {count} 张单据；请输入其中一张的单据号",
        ),
        409,
    )


def _expects(example: NewExample, row: DecisionRow, *, differs: bool) -> Text:
    now, then = _rows(example.decision.rows), _rows(row.rows)
    if not differs:
        return Text(
            f"The example expects {now.en}, as was decided.", f"示例期望{now.zh}，与原决策一致。"
        )
    if example.decision.rows == tuple(row.rows):
        return Text(
            f"The example expects {now.en}, as was decided, with the other outcome of this text; "
            "if that is not meant, correct the rows.",
            f"示例期望{now.zh}，命中行与原决策一致，但结果取自当前文本，与原结果不同；"
            "如非本意，请更正规则行。",
        )
    return Text(
        f"The example expects {now.en}, as this text decides; what was decided is {then.en}. "
        "If that is not meant, correct the rows.",
        f"示例按当前文本期望{now.zh}；原决策为{then.zh}。如非本意，请更正规则行。",
    )


def _rows(rows: tuple[str, ...] | list[str]) -> Text:
    if not rows:
        return Text("no row", "不命中任何行")
    return Text(", ".join(rows), "、".join(rows))
