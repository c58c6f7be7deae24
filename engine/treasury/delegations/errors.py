"""What delegations refuse, in words."""

from __future__ import annotations

import datetime as dt

from engine.base.text import SluiceError, Text


class DelegationError(SluiceError):
    """A delegation that cannot be as asked."""


class DelegationConflict(DelegationError):
    """Somebody was faster, or it is done already."""

    http_status = 409


def unknown(delegation_id: int) -> DelegationError:
    """No such delegation, or one of others."""
    return DelegationError(
        "DELEGATION_UNKNOWN",
        Text(
            f"there is no delegation {delegation_id} you may see; take one from the list",
            f"授权 {delegation_id} 不存在或您无权查看;请从列表中选择",
        ),
    )


def to_oneself() -> DelegationError:
    """Principal and delegate are one person."""
    return DelegationError(
        "DELEGATION_TO_ONESELF",
        Text("nobody stands in for himself; name another person", "不得授权给本人;请选择其他人"),
    )


def dates(today: dt.date) -> DelegationError:
    """Dates in the wrong order or in the past."""
    return DelegationError(
        "DELEGATION_DATES",
        Text(
            f"a delegation begins on {today} or later, ends on the same day or later, and an "
            "absence lasts at least as long; correct the dates",
            f"授权起始日不得早于 {today},截止日不得早于起始日,外出截止日不得早于授权截止日;"
            "请更正日期",
        ),
    )


def nothing_to_give(principal: str, org_id: str) -> DelegationError:
    """The principal holds none of it himself."""
    return DelegationError(
        "NOTHING_TO_DELEGATE",
        Text(
            f"{principal} himself holds no such approving role for {org_id}; what was delegated "
            "to him he cannot pass on; name roles and an organisation of his own",
            f"{principal} 本人在 {org_id} 没有相应的审批角色(受托的权限不得转授);"
            "请选择其本人的角色和机构",
        ),
    )


def cannot_stand_in(delegate: str, org_id: str) -> DelegationError:
    """The delegate is no approver there."""
    return DelegationError(
        "DELEGATE_NO_APPROVER",
        Text(
            f"{delegate} approves nothing for {org_id} himself; name somebody who holds an "
            "approving role there",
            f"{delegate} 在 {org_id} 没有审批角色,不能作为受托人;请选择在该机构有审批角色的人员",
        ),
    )


def cap_not_positive(currency: str) -> DelegationError:
    """A cap of nothing or less."""
    return DelegationError(
        "DELEGATION_CAP",
        Text(
            f"the cap in {currency} has to be above zero; leave a currency out to cover none of it",
            f"{currency} 限额须大于零;不授权某币种时请不要填写该币种",
        ),
    )


def reason_missing() -> DelegationError:
    """No reason."""
    return DelegationError("REASON_MISSING", Text("a reason is needed; write why", "须填写原因"))


def not_yours_to_confirm() -> DelegationError:
    """The giver or the delegate confirms."""
    return DelegationError(
        "FOUR_EYES_DELEGATION",
        Text(
            "who gave the delegation or receives it does not confirm it; ask the principal or "
            "another administrator",
            "授权的办理人和受托人不得确认;请由授权人本人或其他管理员确认",
        ),
    )


def nothing_to_confirm() -> DelegationConflict:
    """Confirmed already, or of a kind that needs nobody."""
    return DelegationConflict(
        "DELEGATION_NOT_WAITING",
        Text(
            "this delegation waits for no confirmation; reload the list",
            "该授权无需确认或已确认;请刷新列表",
        ),
    )


def over() -> DelegationConflict:
    """Revoked or past."""
    return DelegationConflict(
        "DELEGATION_OVER",
        Text(
            "this delegation is revoked or past; give a new one",
            "该授权已撤销或已到期;如需继续请新办授权",
        ),
    )


def not_away() -> DelegationConflict:
    """Nobody thinks the person is away."""
    return DelegationConflict(
        "NOT_AWAY",
        Text("you are not marked as away; nothing is to be done", "您未登记外出;无需操作"),
    )
