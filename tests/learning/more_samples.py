"""Further styles: cards, wallets and banks whose files say less or say it twice."""

from __future__ import annotations

from tests.learning.samples import DAYS, MOVES, NAMES, Sample, balances, lines_of, money, rows_of


def signs_that_agree() -> Sample:
    """A mark, and amounts that have the sign as well; the words stand in a column by content."""
    rows = rows_of(
        lambda n: [
            f"'500766000000{n:04d}'",
            "DEBIT" if MOVES[n] < 0 else "CREDIT",
            DAYS[n].replace("-", ""),
            money(MOVES[n]),
            f"[PR]{NAMES[n].replace(',', '')}",
        ]
    )
    head = ["First Bank Card", "Transaction Type", "Date Posted", " Transaction Amount", "Text"]
    roles = (None, "mark", "booking_date", "amount", None)
    return Sample(
        "bmo",
        ("Following data is valid as of 20261130\n\n\n" + lines_of([head, [], [], *rows])).encode(),
        {name.strip(): role for name, role in zip(head, roles, strict=True) if role},
        opening=None,
    )


def card_without_years() -> Sample:
    """A credit card: days without a year, purchases positive, what is paid back has the minus."""
    rows = rows_of(
        lambda n: [
            DAYS[n][5:].replace("-", "/"),
            DAYS[n][5:].replace("-", "/"),
            "自动还款" if MOVES[n] > 0 else NAMES[n].replace(",", ""),
            f'"{money(-MOVES[n], grouped=True)}"',
            "1234",
        ]
    )
    head = ["交易日", "记账日", "交易摘要", "人民币金额", "卡号末四位"]
    return Sample(
        "cmb-card",
        (
            "信用卡对账单\n账单日,2026年12月05日,到期还款日,2026年12月23日\n"
            + lines_of([head, *rows])
        ).encode(),
        {"记账日": "booking_date", "交易摘要": "remittance", "人民币金额": "amount"},
        opening=None,
    )


def two_languages() -> Sample:
    """The names again in English below, a line of several pairs above."""
    after = balances()
    rows = rows_of(
        lambda n: [
            DAYS[n],
            "CNY",
            f'"{money(MOVES[n], grouped=True)}"',
            f'"{money(after[n], grouped=True)}"',
            "转账",
            NAMES[n].replace(",", ""),
        ]
    )
    head = ["记账日期", "货币", "交易金额", "联机余额", "交易摘要", "对手信息"]
    english = ["Date", "Currency", "Transaction Amount", "Balance", "Type", "Counter Party"]
    roles = ("booking_date", "currency", "amount", "balance", "remittance", "counterparty_name")
    return Sample(
        "cmb-flow",
        (
            "交易流水\n2026-11-01 -- 2026-11-30\n户  名：演示公司,账号：6214830000001234\n\n"
            + lines_of([head, english, *rows])
        ).encode(),
        dict(zip(head, roles, strict=True)),
    )


def remarks_at_amounts() -> Sample:
    """Amounts with remarks in brackets, tabs behind every cell, rows that are neither."""
    rows = rows_of(
        lambda n: [
            f"{DAYS[n]} 10:11:{n:02d}\t",
            f"{NAMES[n].replace(',', '')}\t",
            f"{money(abs(MOVES[n]))}{'(已退款0.10)' if n == 3 else ''}\t",
            "交易成功\t",
            "收入\t" if MOVES[n] > 0 else "支出\t",
            f"28112233{n:04d}\t",
        ]
    )
    rows.append(
        ["2026-11-14 10:00:00\t", "x\t", "25.90(已全额退款)\t", "交易成功\t", "不计收支\t", "9\t"]
    )
    head = ["交易时间", "商户名称", "金额", "交易状态", "收/支", "交易订单号"]
    roles = ("booking_date", "counterparty_name", "amount", "status", "mark", "bank_reference")
    return Sample(
        "jd",
        (
            "导出信息：,\n账号名：,演示\n日期区间：,2026-11-01 至 2026-11-30\n,\n"
            + lines_of([head, *rows])
        ).encode(),
        dict(zip(head, roles, strict=True)),
        opening=None,
    )


def currency_before_amounts() -> Sample:
    """English names, days day first and every one below 13, the currency before each amount."""
    rows = rows_of(
        lambda n: [
            f"{DAYS[n][8:]}/{DAYS[n][5:7]}/{DAYS[n][:4]}",
            f'"ref {n}"',
            f'"HKD {money(MOVES[n], grouped=True)}"',
        ]
    )
    head = ["Transaction date", "Description", "Billing amount"]
    return Sample(
        "hsbc",
        lines_of([head, *rows]).encode(),
        dict(zip(head, ("booking_date", "remittance", "amount"), strict=True)),
        opening=None,
    )


MORE_SAMPLES = [
    signs_that_agree(),
    card_without_years(),
    two_languages(),
    remarks_at_amounts(),
    currency_before_amounts(),
]
