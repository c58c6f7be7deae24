"""Texts of facts that a reader sees masked, wherever a decision wrote them."""

from __future__ import annotations

from collections.abc import Mapping

from engine.rules.reasons import Hide


def masks_of(facts: Mapping[str, object], hide: Hide) -> dict[str, str]:
    """Texts of facts that `hide` masks -> as they may be shown."""
    return {
        value: hidden
        for name, value in facts.items()
        if isinstance(value, str) and value and (hidden := hide(name, value)) != value
    }


def masked_text(text: str, masks: Mapping[str, str]) -> str:
    """A text with whatever `masks` names masked, wherever it was written into it."""
    for full, hidden in masks.items():
        text = text.replace(full, hidden)
    return text


def masked_json(value: object, masks: Mapping[str, str]) -> object:
    """An outcome in its JSON form with its texts masked."""
    if isinstance(value, str):
        return masked_text(value, masks)
    if isinstance(value, Mapping):
        return {name: masked_json(one, masks) for name, one in value.items()}
    if isinstance(value, list):
        return [masked_json(one, masks) for one in value]
    return value
