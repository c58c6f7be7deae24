"""Changed words of the vocabulary, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.base.text import Text
from engine.rules.model import Ruleset
from engine.rules.show import listed
from engine.rules.word_changes import Change


def word_sentences(new: Ruleset, changes: Mapping[str, Change]) -> Iterator[Text]:
    """One sentence for each property of a word that changed."""
    for path, (was, now) in changes.items():
        name, _, key = path.partition(".")
        yield property_sentence(new.facts[name].name, key, was, now)


def property_sentence(name: str, key: str, was: str | None, now: str | None) -> Text:
    """What one property of the word `name` was and is; `key` as in WordDiff."""
    word = f"The word {name}"
    match key:
        case "values":
            return _values(name, was, now)
        case "nullable":
            if now == "true":
                return Text(f"{word} may now be missing.", f"词 {name} 现在可以缺失。")
            return Text(f"{word} may no longer be missing.", f"词 {name} 不得再缺失。")
        case "type":
            return Text(
                f"{word} is now of type {now} instead of {was}.",
                f"词 {name} 的类型由{was}改为{now}。",
            )
        case "min":
            none = Text("none", "无")
            return Text(
                f"The least value of {name} is now {now or none.en} instead of {was or none.en}.",
                f"词 {name} 的最小值由{was or none.zh}改为{now or none.zh}。",
            )
        case _:
            language = Text("English", "英文") if key == "en" else Text("Chinese", "中文")
            return Text(
                f'{word} is now called "{now}" instead of "{was}" in {language.en}.',
                f"词 {name} 的{language.zh}名称由“{was}”改为“{now}”。",
            )


def _values(name: str, was: str | None, now: str | None) -> Text:
    if now is None:
        return Text(f"The word {name} may now have any value.", f"词 {name} 现在可取任意值。")
    if was is None:
        listing = now.split(", ")
        return Text(
            f"The word {name} may now only be {listed(listing, 'or')}.",
            f"词 {name} 现在只能为{'、'.join(listing)}。",
        )
    before, after = was.split(", "), now.split(", ")
    come = [one for one in after if one not in before]
    gone = [one for one in before if one not in after]
    en = ([f"may now also be {listed(come, 'or')}"] if come else []) + (
        [f"may no longer be {listed(gone, 'or')}"] if gone else []
    )
    zh = ([f"新增取值{'、'.join(come)}"] if come else []) + (
        [f"不再有取值{'、'.join(gone)}"] if gone else []
    )
    if not en:
        return Text(
            f"The values of the word {name} stand in another order.", f"词 {name} 的取值次序改变。"
        )
    return Text(f"The word {name} {' and '.join(en)}.", f"词 {name} {'，'.join(zh)}。")
