"""What is refused of bank layouts."""

from __future__ import annotations

from engine.base.text import SluiceError, Text


class LayoutError(SluiceError):
    """A layout that cannot be used, written or signed as asked."""

    def __init__(self, code: str, text: Text, http_status: int | None = None) -> None:
        super().__init__(code, text)
        self.http_status = http_status


def unknown_layout(name: str) -> LayoutError:
    """Not there, or not within the user's organisations."""
    return LayoutError(
        "LAYOUT_UNKNOWN",
        Text(
            f"there is no layout {name} among those you may see; check the number",
            f"在您可查看的范围内没有布局 {name};请核对",
        ),
    )


def unknown_draft(draft_id: int) -> LayoutError:
    """Not there, or not within the user's organisations."""
    return LayoutError(
        "LAYOUT_DRAFT_UNKNOWN",
        Text(
            f"there is no draft {draft_id} among those you may see",
            f"在您可查看的范围内没有草稿 {draft_id}",
        ),
    )


def no_reason() -> LayoutError:
    """Who submits, returns, undoes or retires says why."""
    return LayoutError("REASON_MISSING", Text("say why: it is kept", "请填写原因"))


def same_person(who: str) -> LayoutError:
    """Whoever wrote at it never signs it."""
    return LayoutError(
        "FOUR_EYES",
        Text(
            f"{who} wrote at this layout; another person has to sign it",
            f"{who} 编写过该布局;须由他人复核",
        ),
    )


def decided(name: str, version: int, who: str, returned: bool) -> LayoutError:
    """Somebody has given his word already."""
    done, zh = ("returned", "退回") if returned else ("signed", "复核")
    return LayoutError(
        "LAYOUT_DECIDED",
        Text(
            f"{name} version {version} was {done} by {who}",
            f"{name} 第 {version} 版已由 {who} {zh}",
        ),
        409,
    )
