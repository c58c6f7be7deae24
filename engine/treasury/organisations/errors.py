"""What organisations, grants and sign-in refuse, in words."""

from __future__ import annotations

from collections.abc import Iterable

from engine.base.text import SluiceError, Text


class OrganisationError(SluiceError):
    """An organisation, user or grant that cannot be as asked."""


class NotPermitted(OrganisationError):
    """The user may not do this here; `kind`: for rulesets of this kind."""

    def __init__(self, user: str, permission: str, org_id: str, kind: Text | None = None) -> None:
        of_en = "" if kind is None else f" and {kind.en}"
        of_zh = "" if kind is None else f"对{kind.zh}"
        super().__init__(
            "NOT_PERMITTED",
            Text(
                f"{user} lacks the permission {permission} for {org_id}{of_en}; "
                "ask an administrator for a role that has it",
                f"{user} 在机构 {org_id} {of_zh}没有权限 {permission};请联系管理员授予相应角色",
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


def unknown_kind(kind: str, known: Iterable[str]) -> OrganisationError:
    """No such kind of rulesets."""
    names = ", ".join(known)
    return OrganisationError(
        "KIND_UNKNOWN",
        Text(
            f"there is no kind of rulesets called {kind!r}; use some of {names}",
            f"没有规则集种类 {kind!r};可用:{names}",
        ),
    )


def no_kinds(role: Text) -> OrganisationError:
    """A role limited to kinds of rulesets that has nothing to do with rulesets."""
    return OrganisationError(
        "ROLE_WITHOUT_RULES",
        Text(
            f"{role.en} may do nothing with rulesets, so kinds limit nothing; leave them out",
            f"{role.zh}没有规则集权限,限定种类没有意义;请去掉种类",
        ),
    )


def kinds_empty() -> OrganisationError:
    """A list of kinds with nothing in it."""
    return OrganisationError(
        "KINDS_EMPTY",
        Text(
            "name at least one kind of rulesets, or leave the kinds out: then it is every kind",
            "请至少列出一个规则集种类;不限种类时请勿填写",
        ),
    )


def held_for_all(user: str, role: Text) -> OrganisationError:
    """Some kinds taken from a role that is held for all of them."""
    return OrganisationError(
        "GRANT_UNLIMITED",
        Text(
            f"{user} is {role.en} for every kind of rulesets; take the whole role away and grant "
            "it for the kinds that stay",
            f"{user} 的{role.zh}角色不限规则集种类;请先撤销整个角色,再按保留的种类授予",
        ),
    )
