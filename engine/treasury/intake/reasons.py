"""Why a row or a document is not taken as it is: every reason with code, place and sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.base.text import SluiceError, Text
from engine.runtime.jsontypes import JsonValue


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `code` is ours, or the rule's id where `rule` names the ruleset."""

    code: str
    column: str | None
    text: Text
    ruleset: str | None = None

    @property
    def rule(self) -> str:
        """The rule as it is told to others: payment-validation:V1, or our own code."""
        return f"{self.ruleset}:{self.code}" if self.ruleset else self.code

    def to_json(self) -> dict[str, JsonValue]:
        """The form of answers and of refused_row.reasons."""
        return {
            "code": self.rule,
            "column": self.column,
            "message_en": self.text.en,
            "message_zh": self.text.zh,
        }


def to_json(reasons: Sequence[Reason]) -> list[JsonValue]:
    """All of them."""
    return [reason.to_json() for reason in reasons]


class IntakeError(SluiceError):
    """A file or a request that cannot be taken at all; `status` is its HTTP status."""

    def __init__(self, code: str, text: Text, status: int = 422) -> None:
        super().__init__(code, text)
        self.status = status


def unknown_organisation(code: str) -> Reason:
    """No such organisation, or none the user may enter documents for: not told apart."""
    return Reason(
        "ORGANISATION_UNKNOWN",
        "organisation",
        Text(
            f"organisation {code} is unknown or not yours; use a code from the organisation tree",
            f"机构 {code} 不存在或不在您的权限内;请使用机构树中的代码",
        ),
    )


def number_taken(source_no: str, document_no: str) -> Reason:
    """The source number has another content already."""
    return Reason(
        "DUPLICATE_NUMBER",
        "source_document_no",
        Text(
            f"{source_no} was sent before with other content, as {document_no}; "
            "void that one and send a new number",
            f"来源单号 {source_no} 已存在且内容不同({document_no});请作废原单并使用新单号",
        ),
    )


def number_twice(source_no: str, row: int) -> Reason:
    """Two rows of one file have one number."""
    return Reason(
        "DUPLICATE_IN_FILE",
        "source_document_no",
        Text(
            f"{source_no} stands in row {row} too; give each document its own number",
            f"来源单号 {source_no} 与第 {row} 行重复;每张单据须有自己的单号",
        ),
    )
