"""Bank statements: fetched or imported once, checked for continuity, never changed."""

from engine.treasury.statements.fetching import (
    CONFIRM,
    FETCH,
    FETCH_ALL,
    REFRESH,
    Fetched,
    direct_accounts,
    fetch_account,
    refresh_balance,
    register,
    request_confirmation,
)
from engine.treasury.statements.importing import Imported, StatementError, import_statement

__all__ = [
    "CONFIRM",
    "FETCH",
    "FETCH_ALL",
    "REFRESH",
    "Fetched",
    "Imported",
    "StatementError",
    "direct_accounts",
    "fetch_account",
    "import_statement",
    "refresh_balance",
    "register",
    "request_confirmation",
]
