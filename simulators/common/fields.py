"""Reading JSON at the border: every value is asked for by name and type, or refused."""

import json
import re
from collections.abc import Sequence
from typing import Final

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class Refused(Exception):
    """A request this server cannot follow; `status` is the HTTP status to answer."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def parse_json(body: bytes) -> object:
    """The JSON value in a body; raises Refused when it is not UTF-8 JSON."""
    try:
        return json.loads(body.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Refused(f"the body is not JSON in UTF-8: {error}") from error


class Fields:
    """One JSON object whose members are read by name; `what` names it in messages."""

    def __init__(self, value: object, what: str) -> None:
        if not isinstance(value, dict):
            raise Refused(f"{what}: a JSON object is expected")
        self._members: dict[str, object] = {str(name): member for name, member in value.items()}
        self._what = what

    def only(self, names: Sequence[str]) -> None:
        """Refuse members nobody knows: a misspelt option must not be silently ignored."""
        unknown = sorted(set(self._members) - set(names))
        if unknown:
            raise Refused(
                f"{self._what}: unknown {', '.join(unknown)}; known: {', '.join(sorted(names))}"
            )

    def has(self, name: str) -> bool:
        """Whether the member is there and not null."""
        return self._members.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        """A string without control characters; numbers are refused, they may be floats."""
        value = self._members.get(name)
        if value is None:
            if default is None:
                raise Refused(f"{self._what}: {name} is missing")
            return default
        if not isinstance(value, str):
            raise Refused(f"{self._what}: {name} must be a string")
        if _CONTROL.search(value):
            raise Refused(f"{self._what}: {name} contains control characters")
        return value

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number, not negative."""
        value = self._members.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise Refused(f"{self._what}: {name} must be a whole number, 0 or more")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        value = self._members.get(name, default)
        if not isinstance(value, bool):
            raise Refused(f"{self._what}: {name} must be true or false")
        return value

    def member(self, name: str) -> object:
        """A member of any type, for an object inside an object."""
        return self._members.get(name)

    def objects(self, name: str) -> list[object]:
        """A list; its members are checked by whoever reads them."""
        value = self._members.get(name)
        if not isinstance(value, list):
            raise Refused(f"{self._what}: {name} must be a list")
        return list(value)
