"""Why an item is refused: ISO reason codes, their texts, and bank_b's codes for them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Refusal:
    """One reason in both dialects."""

    iso: str
    cn: str
    chinese: str
    english: str

    @property
    def text(self) -> str:
        """What a bank writes beside the code."""
        return f"{self.chinese} / {self.english}"


_KNOWN: Final = {
    refusal.iso: refusal
    for refusal in (
        Refusal("AC01", "E101", "账号不存在", "account number does not exist"),
        Refusal("AC04", "E102", "账户已销户", "account closed"),
        Refusal("AC06", "E102", "账户已冻结", "account blocked"),
        Refusal("BE01", "E103", "户名不符", "name does not match the account"),
        Refusal("AM04", "E201", "余额不足", "insufficient funds"),
        Refusal("AM02", "E202", "超过单笔限额", "amount above the limit"),
        Refusal("AM03", "E301", "币种不符", "currency of the account differs"),
        Refusal("AM05", "E004", "重复的指令号", "instruction id was used before"),
    )
}


def refusal(code: str) -> Refusal:
    """The refusal of an ISO code; one not in the list has no text but "refused"."""
    return _KNOWN.get(code) or Refusal(code, "E301", "银行拒绝", "refused by the bank")
