"""What organisations, grants and sign-in refuse, in words."""

from __future__ import annotations

from engine.base.text import SluiceError, Text


class OrganisationError(SluiceError):
    """An organisation, user or grant that cannot be as asked."""


class NotPermitted(OrganisationError):
    """The user may not do this here."""

    def __init__(self, user: str, permission: str, org_id: str) -> None:
        super().__init__(
            "NOT_PERMITTED",
            Text(
                f"{user} lacks the permission {permission} for {org_id}; "
                "ask an administrator for a role that has it",
                f"{user} 在机构 {org_id} 没有权限 {permission};请联系管理员授予相应角色",
            ),
        )
        self.permission = permission
        self.org_id = org_id


class SignInFailed(SluiceError):
    """Name, password, session or token is not good (which of them is not said)."""


def unknown_organisation(org_id: str) -> OrganisationError:
    """No such organisation."""
    return OrganisationError(
        "ORGANISATION_UNKNOWN",
        Text(
            f"there is no organisation {org_id}; use a code from the organisation tree",
            f"机构 {org_id} 不存在;请使用机构树中的代码",
        ),
    )


def unknown_user(user_id: str) -> OrganisationError:
    """No such user."""
    return OrganisationError(
        "USER_UNKNOWN",
        Text(
            f"there is no user {user_id}; check the sign-in name",
            f"用户 {user_id} 不存在;请核对登录名",
        ),
    )
