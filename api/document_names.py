"""Documents under the numbers people know: history knows them by their ids."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session

from engine.rules.preview import Preview


def named(session: Session, found: Preview) -> Preview:
    """The preview with document numbers for document ids."""
    ids = [int(one) for one in found.named() if one.isdecimal()]
    rows = session.execute(
        sa.text("SELECT id, document_no FROM document WHERE id = ANY(:ids)"), {"ids": ids}
    )
    return found.renamed({str(number): str(name) for number, name in rows})
