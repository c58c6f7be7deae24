"""What a `derive:` column counts, in words."""

from __future__ import annotations

from engine.base.text import Text
from engine.rules.model import Derive
from engine.rules.reasons import Reasons
from engine.rules.show import listed, show_duration

_FUNCTIONS = {
    "count": Text("number", "笔数"),
    "sum": Text("total", "合计"),
    "min": Text("smallest", "最小值"),
    "max": Text("largest", "最大值"),
    "last": Text("latest", "最近值"),
    "distinct": Text("number of different values", "不同取值个数"),
}


def window_text(words: Reasons, derive: Derive) -> str:
    """ "number of earlier ones with the same creditor account and amount within 3 days"."""
    speaker = words.speaker
    function = _FUNCTIONS[derive.function].say(speaker.lang)
    same = [speaker.name(name) for name in derive.same]
    within = show_duration(derive.within, speaker.lang)
    named = "" if derive.of_label is None else derive.of_label.say(speaker.lang)
    of = "" if derive.function == "count" else named
    itself = speaker.say(", this one included", "，含本笔") if derive.include_self else ""
    keys = f" with the same {listed(same, 'and')}" if same else ""
    en = f"{function} of {of or 'earlier ones'}{' of earlier ones' if of else ''}{keys}"
    alike = f"{'、'.join(same)}相同的" if same else ""
    zh = f"此前{within}内{alike}{'各笔' if of else ''}{of}{function}"
    states = _states(derive)
    return speaker.say(f"{en} within {within}{itself}{states.en}", f"{zh}{itself}{states.zh}")


def _states(derive: Derive) -> Text:
    if not derive.states:
        return Text("", "")
    if derive.states == ("live",):
        return Text(" (live ones only)", "（仅限有效的）")
    return Text(
        f" (only in state {listed(derive.states, 'or')})", f"（仅限状态{'、'.join(derive.states)}）"
    )
