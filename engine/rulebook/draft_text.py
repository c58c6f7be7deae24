"""The text of a draft: what may be kept, and what it calls itself."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.text import Text
from engine.base.yaml_marks import MAX_BYTES
from engine.rulebook.errors import RulebookError
from engine.rules.outline import outline
from engine.rules.registry import find_kind


@dataclass(frozen=True, slots=True)
class Heading:
    """What a text calls itself, read even when the rest cannot be: empty where it does not say.

    `kind` is one there is: a slip in the name of it is no kind.
    """

    kind: str
    name: str
    org_id: str
    subject: str


def heading(text: str) -> Heading:
    """Kind, name, scope and subject of a ruleset text."""
    found, _ = outline(text)
    if found is None:
        return Heading("", "", "", "")
    kind = found.get("kind")
    known = kind if find_kind(kind) is not None else ""
    said = (found.get(key) for key in ("name", "scope.org", "scope.subject"))
    return Heading(known, *said)


def refuse_too_large(text: str) -> None:
    """The one limit of a ruleset's text, in bytes, however it comes. Raises RulebookError
    DRAFT_TOO_LARGE."""
    size = len(text.encode("utf-8", "replace"))
    if size > MAX_BYTES:
        raise RulebookError(
            "DRAFT_TOO_LARGE",
            Text(
                f"the text has {size:,} bytes; {MAX_BYTES:,} are allowed: split the ruleset",
                f"文本共 {size:,} 字节,最多允许 {MAX_BYTES:,} 字节;请拆分规则集",
            ),
            413,
        )


def clean_text(text: str) -> str:
    """The text with LF line ends, as it is stored. Raises RulebookError DRAFT_TOO_LARGE,
    DRAFT_CHARACTERS."""
    clean = text.replace("\r\n", "\n").replace("\r", "\n")
    refuse_too_large(clean)
    if not is_text(clean):
        raise RulebookError(
            "DRAFT_CHARACTERS",
            Text(
                "the text holds characters that are no text (NUL, half a surrogate pair); save "
                "the file as UTF-8",
                "文本含有非文本字符(NUL 或不完整的代理对);请以 UTF-8 保存文件",
            ),
        )
    return clean


def is_text(given: str) -> bool:
    """Whether it can be stored as text: no NUL, no half of a surrogate pair."""
    return not any(one == "\x00" or "\ud800" <= one <= "\udfff" for one in given)
