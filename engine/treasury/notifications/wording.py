"""What a notification says: the fields of its alert, filled into a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from jinja2 import TemplateError
from sqlmodel import Session

from engine.base.masking import mask_long_numbers, masked
from engine.base.message_folders import SHIPPED, STANDARD, names
from engine.base.money import format_major
from engine.base.text import Lang
from engine.formats.message_templates import Channel, MessageTemplate, Rendered, load
from engine.formats.reading import FormatError
from engine.rules.kinds.alerts import KIND
from engine.runtime.clock import BUSINESS_ZONE
from engine.treasury.alerts.models import Alert
from engine.treasury.organisations.models import Organisation, UserAccount

_MATTERS: Mapping[str, str] = {
    "document": """
        SELECT d.document_no, d.counterparty_name AS payee, d.amount, d.currency, d.purpose,
          d.business_reference, d.counterparty_account AS theirs, a.number AS ours
        FROM document d LEFT JOIN bank_account a ON a.id = d.account_id WHERE d.id = :id""",
    "attempt": """
        SELECT d.document_no, t.counterparty_name AS payee, t.amount, b.currency, d.purpose,
          d.business_reference, t.counterparty_account AS theirs, b.account_number AS ours
        FROM attempt t JOIN payment_batch b ON b.id = t.batch_id
        JOIN document d ON d.id = t.document_id WHERE t.id = :id""",
    "statement_line": """
        SELECT l.our_reference AS document_no, l.counterparty_name AS payee, l.amount, l.currency,
          l.remittance AS purpose, l.bank_reference AS business_reference,
          l.counterparty_account AS theirs, a.number AS ours
        FROM statement_line l JOIN bank_account a ON a.id = l.account_id WHERE l.id = :id""",
    "bank_account": """
        SELECT NULL AS document_no, NULL AS payee, NULL AS amount, a.currency, NULL AS purpose,
          NULL AS business_reference, NULL AS theirs, a.number AS ours
        FROM bank_account a WHERE a.id = :id""",
}
"""Where the five fields stand, by the kind of an alert's subject."""

_DOCUMENTS = frozenset({"document", "attempt"})


@dataclass(frozen=True, slots=True)
class Worded:
    """A message and the template that made it."""

    template: str
    sha256: str
    text: Rendered


def word(session: Session, alert: Alert, person: UserAccount, channel: Channel) -> Worded:
    """The message in the person's language.

    A template that is missing or bad is replaced by the standard one: telling plainly is better
    than not telling. When one's own standard is bad too, the shipped one is taken.
    """
    lang: Lang = "zh" if person.language == "zh" else "en"
    template = _template(alert)
    told = fields(session, alert, person, lang)
    try:
        text = template.render(channel, lang, told)
    except (TypeError, TemplateError):  # it reads well and cannot be filled in
        template = _standard()
        text = template.render(channel, lang, told)
    return Worded(template.name, template.sha256, text)


def _template(alert: Alert) -> MessageTemplate:
    wanted = alert.template or ("document" if alert.subject_kind in _DOCUMENTS else STANDARD)
    if wanted in names():
        try:
            return load(wanted)
        except (FormatError, OSError):
            return _standard()
    try:
        return load("document" if alert.subject_kind in _DOCUMENTS else STANDARD)
    except (FormatError, OSError):
        return _standard()


def _standard() -> MessageTemplate:
    """The standard template, one's own or at the last the one that is shipped."""
    try:
        return load(STANDARD)
    except (FormatError, OSError):
        return load(STANDARD, [SHIPPED])


def fields(session: Session, alert: Alert, person: UserAccount, lang: Lang) -> dict[str, str]:
    """All fields a template may ask for. No account number is among them in full, whatever text
    somebody wrote it into."""
    numeric = alert.subject_id.isascii() and alert.subject_id.isdecimal()
    query = _MATTERS.get(alert.subject_kind) if numeric else None
    rows = (
        session.execute(sa.text(query), {"id": int(alert.subject_id)}).mappings() if query else ()
    )
    matter: dict[str, object] = next((dict(row) for row in rows), {})
    numbers = [str(one) for one in (matter.get("ours"), matter.get("theirs")) if one]

    def without_accounts(value: object) -> str:
        text = _text(value)
        for number in numbers:
            text = text.replace(number, masked(number) or "")
        return text

    def said(value: object) -> str:
        return mask_long_numbers(without_accounts(value))

    amount, currency = matter.get("amount"), matter.get("currency")
    organisation = session.get_one(Organisation, alert.org_id)
    at = alert.raised_at.astimezone(BUSINESS_ZONE).isoformat(" ", "seconds")
    return {
        "account": masked(_text(matter.get("ours"))) or "",
        "action": _label("action", alert.action, lang),
        "amount": f"{currency} {format_major(amount, str(currency), grouped=True)}"
        if isinstance(amount, int)
        else "",
        "business_reference": said(matter.get("business_reference")),
        "code": alert.code,
        "document_no": said(matter.get("document_no")),
        "message": said(alert.message_zh if lang == "zh" else alert.message_en),
        "organisation": organisation.name_zh if lang == "zh" else organisation.name_en,
        "payee": said(matter.get("payee")),
        "payee_account": masked(_text(matter.get("theirs"))) or "",
        "purpose": said(matter.get("purpose")),
        "recipient": person.name,
        "rule": alert.rule_id or "",
        "ruleset": alert.ruleset or "",
        "severity": _label("severity", alert.severity, lang),
        "time": at,
    }


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _label(output: str, value: str, lang: Lang) -> str:
    labels = KIND.outputs[output].values or {}
    return labels[value].say(lang)
