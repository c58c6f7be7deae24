"""What approval refuses, in words."""

from __future__ import annotations

from engine.base.text import SluiceError, Text


class ApprovalError(SluiceError):
    """A request or a verdict that cannot be taken."""


def step_unknown(step_id: int) -> ApprovalError:
    """No such step."""
    return ApprovalError(
        "STEP_UNKNOWN",
        Text(
            f"there is no approval step {step_id}; reload the worklist",
            f"审批步骤 {step_id} 不存在;请刷新待办",
        ),
    )


def step_closed(subject_no: str) -> ApprovalError:
    """The step is not (or no longer) the one that is open."""
    return ApprovalError(
        "STEP_NOT_OPEN",
        Text(
            f"{subject_no}: this step is not open; somebody may have decided it, reload the list",
            f"{subject_no}:该审批步骤未开放或已被处理;请刷新待办",
        ),
    )


def not_holder(step_id: int) -> ApprovalError:
    """The user does not hold the role where the step waits; whose it is, is not told to him."""
    return ApprovalError(
        "NOT_THE_APPROVER",
        Text(
            f"step {step_id} is not on your list; leave it to the person it waits for",
            f"审批步骤 {step_id} 不在您的待办中;请由相应审批人处理",
        ),
    )


def four_eyes(subject_no: str, code: str) -> ApprovalError:
    """FOUR_EYES_MAKER, FOUR_EYES_EARLIER, FOUR_EYES_BENEFICIARY or FOUR_EYES_PRINCIPAL."""
    why = {
        "FOUR_EYES_MAKER": Text("you made, edited or submitted it", "该单由您制单、修改或提交"),
        "FOUR_EYES_EARLIER": Text(
            "you or your stand-in decided an earlier step of it",
            "前面的步骤已由您本人或您的受托人审批",
        ),
        "FOUR_EYES_BENEFICIARY": Text("it would pay you", "收款人是您本人"),
        "FOUR_EYES_PRINCIPAL": Text(
            "the person you stand in for may not decide it himself: he made or edited it, decided "
            "another step, or would be paid",
            "授权人本人不得审批该单(制单、修改、已审批其他步骤或为收款人)",
        ),
    }[code]
    return ApprovalError(
        code,
        Text(
            f"{subject_no}: {why.en}; another person has to decide",
            f"{subject_no}:{why.zh};须由他人审批",
        ),
    )


def content_changed(subject_no: str) -> ApprovalError:
    """What stands there is not what was submitted."""
    return ApprovalError(
        "CONTENT_CHANGED",
        Text(
            f"{subject_no} is not what was submitted; withdraw it and submit it again",
            f"{subject_no} 的内容与送审时不一致;请撤回后重新送审",
        ),
    )


def reason_missing() -> ApprovalError:
    """Rejecting without a reason."""
    return ApprovalError(
        "REASON_MISSING",
        Text("rejecting needs a reason; write why", "拒绝须填写原因"),
    )
