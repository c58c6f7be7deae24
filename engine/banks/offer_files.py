"""A bank's offer file: bank_templates/<bank>/offer_file.yaml, checked before anything uses it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

from engine.banks.profile import (
    BankProfile,
    ProfileError,
    UniqueKeys,
    bank_file,
    invalid_profile,
    load_profile,
)
from engine.base.text import Text
from engine.formats.delimited import (
    DETAIL_FIELDS,
    HEAD_FIELDS,
    RETURN_FIELDS,
    Column,
    Layout,
    ReturnFile,
    ReturnLayout,
    offer_faults,
    read_return,
    write_offer,
)
from engine.formats.iso20022.pain002 import Reading
from engine.formats.payment import ItemFault, Limits, PaymentMessage

_SCHEMA = Path(__file__).with_name("offer_file.schema.json")
_LINE_ENDS = {"crlf": "\r\n", "lf": "\n"}
_NEEDED = {"header": ("message_id",), "detail": ("instruction_id", "amount", "code"), "trailer": ()}
"""Without these a return file says nothing about a payment of ours."""


@dataclass(frozen=True, slots=True)
class OfferBank:
    """A bank that is sent files: what the instruction machine writes and reads them with."""

    profile: BankProfile
    layout: Layout

    def check(self, message: PaymentMessage) -> tuple[ItemFault, ...]:
        """Why items cannot stand in this bank's file."""
        return offer_faults(message, self.layout)

    def render(self, message: PaymentMessage) -> bytes:
        """The bytes of the file; FormatError when `check` has faults."""
        return write_offer(message, self.layout)

    def read(self, content: bytes, currency: str) -> ReturnFile:
        """A return file of this bank; FormatError."""
        return read_return(content, self.layout, currency)

    def file_name(self, message_id: str, copy: int = 0) -> str:
        """What the file is called; a copy says so."""
        return f"{message_id}{f'-COPY{copy}' if copy else ''}.{self.layout.extension}"

    def meaning(self, code: str) -> Reading:
        """What a code of its return file means at most; what is listed nowhere is unknown."""
        if code in self.layout.reply.paid:
            return Reading.PAID
        return Reading.REJECTED if code in self.layout.reply.failed else Reading.UNKNOWN


def offer_bank(bank: str, folders: Sequence[Path] | None = None) -> OfferBank:
    """The bank with its layout; ProfileError PROFILE_MISSING, PROFILE_INVALID, LAYOUT_MISSING."""
    path = bank_file(bank, "offer_file.yaml", folders)
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ProfileError(
            "LAYOUT_MISSING",
            Text(
                f"bank {bank} takes no offer files: {path.name} is missing in its folder; add it "
                "or route the document otherwise",
                f"银行 {bank} 没有报盘文件布局 {path.name};请添加,或调整路由规则",
            ),
        ) from error
    return OfferBank(load_profile(bank, folders), parse_layout(content, str(path)))


def parse_layout(content: str, file: str) -> Layout:
    """Read a layout's text; ProfileError PROFILE_INVALID names `file` and the place."""
    try:
        raw = yaml.load(content, Loader=UniqueKeys)  # noqa: S506 - a SafeLoader that refuses more
    except yaml.YAMLError as error:
        raise invalid_profile(file, str(error)) from error
    for problem in _validator().iter_errors(raw):
        place = ".".join(str(part) for part in problem.absolute_path) or "the file"
        raise invalid_profile(file, f"{place}: {problem.message}")
    reply, limits, separator = raw["return"], raw["limits"], raw["separator"]
    codes = reply["codes"]
    if both := set(codes["paid"]) & set(codes["failed"]):
        raise invalid_profile(file, f"return.codes: {sorted(both)} mean two things")
    for part, fields in _NEEDED.items():
        for field in fields:
            if field not in reply[part]:
                raise invalid_profile(file, f"return.{part}: {field} is missing")
    answer = {
        part: _line(file, f"return.{part}", reply[part], RETURN_FIELDS, separator)
        for part in _NEEDED
    }
    return Layout(
        encoding=raw["encoding"],
        separator=separator,
        line_end=_LINE_ENDS[raw["line_end"]],
        extension=raw["extension"],
        limits=Limits(**limits, encoding=None if raw["encoding"] == "utf-8" else raw["encoding"]),
        header=_line(file, "header", raw["header"], HEAD_FIELDS, separator),
        detail=_line(file, "detail", raw["detail"], DETAIL_FIELDS, separator),
        trailer=_line(file, "trailer", raw["trailer"], HEAD_FIELDS, separator),
        reply=ReturnLayout(
            header=answer["header"],
            detail=answer["detail"],
            trailer=answer["trailer"],
            whole=reply["whole"],
            paid=frozenset(codes["paid"]),
            failed=frozenset(codes["failed"]),
        ),
    )


def _line(
    file: str,
    place: str,
    cells: list[str | dict[str, str]],
    known: tuple[str, ...],
    separator: str,
) -> tuple[Column, ...]:
    columns = []
    for cell in cells:
        if isinstance(cell, dict):
            if separator in cell["constant"]:
                raise invalid_profile(file, f"{place}: {cell['constant']!r} has the separator")
            columns.append(Column(constant=cell["constant"]))
        elif cell in known:
            columns.append(Column(field=cell))
        else:
            raise invalid_profile(
                file, f"{place}: {cell!r} is no field; use one of {', '.join(known)}"
            )
    return tuple(columns)


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(_SCHEMA.read_text(encoding="utf-8")))
