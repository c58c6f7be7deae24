"""Which vocabulary waits to become live, and which one the next change builds on."""

from __future__ import annotations

from sqlmodel import Session, col, select

from engine.rulebook.models import Revision, VocabularyProposal, VocabularyVersion
from engine.rulebook.texts import current_vocabulary


def waiting_words(session: Session) -> VocabularyVersion | None:
    """The vocabulary signed last, while it was not live since and builds on the live one.

    An undo takes it away for good: it comes back only when somebody names it.
    """
    last = session.exec(
        select(VocabularyProposal)
        .where(col(VocabularyProposal.reviewer).is_not(None))
        .order_by(col(VocabularyProposal.signed_over).desc(), col(VocabularyProposal.id).desc())
        .limit(1)
    ).first()
    if last is None or _was_live(session, last) or not builds_on_live(session, last.text_hash):
        return None
    return session.get(VocabularyVersion, last.text_hash)


def base_words(session: Session) -> VocabularyVersion:
    """What the next change builds on: the vocabulary that waits, else the live one.

    Raises RulebookError NO_VOCABULARY.
    """
    return waiting_words(session) or current_vocabulary(session)


def signed_words(session: Session, hash: str) -> VocabularyVersion | None:
    """The stored vocabulary with this hash, or with this beginning of it (8 digits or more)."""
    if len(hash) < 8:
        return None
    found = session.exec(
        select(VocabularyVersion)
        .where(col(VocabularyVersion.hash).startswith(hash, autoescape=True))
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def builds_on_live(session: Session, hash: str) -> bool:
    """Whether the vocabulary `hash` is the live one with signed changes, all of them."""
    live = current_vocabulary(session).hash
    seen: set[str] = set()
    at: str | None = hash
    while at is not None and at not in seen:
        if at == live:
            return True
        seen.add(at)
        at = session.exec(
            select(VocabularyProposal.base_hash)
            .where(
                VocabularyProposal.text_hash == at, col(VocabularyProposal.reviewer).is_not(None)
            )
            .order_by(col(VocabularyProposal.id).desc())
            .limit(1)
        ).first()
    return False


def _was_live(session: Session, signed: VocabularyProposal) -> bool:
    """Whether a revision after its signature had this vocabulary."""
    found = session.exec(
        select(Revision.id)
        .where(Revision.vocabulary_hash == signed.text_hash, col(Revision.id) > signed.signed_over)
        .limit(1)
    ).first()
    return found is not None
