"""What documents refuse, in words."""

from __future__ import annotations

from collections.abc import Mapping

from engine.base.text import SluiceError, Text


class DocumentError(SluiceError):
    """A document that cannot do what was asked."""


class TransitionRefused(DocumentError):
    """Some documents stand in a state from which the step is not possible; none was moved.

    `states` maps each of them to the state it stands in (None: there is no such document),
    `numbers` to the document number that the sentence names.
    """

    def __init__(
        self, to: str, states: Mapping[int, str | None], numbers: Mapping[int, str]
    ) -> None:
        listed = ", ".join(
            f"{numbers.get(one, one)} ({state or '-'})" for one, state in sorted(states.items())[:5]
        )
        more = len(states) - 5
        tail = (f" and {more} more", f" 等另外 {more} 张") if more > 0 else ("", "")
        super().__init__(
            "DOCUMENT_TRANSITION",
            Text(
                f"documents cannot go to {to} from where they are: {listed}{tail[0]}; "
                "reload the list, somebody may have been faster",
                f"单据当前状态不能转为 {to}:{listed}{tail[1]};请刷新列表,可能已被他人处理",
            ),
        )
        self.states = dict(states)


def unknown(document_no: str) -> DocumentError:
    """No such document, or none the user may see (the two are not told apart)."""
    return DocumentError(
        "DOCUMENT_UNKNOWN",
        Text(
            f"there is no document {document_no} among those you may see; check the number",
            f"在您可查看的范围内没有单据 {document_no};请核对单据号",
        ),
    )
