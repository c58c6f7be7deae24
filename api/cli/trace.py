"""`sluice trace NUMBER`: one payment from the source document to the voucher, from any number."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from typing import Annotated

import typer

from api.cli.say import Format, Language
from api.cli.workspace import WorkspaceOption, opened
from engine.base.money import format_major
from engine.base.text import Lang, Text
from engine.runtime.clock import BUSINESS_ZONE
from engine.runtime.db import transaction
from engine.treasury import trace as tracing
from engine.treasury.trace import Trace
from engine.treasury.trace.model import ApprovalStep


def trace(
    reference: Annotated[
        str,
        typer.Argument(help="Document, match, voucher or instruction number, or bank reference."),
    ],
    workspace: WorkspaceOption = None,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Follow one payment: source, rules, approvals, bank, statement line, voucher, messages."""
    with opened(workspace) as (_, _, engine), transaction(engine) as session:
        found = tracing.trace(session, reference)
    if output == "json":
        typer.echo(json.dumps([to_json(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        for line in written(one, lang):
            typer.echo(line)
    count = len(found)
    typer.echo(Text(f"{count} document(s)", f"{count} 张单据").say(lang))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("trace")(trace)


def to_json(one: Trace) -> object:
    """A trace as JSON: amounts as decimal text, instants in ISO form."""
    currency = one.document.currency
    return _plain(dataclasses.asdict(one), currency)


_MONEY = frozenset({"amount", "debit", "credit"})


def _plain(value: object, currency: str, name: str = "") -> object:
    if isinstance(value, dict):
        inside = str(value.get("currency", currency))
        return {str(key): _plain(part, inside, str(key)) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part, currency) for part in value]
    if isinstance(value, dt.datetime):
        return value.astimezone(BUSINESS_ZONE).isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if name in _MONEY and isinstance(value, int):
        return format_major(value, currency)
    return value


def written(one: Trace, lang: Lang) -> Iterator[str]:
    """A trace as lines of text, one step a line, in the order money takes."""

    def head(en: str, zh: str) -> str:
        return f"  {Text(en, zh).say(lang)}"

    document = one.document
    yield (
        f"{document.document_no}  {document.state}  {document.currency} "
        f"{format_major(document.amount, document.currency, grouped=True)}  "
        f"{document.counterparty_name or ''}"
    )
    source = one.source
    yield head("source", "来源") + (
        f"  {source.source_system} {source.source_document_no}  {source.document_batch_no}  "
        f"{_at(source.received_at)}"
    )
    for decision in one.decisions:
        rows = ", ".join(decision.rows) or "-"
        yield head("rule", "规则") + (
            f"  {decision.kind}  {decision.ruleset} {decision.version}  {rows}  {_at(decision.at)}"
        )
    for step in one.approvals:
        yield (
            head("approval", "审批")
            + (
                f"  {step.round}.{step.position} {step.role}  {step.state}  {_who(step, lang)}  "
                f"{_at(step.at)}  {step.comment or ''}"
            ).rstrip()
        )
    for attempt in one.attempts:
        yield head("payment batch", "支付批") + (
            f"  {attempt.message_id} ({attempt.batch_items})  {attempt.bank_id}  "
            f"{_at(attempt.sent_at)}"
        )
        yield (
            head("attempt", "指令")
            + (
                f"  {attempt.instruction_id}  {attempt.state}  {attempt.bank_code or ''} "
                f"{(attempt.bank_text_zh if lang == 'zh' else None) or attempt.bank_text or ''}"
            ).rstrip()
        )
        for message in attempt.messages:
            yield head("bank", "银行") + (
                f"  {message.kind}  {message.outcome}  {message.sha256[:12]}  {_at(message.at)}"
            )
    for match in one.matches:
        for line in match.lines:
            amount = format_major(line.amount, line.currency, grouped=True)
            yield head("statement line", "银行明细") + (
                f"  {line.booking_date}  {line.direction}  {amount}  {line.bank_reference or ''}"
            )
        yield head("match", "核对") + (
            f"  {match.match_no}  {match.kind}  {match.state}  {match.rule_row or ''}  "
            f"{match.matched_by}  {_at(match.matched_at)}"
        )
    for voucher in one.vouchers:
        yield (
            head("voucher", "凭证")
            + (
                f"  {voucher.number}  {voucher.date}  {voucher.event}  {voucher.reverses or ''}"
            ).rstrip()
        )
        for entry in voucher.lines:
            debit, credit = (
                format_major(side, voucher.currency, grouped=True) if side else ""
                for side in (entry.debit, entry.credit)
            )
            name = Text(entry.account_en, entry.account_zh).say(lang)
            yield f"    {entry.account}  {name}  {debit:>18}  {credit:>18}  {entry.text}"
    for told in one.messages:
        yield head("to the source", "通知来源") + (
            f"  {told.status}  {told.state}  {_at(told.acked_at or told.created_at)}"
        )


def _who(step: ApprovalStep, lang: Lang) -> str:
    """Who decided, and in whose place."""
    if step.user is None or step.on_behalf_of is None:
        return step.user or ""
    return Text(f"{step.user} for {step.on_behalf_of}", f"{step.user} 代 {step.on_behalf_of}").say(
        lang
    )


def _at(instant: dt.datetime | None) -> str:
    if instant is None:
        return "-"
    return instant.astimezone(BUSINESS_ZONE).strftime("%Y-%m-%d %H:%M:%S +08:00")
