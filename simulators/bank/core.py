"""One bank: its books, orders, statements and clock over one store."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from simulators.bank.books import Books
from simulators.bank.clock import BankClock, real_ms
from simulators.bank.execution import Execution
from simulators.bank.orders import Orders
from simulators.bank.profiles import Options, Profile
from simulators.bank.statements import Statements
from simulators.common.fields import Refused
from simulators.common.http import Request
from simulators.common.store import Store


class Bank:
    """What dialects and administration work with; thread-safe through `present()`."""

    def __init__(
        self,
        profile: Profile,
        options: Options,
        store: Store,
        seed: int,
        real: Callable[[], int] = real_ms,
    ) -> None:
        self.profile = profile
        self.options = options
        self.store = store
        self.clock = BankClock(store, real)
        self.books = Books(store, self.clock, profile.letter)
        self.orders = Orders(store, options)
        self.statements = Statements(store, self.books)
        self._execution = Execution(store, self.books, self.statements, self.clock, options, seed)

    @contextmanager
    def present(self) -> Iterator[int]:
        """One transaction in which the bank has done all that is due; yields its instant."""
        with self.store.transaction():
            self._execution.advance()
            yield self.clock.now()

    def set_clock(self, now: int | None, frozen: bool | None) -> None:
        """Put the clock; it cannot go back behind anything written. Raises Refused."""
        with self.present() as current:
            target = current if now is None else now
            if target < self.books.last_event():
                raise Refused("the clock cannot go back behind what the bank has written", 409)
            self.clock.set(target, self.clock.frozen if frozen is None else frozen)
            self._execution.advance()

    def keep_late(self, request: Request, due_at: int) -> None:
        """Keep a submission that will be carried out at `due_at`, though it was not accepted."""
        self.store.insert(
            "late_request", {"due_at": due_at, "path": request.path, "body": request.body}
        )

    def take_late(self) -> list[Request]:
        """The kept submissions whose time has come, each once."""
        with self.present() as now:
            rows = self.store.rows(
                "SELECT * FROM late_request WHERE due_at <= ? ORDER BY due_at, id", (now,)
            )
            for row in rows:
                self.store.execute("DELETE FROM late_request WHERE id = ?", (row["id"],))
        return [Request("POST", row["path"], {}, {}, row["body"]) for row in rows]

    def count(self, name: str) -> None:
        """Add one to a figure of the statistics."""
        self.store.execute(
            """INSERT INTO counter (name, count) VALUES (?, 1)
               ON CONFLICT (name) DO UPDATE SET count = count + 1""",
            (name,),
        )
