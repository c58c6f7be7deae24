"""Which faults wait for which calls; kept in the store, so a restart forgets none."""

from simulators.bank.dialect import Call
from simulators.bank.faults.kinds import CALLS, FAULTS
from simulators.common.fields import Fields, Refused
from simulators.common.store import SqlValue, Store


class FaultQueue:
    """Ordered list of faults; the first that fits a call befalls it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, value: object) -> None:
        """Append one fault as given by an admin; raises Refused."""
        given = Fields(value, "fault")
        given.only(("on", "fault", "times", "match"))
        on, kind = given.text("on", "submit"), given.text("fault")
        if kind not in FAULTS:
            raise Refused(f"unknown fault {kind!r}; known: {', '.join(sorted(FAULTS))}")
        if on not in CALLS or on not in FAULTS[kind].on:
            raise Refused(f"fault {kind} cannot be on {on!r}; it can: {', '.join(FAULTS[kind].on)}")
        match = Fields({}, "match")
        if given.has("match"):
            match = Fields(given.member("match"), "match")
            match.only(("message_id", "contains"))
        row: tuple[SqlValue, ...] = (on, kind, given.whole("times", 1))
        row += (match.text("message_id", "") or None, match.text("contains", "") or None)
        self._store.execute(
            """INSERT INTO fault (on_call, kind, times_left, message_id, contains)
               VALUES (?,?,?,?,?)""",
            row,
        )

    def take(self, call: Call) -> str | None:
        """The name of the fault that befalls this call, counted down; None: all is well."""
        for row in self._store.rows(
            "SELECT * FROM fault WHERE on_call = ? AND times_left > 0 ORDER BY id", (call.on,)
        ):
            if row["message_id"] is not None and row["message_id"] != call.message_id:
                continue
            if row["contains"] is not None and row["contains"] not in call.text:
                continue
            self._store.execute(
                "UPDATE fault SET times_left = times_left - 1 WHERE id = ?", (row["id"],)
            )
            return str(row["kind"])
        return None

    def clear(self) -> None:
        """Forget all faults that wait."""
        self._store.execute("DELETE FROM fault")

    def waiting(self) -> list[dict[str, SqlValue]]:
        """Faults that have not come about yet, in order."""
        return [
            {
                "on": row["on_call"],
                "fault": row["kind"],
                "times": row["times_left"],
                "message_id": row["message_id"],
                "contains": row["contains"],
            }
            for row in self._store.rows("SELECT * FROM fault WHERE times_left > 0 ORDER BY id")
        ]
