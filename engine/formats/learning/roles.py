"""Which field a column is, by what it is called and by what stands in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.formats.layouts.binding import key
from engine.formats.layouts.cells import luhn
from engine.formats.learning.days import days_of

NAMES: Mapping[str, tuple[str, ...]] = {
    "booking_date": (
        *(
            "记账日期",
            "记账日",
            "入账日期",
            "入账日",
            "银行记账日",
            "账务日期",
            "会计日期",
            "过账日期",
        ),
        *(
            "交易日期",
            "交易日",
            "发生日期",
            "业务日期",
            "日期",
            "交易创建时间",
            "交易时间",
            "付款时间",
        ),
        *(
            "创建时间",
            "发生时间",
            "postingdate",
            "bookingdate",
            "transactiondate",
            "trandate",
            "date",
        ),
    ),
    "value_date": ("起息日", "起息日期", "valuedate", "交易成功时间"),
    "booking_time": ("交易时间", "记账时间", "时间", "time", "交易时刻"),
    "credit": (
        *(
            "记账金额(收入)",
            "贷方发生额",
            "贷方金额",
            "贷方",
            "收入金额",
            "收入",
            "存入金额",
            "存入",
        ),
        *("转入金额", "入账金额", "收方金额", "贷", "交易金额(收入)", "credit", "creditamount"),
        *("deposit", "moneyin", "paidin"),
    ),
    "debit": (
        *(
            "记账金额(支出)",
            "借方发生额",
            "借方金额",
            "借方",
            "支出金额",
            "支出",
            "取出金额",
            "取出",
        ),
        *(
            "转出金额",
            "支取金额",
            "付方金额",
            "支取",
            "借",
            "交易金额(支出)",
            "debit",
            "debitamount",
        ),
        *("withdrawal", "moneyout", "paidout"),
    ),
    "amount": (
        *(
            "实付金额",
            "交易金额",
            "发生额",
            "记账金额",
            "金额",
            "金额(元)",
            "交易金额(元)",
            "本次发生额",
        ),
        *("amount", "transactionamount", "转账金额"),
    ),
    "mark": (
        *(
            "收/支",
            "收支",
            "借贷",
            "借贷标志",
            "借贷标识",
            "借贷方向",
            "借/贷",
            "收支标志",
            "资金流向",
        ),
        *("交易方向", "收付标志", "dr/cr", "drcr", "debit/credit", "收支类型", "流向"),
    ),
    "balance": (
        *(
            "余额",
            "账户余额",
            "交易后余额",
            "本次余额",
            "账面余额",
            "当前余额",
            "联机余额",
            "活期余额",
        ),
        *("balance", "runningbalance", "余额(元)", "账户余额(元)"),
    ),
    "currency": ("记账币种", "币种", "币别", "交易币种", "货币", "currency", "ccy"),
    "counterparty_name": (
        *(
            "对方户名",
            "对方账户名",
            "对方账户名称",
            "对方名称",
            "交易对手名称",
            "交易对方",
            "对手户名",
        ),
        *("对手信息", "对方信息", "商户名称", "交易商户"),
        *("对方单位", "收(付)方名称", "收/付方名称", "收付款人名称", "对方姓名", "对手名称"),
        *("counterparty", "counterpartyname", "payee", "name", "收款人名称", "付款人名称"),
    ),
    "counterparty_account": (
        *("对方账号", "对方账户", "对方卡号/账号", "交易对手账号", "对手账号", "收(付)方账号"),
        *("对方卡号", "收付款人账号", "收/付方账号", "counterpartyaccount", "对方账号/卡号"),
    ),
    "counterparty_bank": (
        "对方开户行",
        "对方行名",
        "对方银行",
        "对方开户行名",
        "交易对手行名",
        "对方行号",
    ),
    "bank_reference": (
        *(
            "交易流水号",
            "银行流水号",
            "核心流水号",
            "流水号",
            "交易单号",
            "交易订单号",
            "账户流水号",
        ),
        *(
            "日志号",
            "交易序号",
            "transactionid",
            "reference",
            "凭证号",
            "支付宝交易号",
            "微信支付单号",
        ),
    ),
    "our_reference": (
        *(
            "客户业务编号",
            "客户流水号",
            "商户单号",
            "商家订单号",
            "商家单号",
            "商户订单号",
            "客户参考号",
        ),
        *("企业流水号", "业务参考号", "customerreference"),
    ),
    "remittance": (
        *(
            "摘要",
            "附言",
            "用途",
            "备注",
            "交易描述",
            "交易名称",
            "商品说明",
            "商品名称",
            "商品",
            "订单标题",
        ),
        *(
            "交易摘要",
            "交易附言",
            "业务摘要",
            "交易说明",
            "交易类型",
            "交易分类",
            "交易场所",
            "交易地点",
        ),
        *(
            "业务类型",
            "交易渠道",
            "description",
            "memo",
            "details",
            "narrative",
            "摘要说明",
            "交易备注",
        ),
    ),
    "status": ("交易状态", "当前状态", "状态", "处理状态", "status"),
    "account": (
        "账号",
        "本方账号",
        "账户",
        "卡号",
        "借记卡号",
        "account",
        "accountnumber",
        "我方账号",
    ),
}
"""Names of columns as banks and wallets write them; earlier ones are the better ones."""

ORDER_NAMES: Mapping[str, tuple[str, ...]] = {
    "row": ("序号", "编号", "no", "行号序号", "顺序号"),
    "instruction_id": (
        "客户业务编号",
        "客户流水号",
        "业务编号",
        "企业流水号",
        "商户订单号",
        "参考号",
    ),
    "counterparty_account": (
        *(
            "收款方账号",
            "收款账号",
            "收款人账号",
            "对方账号",
            "收款账户",
            "账号",
            "付款方账号",
            "付款账号",
        ),
    ),
    "counterparty_name": (
        *(
            "收款方户名",
            "收款户名",
            "收款人名称",
            "收款人",
            "收款方名称",
            "户名",
            "收款人户名",
            "付款户名",
        ),
        "姓名",
    ),
    "counterparty_bank_code": ("收款方行号", "联行号", "行号", "收款行行号", "开户行行号", "cnaps"),
    "amount": ("金额", "转账金额", "付款金额", "交易金额", "金额(元)", "代发金额", "amount"),
    "remittance": ("汇款用途", "用途", "附言", "摘要", "备注", "转账附言"),
    "code": (
        "处理状态",
        "处理结果",
        "交易状态",
        "状态",
        "返回码",
        "结果代码",
        "返回代码",
        "回盘代码",
    ),
    "text": ("失败原因", "返回信息", "错误信息", "结果说明", "原因", "处理信息"),
    "bank_reference": ("银行流水号", "流水号", "交易流水号"),
}
"""Names of columns of payment orders and their return files."""

CREDIT_WORDS = frozenset(
    {
        "收入",
        "贷",
        "贷方",
        "收",
        "转入",
        "入账",
        "c",
        "cr",
        "credit",
        "in",
        "+",
        "贷cr",
        "收款",
        "进账",
        "存入",
        "来账",
    }
)
DEBIT_WORDS = frozenset(
    {
        "支出",
        "借",
        "借方",
        "付",
        "支",
        "转出",
        "出账",
        "d",
        "dr",
        "debit",
        "out",
        "-",
        "借dr",
        "付款",
        "支取",
        "取出",
        "往账",
    }
)
NEUTRAL_WORDS = frozenset({"不计收支", "/", "其他", "", "中性交易", "不计"})
"""Words of a mark that are neither: such rows move no money of the account."""

DEAD_STATES = (
    "交易关闭",
    "已关闭",
    "交易失败",
    "支付失败",
    "还款失败",
    "已全额退款",
    "已撤销",
    "失败",
    "等待付款",
    "等待确认收货",
)
"""States of a wallet's rows that moved no money, or not yet."""

_NOTE = re.compile(r"(?<=[\d元])\s*[(（][^()（）]*[)）]$")
_MONEY = re.compile(
    r"\(?[+-]?(?:[A-Z]{3}|人民币|[¥￥$€])?\s*[+-]?\d{1,3}(?:,?\d{3})*(?:\.\d{1,6})?\s*"
    r"(?:元|-|\)|CR|DR)?"
)
_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2})?|\d{6}")
_EMPTY = frozenset({"", "-", "--", "—", "/", "----------", "-------------------"})


@dataclass(frozen=True, slots=True)
class Content:
    """What stands in a column. Shares are of the cells that hold something."""

    filled: float
    money: float
    noted: str
    """An amount with a remark in brackets behind it; empty: there is none."""
    decimals: bool
    signed: bool
    time: float
    digits: float
    luhn: float
    cnaps: float
    dates: tuple[str, ...]
    """Formats that read the filled cells as the same days."""
    yearless: bool
    """Whether these days have no year."""
    either_way: bool
    """Whether day and month may as well be the other way round."""
    words: frozenset[str]
    """Distinct cells, where there are few."""
    longest: int
    """Characters of the longest cell."""


def content_of(cells: Sequence[str]) -> Content:
    """Look at the cells of a column."""
    bare = [bare_cell(one) for one in cells]
    filled = [one for one in bare if one not in _EMPTY]
    if not filled:
        return Content(0, 0, "", False, False, 0, 0, 0, 0, (), False, False, frozenset(), 0)
    count = len(filled)
    money = [one for one in filled if _MONEY.fullmatch(without_note(one))]
    digits = [one for one in filled if one.isascii() and one.isdecimal()]
    words = frozenset(filled) if len(set(filled)) <= 8 else frozenset[str]()
    days = days_of(filled[:400])
    return Content(
        filled=count / len(cells),
        money=len(money) / count,
        noted=next((one for one in money if not _MONEY.fullmatch(one)), ""),
        decimals=sum("." in one for one in money) * 2 >= max(1, len(money)),
        signed=any("-" in one or one.startswith("(") for one in money),
        time=sum(bool(_TIME.fullmatch(one)) for one in filled) / count,
        digits=len(digits) / count,
        luhn=sum(12 <= len(one) <= 19 and luhn(one) for one in digits) / count,
        cnaps=sum(len(one) == 12 for one in digits) / count,
        dates=days.formats,
        yearless=days.yearless,
        either_way=days.either_way,
        words=words,
        longest=max(map(len, filled)),
    )


def without_note(amount: str) -> str:
    """An amount without a remark in brackets behind it."""
    return _NOTE.sub("", amount)


def bare_cell(cell: str) -> str:
    """A cell without blanks, tabs and the frame of ="…"."""
    text = unicodedata.normalize("NFKC", cell).strip()
    if text.startswith("="):
        text = text[1:].strip('"').strip()
    return text.removesuffix(".0") if re.fullmatch(r"\d{8}\.0", text) else text


def by_name(name: str, names: Mapping[str, tuple[str, ...]]) -> list[tuple[str, float]]:
    """Roles a column's name may stand for, the best first: (role, 0 to 1)."""
    said = key(name).replace("帐", "账")
    if not said:
        return []
    found: dict[str, float] = {}
    for role, known in names.items():
        for place, one in enumerate(known):
            wanted = key(one)
            rank = 1 - 0.3 * place / len(known)
            if said == wanted:
                found[role] = max(found.get(role, 0), rank)
            elif len(wanted) > 1 and (said.startswith(wanted) or said.endswith(wanted)):
                found[role] = max(found.get(role, 0), 0.6 * rank)
            elif len(wanted) > 2 and wanted in said:
                found[role] = max(found.get(role, 0), 0.45 * rank)
    return sorted(found.items(), key=lambda one: -one[1])


def mark_of(word: str) -> str | None:
    """credit, debit or neutral, for a word of a mark; None when nobody knows it."""
    said = "".join(word.split()).lower()
    if said in CREDIT_WORDS:
        return "credit"
    if said in DEBIT_WORDS:
        return "debit"
    return "neutral" if said in NEUTRAL_WORDS else None
