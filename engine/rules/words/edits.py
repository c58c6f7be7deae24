"""What can be changed in a vocabulary, as values. `do` names an edit where it travels as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

_STRICT: dict[str, str] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(_Edit):
    """A value of a closed list with its labels."""

    value: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddWord(_Edit):
    """A new word. `values` close it, `minimum` and `type` are as the file writes them.

    It stands below the word `after`, else at the end.
    """

    do: Literal["add_word"] = "add_word"
    word: str
    type: str
    en: str
    zh: str
    iso20022: str | None = None
    values: tuple[Listed, ...] = ()
    nullable: bool = False
    minimum: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddListed(_Edit):
    """A new value of a word that is closed to a list."""

    do: Literal["add_value"] = "add_value"
    word: str
    value: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLabel(_Edit):
    """Other labels of a word, or of one of its values."""

    do: Literal["set_label"] = "set_label"
    word: str
    value: str | None = None
    en: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetType(_Edit):
    """Another type of a word that no ruleset uses."""

    do: Literal["set_type"] = "set_type"
    word: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveWord(_Edit):
    """A word that no ruleset uses goes."""

    do: Literal["remove_word"] = "remove_word"
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveListed(_Edit):
    """A value that no ruleset names goes from a word's list."""

    do: Literal["remove_value"] = "remove_value"
    word: str
    value: str


WordEdit = AddWord | AddListed | SetLabel | SetType | RemoveWord | RemoveListed
