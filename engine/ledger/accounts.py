"""The chart of accounts 科目表."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from sqlmodel import Session

Nature = Literal["asset", "liability", "equity", "income", "expense"]


def ensure_account(
    session: Session, code: str, *, org_id: str, name_en: str, name_zh: str, nature: Nature
) -> None:
    """Add a ledger account unless its code exists (an existing one is left as it is)."""
    session.execute(
        sa.text(
            "INSERT INTO gl_account (code, org_id, name_en, name_zh, nature) "
            "VALUES (:code, :org, :en, :zh, :nature) ON CONFLICT (code) DO NOTHING"
        ),
        {"code": code, "org": org_id, "en": name_en, "zh": name_zh, "nature": nature},
    )
