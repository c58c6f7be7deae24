"""Stored rulesets as workbooks, and changed workbooks as texts: nothing is stored by it."""

from __future__ import annotations

from sqlmodel import Session

from engine.rulebook.judging import judge
from engine.rulebook.models import RulesetDraft
from engine.rulebook.numbering import with_next_number
from engine.rulebook.references import Located
from engine.rulebook.texts import current_vocabulary, vocabulary_of
from engine.rules.excel import from_xlsx, to_xlsx
from engine.treasury.rulesets.visible import ruling


def workbook_of(session: Session, found: Located) -> bytes:
    """The workbook of a version or a draft, labelled with the live words. Raises EditRefused where
    a draft's table cannot be found."""
    return to_xlsx(found.text, vocabulary_of(current_vocabulary(session).text))


def workbook_name(found: Located) -> str:
    """The file name of its workbook."""
    number = f"draft-{found.id}" if isinstance(found, RulesetDraft) else str(found.version)
    return f"{found.name or 'draft'}-{number}.xlsx"


def text_of(session: Session, found: Located, content: bytes) -> str:
    """The text that a changed workbook makes of what it was made from. Raises ExcelRefused and
    EditRefused."""
    return from_xlsx(content, found.text, vocabulary_of(current_vocabulary(session).text)).text


def numbered(session: Session, user_id: str, found: Located, text: str) -> str:
    """A changed text of what is stored, with the next free number where its own is taken."""
    if text == found.text:
        return text
    judged = judge(session, found.file, text, ruling(session, user_id).has)
    if not any(one.code == "B106" for one in judged.findings):
        return text
    return with_next_number(session, found.kind, found.name, text)
