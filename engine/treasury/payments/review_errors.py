"""What the review of unclear payments refuses, in words."""

from __future__ import annotations

from engine.base.text import SluiceError, Text


class ReviewError(SluiceError):
    """A review that cannot be proposed or decided as asked."""


class ReviewConflict(ReviewError):
    """Somebody or the bank was faster."""

    http_status = 409


def own_proposal() -> ReviewError:
    """Four eyes on a review."""
    return ReviewError(
        "FOUR_EYES_PROPOSER",
        Text(
            "you proposed this yourself; another person confirms it",
            "该认定由您提出;须由另一人确认",
        ),
    )


def decided(by: str) -> ReviewError:
    """Somebody was faster."""
    return ReviewConflict(
        "REVIEW_DECIDED",
        Text(
            f"this proposal was decided by {by} already; reload the list",
            f"该认定已由 {by} 处理;请刷新列表",
        ),
    )


def no_evidence() -> ReviewError:
    """A proposal without a proof."""
    return ReviewError(
        "NO_EVIDENCE",
        Text(
            "attach what the bank showed or wrote; nothing is decided without evidence",
            "请附上银行出具的证明;没有证据不能认定",
        ),
    )


def too_large(most: int) -> ReviewError:
    """A proof of more than `most` bytes."""
    megabytes = most // 1024 // 1024
    return ReviewError(
        "PROOF_TOO_LARGE",
        Text(
            f"a proof has at most {megabytes} MB; attach the page that matters",
            f"证明文件不得超过 {megabytes} MB;请只附相关页",
        ),
    )


def reason_missing() -> ReviewError:
    """A word why is missing."""
    return ReviewError("REASON_MISSING", Text("a reason is needed; write why", "须填写原因"))


def unknown_instruction(instruction_id: str) -> ReviewError:
    """No such instruction among those the user may see."""
    return ReviewError(
        "INSTRUCTION_UNKNOWN",
        Text(
            f"there is no instruction {instruction_id} among those you may see; check the list",
            f"在您可查看的范围内没有指令 {instruction_id};请核对列表",
        ),
    )


def unknown_proposal(proposal_id: int) -> ReviewError:
    """No such proposal among those the user may see."""
    return ReviewError(
        "PROPOSAL_UNKNOWN",
        Text(
            f"there is no proposal {proposal_id} among those you may see; reload the list",
            f"在您可查看的范围内没有认定 {proposal_id};请刷新列表",
        ),
    )


def proposed(instruction_id: str) -> ReviewError:
    """One proposal at a time."""
    return ReviewConflict(
        "REVIEW_PROPOSED",
        Text(
            f"somebody proposed already what became of {instruction_id}; confirm or refuse that",
            f"指令 {instruction_id} 已有人提出认定;请先确认或驳回",
        ),
    )


def not_possible(instruction_id: str, state: str, verdict: str) -> ReviewError:
    """The attempt does not stand where this can be said of it."""
    return ReviewConflict(
        "REVIEW_NOT_POSSIBLE",
        Text(
            f"{instruction_id} is {state}; {verdict} cannot be said of it now "
            "(not received only after the finality horizon, in REVIEW)",
            f"指令 {instruction_id} 状态为 {state},现在不能作此认定"
            "(“未收到”须等过了终局期限、待人工处理时)",
        ),
    )
