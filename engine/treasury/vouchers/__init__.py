"""Vouchers as people read them: a list with filters, and an Excel file."""

from engine.treasury.vouchers.export import export_xlsx
from engine.treasury.vouchers.listing import (
    MOST,
    Filters,
    Total,
    VoucherLineRow,
    VoucherList,
    VoucherRow,
    vouchers,
)

__all__ = [
    "MOST",
    "Filters",
    "Total",
    "VoucherLineRow",
    "VoucherList",
    "VoucherRow",
    "export_xlsx",
    "vouchers",
]
