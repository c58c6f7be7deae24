"""The impact of a planned version in a sentence, for the command line and pages."""

from __future__ import annotations

from engine.base.money import format_major
from engine.base.text import Text
from engine.rulebook.impact import DAYS, Impact


def impact_text(impact: Impact | Text) -> Text:
    """How many documents would change outcome and how much money they are, or why not known."""
    if isinstance(impact, Text):
        return Text(f"no history: {impact.en}", f"无历史数据：{impact.zh}")
    amount = f"{impact.currency} {format_major(impact.amount, impact.currency, grouped=True)}"
    made_up = Text("", "")
    if impact.made_up:
        made_up = Text(
            f"; {impact.made_up:,} of the documents are made up (demo)",
            f"；其中 {impact.made_up:,} 笔为演示用虚构单据（demo）",
        )
    return Text(
        f"impact: {impact.changed:,} of {impact.documents:,} documents of the last {DAYS} days "
        f"change outcome ({amount}){made_up.en}",
        f"影响：近 {DAYS} 天 {impact.documents:,} 笔单据中 {impact.changed:,} 笔结果改变"
        f"（{amount}）{made_up.zh}",
    )
