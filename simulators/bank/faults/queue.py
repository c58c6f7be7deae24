"""Which faults wait for which calls; kept in the store, so a restart forgets none."""

from dataclasses import dataclass
from typing import Final

from simulators.bank.dialect import Call
from simulators.bank.faults.kinds import CALLS, FAULTS
from simulators.common.fields import Fields, Refused
from simulators.common.store import SqlValue, Store

SECONDS: Final = 300
"""How late or how long a fault is unless it says so (bank clock)."""

SAYINGS: Final = ("refused", "executed", "pending")


@dataclass(frozen=True)
class Taken:
    """A fault that befalls a call, with what it was given."""

    kind: str
    seconds: int
    says: str


class FaultQueue:
    """Ordered list of faults; the first that fits a call befalls it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, value: object) -> None:
        """Append one fault as given by an admin; raises Refused."""
        given = Fields(value, "fault")
        given.only(("on", "fault", "times", "match", "seconds", "says"))
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
        says = given.text("says", "refused")
        if says not in SAYINGS:
            raise Refused(f"says must be one of {', '.join(SAYINGS)}")
        fault = self._store.execute(
            """INSERT INTO fault (on_call, kind, times_left, message_id, contains)
               VALUES (?,?,?,?,?)""",
            row,
        )
        self._store.insert(
            "fault_more",
            {"fault": fault, "seconds": given.whole("seconds", SECONDS), "says": says},
        )

    def take(self, call: Call, now: int) -> Taken | None:
        """The fault that befalls this call, counted down; None: all is well.

        One that lasts befalls every call that fits until its time, which begins with the first,
        has passed on the bank's clock; it counts as one.
        """
        for row in self._store.rows(
            """SELECT f.*, coalesce(m.seconds, 0) AS seconds, coalesce(m.says, '') AS says, m.until
               FROM fault f LEFT JOIN fault_more m ON m.fault = f.id
               WHERE on_call = ? AND times_left > 0 ORDER BY f.id""",
            (call.on,),
        ):
            kind = FAULTS[row["kind"]]
            if row["message_id"] is not None and row["message_id"] != call.message_id:
                continue
            if row["contains"] is not None and row["contains"] not in call.text:
                continue
            if not kind.fits(call):
                continue
            if kind.lasts and (row["until"] is None or now < row["until"]):
                self._store.execute(
                    "UPDATE fault_more SET until = coalesce(until, ?) WHERE fault = ?",
                    (now + row["seconds"] * 1000, row["id"]),
                )
                return Taken(row["kind"], row["seconds"], row["says"])
            self._store.execute(
                "UPDATE fault SET times_left = times_left - 1 WHERE id = ?", (row["id"],)
            )
            if not kind.lasts:
                return Taken(row["kind"], row["seconds"], row["says"])
        return None

    def clear(self) -> None:
        """Forget all faults that wait."""
        self._store.execute("DELETE FROM fault_more")
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
