"""Exact edits of a vocabulary's text, and what two vocabularies differ in.

worded = edit_words(text, [AddListed(word="business_type", value="bonus", en="bonus", zh="红利")])
"""

from engine.rules.words.apply import edit_words
from engine.rules.words.differences import WordDiff, word_diff
from engine.rules.words.edits import (
    AddListed,
    AddWord,
    Listed,
    RemoveListed,
    RemoveWord,
    SetLabel,
    SetType,
    WordEdit,
)
from engine.rules.words.telling import edit_text, told_diff

__all__ = [
    "AddListed",
    "AddWord",
    "Listed",
    "RemoveListed",
    "RemoveWord",
    "SetLabel",
    "SetType",
    "WordDiff",
    "WordEdit",
    "edit_text",
    "edit_words",
    "told_diff",
    "word_diff",
]
