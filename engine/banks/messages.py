"""Which XML message a bank is sent: its profile names it, its folder or its connector's has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.banks.profile import BankProfile
from engine.formats.templates import find_message
from engine.formats.xml_out.definition import XmlMessage
from engine.formats.xml_out.rendering import Template


def bank_message(
    profile: BankProfile,
    direction: str,
    more: Iterable[str] = (),
    folders: Sequence[Path] | None = None,
) -> tuple[XmlMessage, Template]:
    """Definition and template for `direction` (pay or collect), read anew each time.

    `more` are values the connector adds. FormatError as `find_message` raises it.
    """
    name, template = (
        (profile.pay_format, profile.pay_template)
        if direction == "pay"
        else (profile.collect_format, profile.collect_template)
    )
    return find_message(name, (profile.id, profile.connector), template, more, folders)
