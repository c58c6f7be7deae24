"""What the rulebook refuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from engine.base.findings import Finding, Severity
from engine.base.text import SluiceError, Text
from engine.rulebook.models import RulesetVersion


class RulebookError(SluiceError):
    """A version or a revision that cannot be made as asked."""

    def __init__(self, code: str, text: Text, http_status: int | None = None) -> None:
        super().__init__(code, text)
        self.http_status = http_status
        """What a program is answered, where the code alone does not say it."""


class NoLiveRuleset(SluiceError):
    """No ruleset decides this matter on this date: it waits, it never passes."""

    def __init__(self, kind: str, subject: str, org: str, on: dt.date) -> None:
        super().__init__(
            "NO_RULESET",
            Text(
                f"no live {kind} ruleset for {subject} of {org} on {on}; the matter waits until "
                "one is activated",
                f"{org} 在 {on} 没有生效的 {kind} 规则集({subject});该事项等待规则集激活",
            ),
        )
        self.kind = kind
        self.subject = subject


class RulesetRefused(SluiceError):
    """A ruleset, or a set of them, with errors: nothing became active."""

    http_status = 422

    def __init__(self, findings: Sequence[Finding]) -> None:
        errors = [one for one in findings if one.severity is Severity.ERROR]
        first = errors[0]
        more_en = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        more_zh = f"(另有 {len(errors) - 1} 条)" if len(errors) > 1 else ""
        place = f"{first.file}:{first.span.line}:{first.span.column}"
        super().__init__(
            "RULESET_REFUSED",
            Text(
                f"nothing was activated: {place}: [{first.code}] {first.message.en}{more_en}",
                f"未激活任何规则集:{place}:[{first.code}] {first.message.zh}{more_zh}",
            ),
        )
        self.findings = tuple(findings)


def same_person(who: str) -> RulebookError:
    """The refusal when author and reviewer are one person."""
    return RulebookError(
        "FOUR_EYES",
        Text(
            f"{who} cannot sign {who}'s own rules; another person has to",
            f"{who} 不能复核自己的规则;须由他人复核",
        ),
    )


def unknown_ruleset(hash: str) -> RulebookError:
    """The refusal for a hash that is not stored."""
    return RulebookError(
        "UNKNOWN_RULESET",
        Text(
            f"no ruleset has the hash {hash}; give 8 digits of it or more, as "
            "`sluice rules versions` shows",
            f"没有内容哈希为 {hash} 的规则集;请给出至少前 8 位(见 `sluice rules versions`)",
        ),
    )


def unknown_revision(number: int) -> RulebookError:
    """The refusal for a revision that was never activated."""
    return RulebookError(
        "UNKNOWN_REVISION",
        Text(
            f"there is no revision {number}; see the list of revisions",
            f"没有第 {number} 次激活;请查看激活记录",
        ),
    )


def no_reason() -> RulebookError:
    """The refusal of a change that nobody gives a reason for."""
    return RulebookError("NO_REASON", Text("say why the rules change", "请填写修改规则的原因"))


def returned(version: RulesetVersion) -> RulebookError:
    """The refusal for a version that was returned to its author."""
    return RulebookError(
        "RETURNED",
        Text(
            f"{version.name} version {version.version} was returned by {version.returned_by} "
            f"({version.return_reason}); correct it under a higher version",
            f"{version.name} 第 {version.version} 版已被 {version.returned_by} 退回"
            f"({version.return_reason});请更正并提高版本号",
        ),
        409,
    )
