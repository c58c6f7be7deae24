"""A proposed vocabulary as a page shows it: changed lines with what differs in them marked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from engine.base.text import Lang, Text
from engine.rules.edit.lines import line_diff
from engine.rules.model import Type
from engine.rules.words import (
    AddListed,
    AddWord,
    Listed,
    RemoveListed,
    RemoveWord,
    SetLabel,
    SetType,
    WordEdit,
)

TYPES = tuple(one for one in Type if one not in {Type.CHAIN, Type.LIST})
"""What a word can be."""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line that went or came: what stands before and behind what differs."""

    sign: Literal["-", "+"]
    before: str
    changed: str
    after: str


def shown_lines(old: str, new: str) -> list[ShownLine]:
    """The changed lines; a line that was rewritten stands as a pair."""
    found: list[ShownLine] = []
    gone: list[str] = []
    come: list[str] = []
    for line in [*line_diff(old, new), "@@"]:
        if line.startswith("@@"):
            found += _pairs(gone, come)
            gone, come = [], []
        elif line.startswith("-"):
            gone.append(line[1:])
        else:
            come.append(line[1:])
    return found


def _pairs(gone: list[str], come: list[str]) -> Iterator[ShownLine]:
    for at in range(max(len(gone), len(come))):
        old = gone[at] if at < len(gone) else None
        new = come[at] if at < len(come) else None
        if old is not None and new is not None:
            yield from _pair(old, new)
        elif old is not None:
            yield ShownLine("-", "", old, "")
        elif new is not None:
            yield ShownLine("+", "", new, "")


def _pair(old: str, new: str) -> Iterator[ShownLine]:
    most = min(len(old), len(new))
    head = next((i for i in range(most) if old[i] != new[i]), most)
    left = most - head
    tail = next((i for i in range(left) if old[-1 - i] != new[-1 - i]), left)
    yield ShownLine("-", old[:head], old[head : len(old) - tail], old[len(old) - tail :])
    yield ShownLine("+", new[:head], new[head : len(new) - tail], new[len(new) - tail :])


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wrote into the form of a change; which parts count depends on `do`."""

    do: str = "add_value"
    word: str = ""
    value: str = ""
    en: str = ""
    zh: str = ""
    type: str = "code"
    iso20022: str = ""
    values: str = ""
    """Lines of `code = English = 中文`."""
    nullable: bool = False
    minimum: str = ""
    after: str = ""


def edit_of(asked: Asked) -> WordEdit:
    """The edit that is asked for; a kind that there is not is a removal of nothing."""
    word, value = asked.word.strip(), asked.value.strip()
    match asked.do:
        case "add_word":
            return AddWord(
                word=word,
                type=asked.type,
                en=asked.en,
                zh=asked.zh,
                iso20022=asked.iso20022.strip() or None,
                values=tuple(_listed(asked.values)) if asked.type == Type.CODE else (),
                nullable=asked.nullable,
                minimum=asked.minimum.strip() or None,
                after=asked.after or None,
            )
        case "add_value":
            return AddListed(word=word, value=value, en=asked.en, zh=asked.zh)
        case "set_label":
            return SetLabel(word=word, value=value or None, en=asked.en, zh=asked.zh)
        case "set_type":
            return SetType(word=word, type=asked.type)
        case _:
            return RemoveListed(word=word, value=value) if value else RemoveWord(word=word)


def _listed(written: str) -> Iterator[Listed]:
    for line in written.replace("＝", "=").splitlines():
        if line.strip():
            value, en, zh, *_ = [one.strip() for one in (*line.split("="), "", "")]
            yield Listed(value=value, en=en if zh else value.replace("_", " "), zh=zh or en)


def why_text(why: tuple[Text, ...], lang: Lang) -> str:
    """Why a ruleset breaks, in one sentence."""
    return ("；" if lang == "zh" else "; ").join(one.say(lang) for one in why)
