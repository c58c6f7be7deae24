"""What a person has to look at in a return file: items that do not fit our file."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.money import format_major
from engine.base.text import Text
from engine.formats.layouts import ReturnItem
from engine.machines.instruction.store import AttemptRow, BatchRow


@dataclass(frozen=True, slots=True)
class ReturnIssue:
    """An item of a return file, or one missing in it, that a person has to look at."""

    code: str
    """RETURN_ITEM_MISSING | RETURN_ITEM_EXTRA | RETURN_AMOUNT_CHANGED | RETURN_ACCOUNT_CHANGED |
    RETURN_CONTRADICTS | RETURN_ITEM_TWICE"""
    instruction_id: str
    text: Text


def not_ours(batch: BatchRow, item: ReturnItem) -> ReturnIssue:
    """An item that was not in our file."""
    amount = format_major(item.amount, batch.currency, grouped=True)
    named = item.instruction_id or f"row {item.row}"
    return ReturnIssue(
        "RETURN_ITEM_EXTRA",
        named,
        Text(
            f"the return file of {batch.message_id} names {named} "
            f"({batch.currency} {amount}, {item.code}), which was not in the file; ask the bank "
            "what it carried out",
            f"{batch.message_id} 的回盘文件出现 {named}"
            f"({batch.currency} {amount},{item.code}),报盘文件中没有;请向银行查明",
        ),
    )


def twice(batch: BatchRow, attempt: AttemptRow) -> ReturnIssue:
    """An item that the file names more than once."""
    return ReturnIssue(
        "RETURN_ITEM_TWICE",
        attempt.instruction_id,
        Text(
            f"the return file of {batch.message_id} names {attempt.instruction_id} more than "
            "once; the item was left as it is, ask the bank whether it was paid twice",
            f"{batch.message_id} 的回盘文件多次出现 {attempt.instruction_id};该笔未更新,"
            "请向银行查明是否重复支付",
        ),
    )


def changed(batch: BatchRow, attempt: AttemptRow, item: ReturnItem) -> ReturnIssue:
    """An item whose amount is not ours."""
    ours = format_major(attempt.amount, batch.currency, grouped=True)
    theirs = format_major(item.amount, batch.currency, grouped=True)
    return ReturnIssue(
        "RETURN_AMOUNT_CHANGED",
        attempt.instruction_id,
        Text(
            f"{attempt.instruction_id} is {batch.currency} {ours} in our file and {theirs} in the "
            "return file; the item was left as it is, ask the bank",
            f"{attempt.instruction_id} 报盘金额 {batch.currency} {ours},回盘金额 {theirs};"
            "该笔未更新,请向银行查明",
        ),
    )


def other_account(batch: BatchRow, attempt: AttemptRow, item: ReturnItem) -> ReturnIssue:
    """An item whose account is not ours."""
    ours, theirs = attempt.counterparty_account, item.counterparty_account
    return ReturnIssue(
        "RETURN_ACCOUNT_CHANGED",
        attempt.instruction_id,
        Text(
            f"{attempt.instruction_id} goes to {ours} in our file and to {theirs} in the return "
            f"file of {batch.message_id}; the item was left as it is, ask the bank whom it paid",
            f"{attempt.instruction_id} 报盘收款账号 {ours},{batch.message_id} 回盘为 {theirs};"
            "该笔未更新,请向银行查明收款人",
        ),
    )


def contradicts(batch: BatchRow, attempt: AttemptRow, item: ReturnItem) -> ReturnIssue:
    """Failed in the file, paid here."""
    return ReturnIssue(
        "RETURN_CONTRADICTS",
        attempt.instruction_id,
        Text(
            f"{attempt.instruction_id} is {attempt.state.value} here and {item.code} in a return "
            f"file of {batch.message_id}; ask the bank which is true",
            f"{attempt.instruction_id} 本系统状态为 {attempt.state.value},{batch.message_id} 的回盘"
            f"文件为 {item.code};请向银行查明",
        ),
    )


def missing(batch: BatchRow, attempt: AttemptRow) -> ReturnIssue:
    """An open item that a whole file does not name."""
    return ReturnIssue(
        "RETURN_ITEM_MISSING",
        attempt.instruction_id,
        Text(
            f"{attempt.instruction_id} is missing in the return file of {batch.message_id}, which "
            "should answer every item; it stays open, ask the bank",
            f"{batch.message_id} 的回盘文件应包含全部明细,但缺少 {attempt.instruction_id};"
            "该笔保持未决,请向银行查明",
        ),
    )
