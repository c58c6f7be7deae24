"""What the hit policy made of the rows that matched, in words."""

from __future__ import annotations

from collections.abc import Sequence

from engine.base.text import Text
from engine.rules.decide import Decision, DecisionRefused
from engine.rules.model import HitPolicy, Ruleset
from engine.rules.show import listed


def policy_text(
    ruleset: Ruleset,
    hits: Sequence[str],
    decision: Decision | None,
    refused: DecisionRefused | None,
) -> Text:
    """Why these rows decide, of those that matched."""
    if refused is not None:
        return Text(f"Not decided: {refused.text.en}.", f"未作决策：{refused.text.zh}。")
    if not hits:
        if ruleset.otherwise is None:
            return Text("No row matches, so there is no outcome.", "没有命中任何行，因此没有结果。")
        return Text(
            "No row matches: the outcome for all other cases applies.",
            "没有命中任何行：适用“其他情况”的结果。",
        )
    en, zh = listed(hits, "and"), "、".join(hits)
    if len(hits) == 1:
        return Text(f"Only {en} matches.", f"仅{zh}命中。")
    chosen = () if decision is None else decision.rows
    return _several(ruleset, Text(en, zh), chosen)


def _several(ruleset: Ruleset, hits: Text, chosen: Sequence[str]) -> Text:
    by = listed(list(ruleset.priority or {}), "and")
    first, order = "".join(chosen[:1]), Text(listed(chosen, "then"), "、".join(chosen))
    match ruleset.hit_policy:
        case HitPolicy.FIRST:
            return Text(
                f"{hits.en} match; {first} stands first and decides.",
                f"{hits.zh}均命中；{first}排在最前，据此决策。",
            )
        case HitPolicy.PRIORITY:
            return Text(
                f"{hits.en} match; {first} has the best priority by {by}, the upper row among "
                "equals, and decides.",
                f"{hits.zh}均命中；按{by}的优先级{first}最优（同级取靠上的行），据此决策。",
            )
        case HitPolicy.ANY:
            return Text(
                f"{hits.en} match and all give the same outcome.",
                f"{hits.zh}均命中，且结果相同。",
            )
        case HitPolicy.OUTPUT_ORDER:
            return Text(
                f"{hits.en} match; every one counts, in order of priority by {by}: {order.en}.",
                f"{hits.zh}均命中；全部计入，按{by}的优先级排序：{order.zh}。",
            )
        case HitPolicy.RULE_ORDER:
            return Text(
                f"{hits.en} match; every one counts, in the order of the table.",
                f"{hits.zh}均命中；全部计入，按表中次序。",
            )
        case _:
            return Text(f"{hits.en} match, and every one counts.", f"{hits.zh}均命中，全部计入。")


def reason_of_hit(ruleset: Ruleset, row: str, decided: Sequence[str]) -> Text:
    """Why a row that matched decides, or does not."""
    if row in decided:
        return Text("matches and decides", "命中并据此决策")
    if not decided:
        return Text("matches", "命中")
    if ruleset.hit_policy is HitPolicy.FIRST:
        return Text(f"matches, but {decided[0]} stands above it", f"命中，但{decided[0]}排在其前")
    return Text(f"matches, but {decided[0]} has priority", f"命中，但{decided[0]}优先")
