"""Edits and differences of a vocabulary in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from engine.base.text import Text
from engine.rules.model import Vocabulary, Word
from engine.rules.word_sentences import property_sentence
from engine.rules.words.differences import WordDiff
from engine.rules.words.edits import (
    AddListed,
    AddWord,
    RemoveListed,
    RemoveWord,
    SetLabel,
    SetType,
    WordEdit,
)


def told_diff(diff: WordDiff, new: Vocabulary) -> list[Text]:
    """One sentence for each word that came or went and each property that changed."""
    return list(_told(diff, new))


def _told(diff: WordDiff, new: Vocabulary) -> Iterator[Text]:
    for name in diff.added:
        yield _new(new.words[name])
    for name in diff.removed:
        yield Text(f"The word {name} is gone.", f"删除词 {name}。")
    for path, (was, now) in diff.changed.items():
        name, _, key = path.partition(".")
        if key.startswith("values."):
            value, _, lang = key.removeprefix("values.").rpartition(".")
            yield property_sentence(f"{name} = {value}", lang, was, now)
        elif key == "values" and was is not None and now is not None:
            yield from _values(name, was.split(", "), now.split(", "), new.words[name])
        elif key == "iso20022":
            yield Text(
                f"The ISO 20022 name of {name} is now {now or 'none'} instead of {was or 'none'}.",
                f"{name} 的 ISO 20022 名称由{was or '无'}改为{now or '无'}。",
            )
        else:
            yield property_sentence(name, key, was, now)


def _new(word: Word) -> Text:
    values = ""
    if word.values:
        values = ", ".join(f"{code} {label.zh}" for code, label in word.values.items())
    closed = Text(f"; its values: {values}", f"；取值：{values}") if values else Text("", "")
    return Text(
        f"The word {word.name} ({word.label.en}, {word.label.zh}) of type {word.type.value} is "
        f"new{closed.en}.",
        f"新增词 {word.name}（{word.label.zh}，{word.label.en}），"
        f"类型 {word.type.value}{closed.zh}。",
    )


def _values(name: str, was: list[str], now: list[str], word: Word) -> Iterator[Text]:
    for value in now:
        if value not in was:
            label = (word.values or {})[value]
            yield Text(
                f"The word {name} may now also be {value} ({label.en}, {label.zh}).",
                f"词 {name} 新增取值 {value}（{label.zh}，{label.en}）。",
            )
    for value in was:
        if value not in now:
            yield Text(
                f"The word {name} may no longer be {value}.", f"词 {name} 不再有取值 {value}。"
            )


def edit_text(edit: WordEdit) -> Text:
    """One edit as its author means it."""
    match edit:
        case AddWord():
            return Text(
                f"new word {edit.word} ({edit.en}, {edit.zh}), {edit.type}",
                f"新增词 {edit.word}（{edit.zh}，{edit.en}），{edit.type}",
            )
        case AddListed():
            return Text(
                f"{edit.word}: new value {edit.value} ({edit.en}, {edit.zh})",
                f"{edit.word}：新增取值 {edit.value}（{edit.zh}，{edit.en}）",
            )
        case SetLabel():
            what = edit.word if edit.value is None else f"{edit.word} = {edit.value}"
            return Text(
                f"{what}: called {edit.en}, {edit.zh}", f"{what}：改称 {edit.zh}，{edit.en}"
            )
        case SetType():
            return Text(f"{edit.word}: type {edit.type}", f"{edit.word}：类型改为 {edit.type}")
        case RemoveWord():
            return Text(f"word {edit.word} removed", f"删除词 {edit.word}")
        case RemoveListed():
            return Text(
                f"{edit.word}: value {edit.value} removed", f"{edit.word}：删除取值 {edit.value}"
            )
