"""What a `derive:` column counts, in words."""

from __future__ import annotations

from decimal import Decimal

from engine.base.text import Text
from engine.rules.model import Derive
from engine.rules.reasons import Reasons
from engine.rules.show import listed, show_duration

_FUNCTIONS = {
    "any": Text("whether there is one", "是否存在"),
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
    of = "" if derive.counts else named
    itself = speaker.say(", this one included", "，含本笔") if derive.include_self else ""
    keys = (f" with the same {listed(same, 'and')}" if same else "") + "".join(
        more.en for more in _compared(words, derive)
    )
    en = f"{function} of {of or 'earlier ones'}{' of earlier ones' if of else ''}{keys}"
    alike = (f"{'、'.join(same)}相同" if same else "") + "".join(
        more.zh for more in _compared(words, derive)
    )
    alike = f"{alike}的" if alike else ""
    zh = f"此前{within}内{alike}{'各笔' if of else ''}{of}{function}"
    states = _states(derive)
    return speaker.say(f"{en} within {within}{itself}{states.en}", f"{zh}{itself}{states.zh}")


def _compared(words: Reasons, derive: Derive) -> list[Text]:
    """What else must hold between the two, each as a part of the sentence."""
    name = words.speaker.name
    found = [Text(f", another {name(one)}", f"、{name(one)}不同") for one in derive.differs]
    found += [
        Text(f", the same or no {name(one)}", f"、{name(one)}相同或缺失")
        for one in derive.same_or_missing
    ]
    found += [
        Text(
            f", {name(one)} within {_percent(share)}",
            f"、{name(one)}相差不超过{_percent(share)}",
        )
        for one, share in derive.near
    ]
    if not derive.cleared:
        found.append(Text(", not cleared", "、未经澄清"))
    return found


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}%"


def _states(derive: Derive) -> Text:
    if not derive.states:
        return Text("", "")
    if derive.states == ("live",):
        return Text(" (live ones only)", "（仅限有效的）")
    return Text(
        f" (only in state {listed(derive.states, 'or')})", f"（仅限状态{'、'.join(derive.states)}）"
    )
