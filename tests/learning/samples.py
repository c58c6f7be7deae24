"""Files in the styles of banks and wallets, made by the test: what each holds is known."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from openpyxl import Workbook

MOVES = (12_000, -3_550, -120_045, 500_000, -1, -99_999, 7_700, -20_000, 1_234_567, -8_888)
"""Amounts of the bookings, oldest first, minor units."""

START = 1_000_000_00
DAYS = [f"2026-11-{day:02d}" for day in (2, 2, 3, 5, 6, 9, 9, 11, 12, 13)]
NAMES = (
    "王伟",
    "演示（北京）公司",
    "李,强",
    "ACME Ltd",
    "张三",
    "某某保险",
    "支付宝",
    "财付通",
    "赵六",
    "钱七",
)


@dataclass(frozen=True)
class Sample:
    """A file, the roles of its columns by name, and what must be read."""

    name: str
    content: bytes
    roles: dict[str, str | None]
    signed: tuple[int, ...] = MOVES
    opening: int | None = START
    """None: the file has no balances."""


def money(minor: int, *, plus: bool = False, grouped: bool = False, mark: str = "") -> str:
    """1234.50, the way a bank writes it."""
    sign = "-" if minor < 0 else "+" if plus else ""
    whole = f"{abs(minor) // 100:,}" if grouped else str(abs(minor) // 100)
    return f"{mark}{sign}{whole}.{abs(minor) % 100:02d}"


def balances() -> list[int]:
    """After each booking, oldest first."""
    found, now = [], START
    for one in MOVES:
        now += one
        found.append(now)
    return found


def rows_of(write: Callable[[int], list[str]]) -> list[list[str]]:
    return [write(number) for number in range(len(MOVES))]


def lines_of(rows: list[list[str]], separator: str = ",") -> str:
    return "\n".join(separator.join(row) for row in rows) + "\n"


def abc_plus_signs() -> Sample:
    """Signed with a plus, newest first, TAB behind numbers, GB18030."""
    after = balances()
    rows = rows_of(
        lambda n: [
            DAYS[n].replace("-", ""),
            "10:11:12",
            money(MOVES[n], plus=True),
            money(after[n]),
            NAMES[n].replace(",", ""),
            f"62280000000000{n:04d}\t",
            "网银转账",
        ]
    )[::-1]
    head = ["交易日期", "交易时间", "交易金额", "账户余额", "对方户名", "对方账号", "交易摘要"]
    text = "账户明细查询\n账号：6228480000001234,户名：演示\n" + lines_of([head, *rows])
    return Sample(
        "abc",
        text.replace("\n", "\r\n").encode("gb18030"),
        dict(
            zip(
                head,
                (
                    "booking_date",
                    "booking_time",
                    "amount",
                    "balance",
                    "counterparty_name",
                    "counterparty_account",
                    "remittance",
                ),
                strict=True,
            )
        ),
    )


def cmb_two_columns() -> Sample:
    """Income and expense in columns, quoted, grouped thousands, footers, UTF-8 with mark."""
    after = balances()
    rows = rows_of(
        lambda n: [
            DAYS[n],
            f'"{money(MOVES[n], grouped=True)}"' if MOVES[n] > 0 else "",
            f'"{money(-MOVES[n], grouped=True)}"' if MOVES[n] < 0 else "",
            f'"{money(after[n], grouped=True)}"',
            "转账",
            f'"{NAMES[n]}"',
        ]
    )
    head = ["交易日期", "收入", "支出", "余额", "交易类型", "交易备注"]
    text = "# 招行明细\n# 账号: [6225000011112222]\n" + lines_of([head, *rows])
    text += "# 共10笔\n收入合计：1,754,267.00\n支出合计：1,000.00\n"
    return Sample(
        "cmb",
        b"\xef\xbb\xbf" + text.encode(),
        dict(
            zip(
                head,
                ("booking_date", "credit", "debit", "balance", "remittance", "remittance"),
                strict=True,
            )
        ),
    )


def citic_marks() -> Sample:
    """Amount with a mark 借/贷, tabs, a repeated row of names after a page break."""
    after = balances()
    rows = rows_of(
        lambda n: [
            str(n + 1),
            DAYS[n].replace("-", "/"),
            "贷" if MOVES[n] > 0 else "借",
            money(abs(MOVES[n])),
            money(after[n]),
            "人民币",
            NAMES[n],
            "摘要" + str(n),
        ]
    )
    head = ["序号", "记账日期", "借贷标志", "发生额", "余额", "币种", "对方单位", "摘要"]
    text = lines_of([["单位活期账户明细"], head, *rows[:5], head, *rows[5:]], "\t")
    return Sample(
        "citic",
        text.encode("gb18030"),
        dict(
            zip(
                head,
                (
                    None,
                    "booking_date",
                    "mark",
                    "amount",
                    "balance",
                    "currency",
                    "counterparty_name",
                    "remittance",
                ),
                strict=True,
            )
        ),
    )


def hxb_fake_xls() -> Sample:
    """Tabs and ="…" cells under the name .xls."""
    after = balances()
    rows = rows_of(
        lambda n: [
            f'="{DAYS[n].replace("-", "")}"',
            f'="{money(-MOVES[n])}"' if MOVES[n] < 0 else '=""',
            f'="{money(MOVES[n])}"' if MOVES[n] > 0 else '=""',
            f'="{money(after[n])}"',
            f'="{NAMES[n]}"',
        ]
    )
    head = ['="交易日期"', '="借方发生额"', '="贷方发生额"', '="账户余额"', '="对方户名"']
    return Sample(
        "hxb",
        lines_of([head, *rows], "\t").replace("\n", "\r\n").encode("gb18030"),
        dict(
            zip(
                ("交易日期", "借方发生额", "贷方发生额", "账户余额", "对方户名"),
                ("booking_date", "debit", "credit", "balance", "counterparty_name"),
                strict=True,
            )
        ),
    )


def psbc_workbook() -> Sample:
    """A real workbook: days and amounts as numbers, a title over merged cells, footers."""
    after = balances()
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    head = ["交易日", "摘要", "收入金额", "支出金额", "账户余额", "对方名称", "对方账号"]
    sheet.append(["邮储银行对公账户交易明细"])
    sheet.append(["账号：", "951000000000012345"])
    sheet.append(head)
    for n, moved in enumerate(MOVES):
        sheet.append(
            [
                int(DAYS[n].replace("-", "")),
                "转账",
                moved / 100 if moved > 0 else None,
                -moved / 100 if moved < 0 else None,
                after[n] / 100,
                NAMES[n],
                f"62170000{n:08d}",
            ]
        )
    sheet.append(["合计", None, sum(m for m in MOVES if m > 0) / 100])
    out = io.BytesIO()
    book.save(out)
    return Sample(
        "psbc",
        out.getvalue(),
        dict(
            zip(
                head,
                (
                    "booking_date",
                    "remittance",
                    "credit",
                    "debit",
                    "balance",
                    "counterparty_name",
                    "counterparty_account",
                ),
                strict=True,
            )
        ),
    )


def cmbc_bars() -> Sample:
    """Bars, blanks around every cell, currency before the amount, a dashed line below."""
    after = balances()
    rows = rows_of(
        lambda n: [
            f" {DAYS[n]} ",
            f" {money(MOVES[n], mark='CNY ')} ",
            f" {money(after[n], mark='CNY ')} ",
            f" {NAMES[n]} ",
            " 网上支付 ",
        ]
    )
    head = ["记账日", "交易金额", "余额", "对方户名", "用途"]
    text = lines_of([head, *rows], "|") + "-" * 40 + "\n"
    return Sample(
        "cmbc",
        text.encode("gb18030"),
        dict(
            zip(
                head,
                ("booking_date", "amount", "balance", "counterparty_name", "remittance"),
                strict=True,
            )
        ),
    )


def english_bank() -> Sample:
    """English names, days day first, debit before credit."""
    after = balances()
    rows = rows_of(
        lambda n: [
            f"{DAYS[n][8:]}/{DAYS[n][5:7]}/{DAYS[n][:4]}",
            f"ref {n}",
            money(-MOVES[n]) if MOVES[n] < 0 else "",
            money(MOVES[n]) if MOVES[n] > 0 else "",
            money(after[n]),
        ]
    )
    head = ["Date", "Description", "Debit", "Credit", "Balance"]
    return Sample(
        "english",
        lines_of([head, *rows]).encode(),
        dict(zip(head, ("booking_date", "remittance", "debit", "credit", "balance"), strict=True)),
    )


def liability_card() -> Sample:
    """A credit card: purchases positive, the balance owed falls by them."""
    after = balances()
    rows = rows_of(
        lambda n: [DAYS[n], NAMES[n].replace(",", ""), money(-MOVES[n]), money(after[n])]
    )
    head = ["交易日期", "交易描述", "交易金额", "余额"]
    return Sample(
        "card",
        lines_of([head, *rows]).encode(),
        dict(zip(head, ("booking_date", "remittance", "amount", "balance"), strict=True)),
    )


def wechat_bill() -> Sample:
    """Sixteen lines above the names, ¥, marks, states; no balance."""
    rows = rows_of(
        lambda n: [
            f"{DAYS[n]} 09:00:{n:02d}",
            "商户消费",
            NAMES[n].replace(",", ""),
            '"商品"',
            "收入" if MOVES[n] > 0 else "支出",
            money(abs(MOVES[n]), mark="¥"),
            "零钱",
            "支付成功",
            f"10000{n:020d}\t",
            f"2000{n}\t",
            '"/"',
        ]
    )
    rows.append(
        [
            "2026-11-13 10:00:00",
            "零钱提现",
            "银行",
            '"/"',
            "/",
            "¥5.00",
            "银行",
            "提现已到账",
            "3\t",
            "4\t",
            '"/"',
        ]
    )
    head = [
        "交易时间",
        "交易类型",
        "交易对方",
        "商品",
        "收/支",
        "金额(元)",
        "支付方式",
        "当前状态",
        "交易单号",
        "商户单号",
        "备注",
    ]
    top = [
        "微信支付账单明细",
        "微信昵称：[演示]",
        *[f"说明{n}" for n in range(13)],
        "----------------------微信支付账单明细列表--------------------",
    ]
    text = "\n".join(one + "," * 8 for one in top) + "\n" + lines_of([head, *rows])
    return Sample(
        "wechat",
        b"\xef\xbb\xbf" + text.encode(),
        {
            "交易时间": "booking_date",
            "收/支": "mark",
            "金额(元)": "amount",
            "当前状态": "status",
            "交易单号": "bank_reference",
            "商户单号": "our_reference",
            "交易对方": "counterparty_name",
        },
        opening=None,
    )


def merchant_zip() -> bytes:
    """Two bills of a merchant in a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bill-1.csv", cmb_two_columns().content)
        archive.writestr("bill-2.csv", abc_plus_signs().content)
    return out.getvalue()


SAMPLES = [
    abc_plus_signs(),
    cmb_two_columns(),
    citic_marks(),
    hxb_fake_xls(),
    psbc_workbook(),
    cmbc_bars(),
    english_bank(),
    liability_card(),
    wechat_bill(),
]
