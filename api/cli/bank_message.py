"""`sluice bank message`: a bank's XML messages written for sample payments; nothing is sent."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.say import Format, Language, complain, explained, say, say_json
from engine.banks.profile import load_profile
from engine.banks.proving import Proved, prove_messages, refused
from engine.base.text import Text
from engine.runtime.clock import SystemClock

Bank = Annotated[str, typer.Argument(help="Folder of the bank, as `sluice banks` shows.")]
Show = Annotated[bool, typer.Option("--show", help="Print the messages too.")]


def message(bank: Bank, show: Show = False, output: Format = "full", lang: Language = "en") -> None:
    """Write a bank's XML messages for sample payments, checked; exit 1 when one is refused."""
    with explained(lang, output):
        proved = list(prove_messages(load_profile(bank), SystemClock()))
    if output == "json":
        say_json([_told(one, lang) for one in proved])
    else:
        for one in proved:
            if one.error is not None:
                complain(refused(one).say(lang))
                continue
            size = len(one.content)
            en = f"{one.direction} {one.message}: {size:,} bytes, as asked"
            say(Text(en, f"{one.direction} {one.message}：{size:,} 字节，与要求一致").say(lang))
            if show:
                say(one.text)
        if not proved:
            en = f"the profile of {bank} names no XML message (formats)"
            say(Text(en, f"{bank} 的配置没有指定 XML 报文（formats）").say(lang))
    if any(one.error is not None for one in proved):
        raise typer.Exit(1)


def _told(one: Proved, lang: Language) -> dict[str, str | int | None]:
    return {
        "direction": one.direction,
        "message": one.message,
        "bytes": len(one.content),
        "code": None if one.error is None else one.error.code,
        "text": None if one.error is None else one.error.text.say(lang),
    }


def add(group: typer.Typer) -> None:
    """Add the command to `sluice bank`."""
    group.command("message")(message)
