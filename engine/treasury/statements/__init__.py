"""Bank statements: fetched or imported once, checked for continuity, never changed."""

from engine.treasury.statements.importing import Imported, StatementError, import_statement

__all__ = ["Imported", "StatementError", "import_statement"]
