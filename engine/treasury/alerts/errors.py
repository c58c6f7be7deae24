"""What alerts and holds refuse, in words."""

from __future__ import annotations

from engine.base.text import SluiceError, Text


class AlertError(SluiceError):
    """An alert or a hold that cannot be handled as asked."""


def alert_unknown(alert_id: int) -> AlertError:
    """No such alert among those the user may see."""
    return AlertError(
        "ALERT_UNKNOWN",
        Text(
            f"there is no alert {alert_id} among those you may see; reload the list",
            f"在您可查看的范围内没有预警 {alert_id};请刷新列表",
        ),
    )


def alert_done(alert_id: int) -> AlertError:
    """The alert is resolved already."""
    return AlertError(
        "ALERT_RESOLVED",
        Text(f"alert {alert_id} is resolved; nothing is left to do", f"预警 {alert_id} 已处理完毕"),
    )


def reason_missing() -> AlertError:
    """Releasing or resolving without a word why."""
    return AlertError("REASON_MISSING", Text("a reason is needed; write why", "须填写原因"))


def own_document(document_no: str) -> AlertError:
    """Four eyes on a hold."""
    return AlertError(
        "FOUR_EYES_MAKER",
        Text(
            f"{document_no}: you made it, held it or would be paid by it; "
            "another person has to release it",
            f"{document_no}:该单由您制单或扣住,或收款人是您本人;须由他人放行",
        ),
    )


def not_held(document_no: str) -> AlertError:
    """No live hold."""
    return AlertError(
        "NOT_HELD",
        Text(
            f"{document_no} is not held; reload the page",
            f"{document_no} 未被扣住;请刷新页面",
        ),
    )
