"""Rulesets as workbooks and back: the way of those who do not edit texts."""

from engine.rules.excel.book import to_xlsx
from engine.rules.excel.errors import ExcelRefused
from engine.rules.excel.merge import from_xlsx

__all__ = ["ExcelRefused", "from_xlsx", "to_xlsx"]
