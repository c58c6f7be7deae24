"""What the database refuses even when code would let it pass."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from engine import ledger
from engine.runtime import db
from tests.ledger.support import BANK, FEE, PAYABLE, chart, draft

VOUCHER = sa.text(
    "INSERT INTO voucher (org_id, legal_entity_id, number, event_id, content_hash, currency, "
    "voucher_date, voucher_type, text, reversal_of, created_at) VALUES "
    "('SH01', 'SH', gen_random_uuid(), gen_random_uuid(), 'h', 'CNY', '2026-11-23', 'payment', "
    "'付款', :reversal_of, now()) RETURNING id"
)
LINES = sa.text(
    "INSERT INTO voucher_line (voucher_id, line_no, org_id, account, debit, credit, currency, "
    "dimensions, text) SELECT voucher, no, 'SH01', account, debit, credit, currency, '{}', '付款' "
    "FROM unnest(CAST(:vouchers AS bigint[]), CAST(:numbers AS integer[]), "
    "CAST(:accounts AS text[]), CAST(:debits AS bigint[]), CAST(:credits AS bigint[]), "
    "CAST(:currencies AS text[])) AS given (voucher, no, account, debit, credit, currency)"
)

Row = tuple[str, int, int, str]


@pytest.fixture
def books(engine: sa.Engine) -> sa.Engine:
    """A database with a chart of accounts."""
    chart(engine)
    return engine


@pytest.fixture(scope="module")
def shared_books(module_engine: sa.Engine) -> sa.Engine:
    """The same for all examples of a property."""
    chart(module_engine)
    return module_engine


def _insert(engine: sa.Engine, *rows: Row, reversal_of: int | None = None) -> int:
    """A voucher written past the code."""
    with engine.begin() as connection:
        voucher: int = connection.execute(VOUCHER, {"reversal_of": reversal_of}).scalar_one()
        if rows:
            connection.execute(LINES, _lines(voucher, 1, *rows))
    return voucher


def _lines(voucher: int, first: int, *rows: Row) -> dict[str, list[object]]:
    accounts, debits, credits, currencies = map(list, zip(*rows, strict=True))
    places = {
        "vouchers": [voucher] * len(rows),
        "numbers": list(range(first, first + len(rows))),
    }
    values = {"accounts": accounts, "debits": debits, "credits": credits, "currencies": currencies}
    return places | values


GOOD: tuple[Row, Row] = ((PAYABLE, 5, 0, "CNY"), (BANK, 0, 5, "CNY"))


@pytest.mark.parametrize(
    ("constraint", "rows"),
    [
        ("voucher_has_two_lines", ()),
        ("voucher_balances", ((BANK, 5, 0, "CNY"),)),
        ("voucher_balances", ((PAYABLE, 5, 0, "CNY"), (BANK, 0, 4, "CNY"))),
        ("voucher_balances", ((PAYABLE, 5, 0, "CNY"), (BANK, 0, 5, "USD"))),
        ("voucher_line_one_side", ((PAYABLE, 5, 5, "CNY"), (BANK, 5, 5, "CNY"))),
        ("voucher_line_one_side", ((PAYABLE, 0, 0, "CNY"), (BANK, 0, 0, "CNY"))),
        ("voucher_line_debit_check", ((PAYABLE, -5, 0, "CNY"), (BANK, 0, -5, "CNY"))),
    ],
)
def test_an_unsound_voucher_is_refused(
    books: sa.Engine, constraint: str, rows: tuple[Row, ...]
) -> None:
    with pytest.raises(IntegrityError) as caught:
        _insert(books, *rows)
    assert db.constraint(caught.value) == constraint


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([PAYABLE, BANK, FEE]),
            st.booleans(),
            st.integers(1, 3),
            st.sampled_from(["CNY", "USD"]),
        ),
        max_size=4,
    )
)
def test_i1_exactly_the_balanced_vouchers_pass(
    shared_books: sa.Engine, rows: list[tuple[str, bool, int, str]]
) -> None:
    lines = [(a, n if left else 0, 0 if left else n, c) for a, left, n, c in rows]
    sums = {c: sum(d - k for _, d, k, cc in lines if cc == c) for c in ("CNY", "USD")}
    sound = len(lines) >= 2 and not any(sums.values())
    try:
        _insert(shared_books, *lines)
    except IntegrityError:
        assert not sound
    else:
        assert sound


def test_a_voucher_gets_no_unbalancing_line_later(books: sa.Engine) -> None:
    voucher = _insert(books, *GOOD)
    with pytest.raises(IntegrityError) as caught, books.begin() as connection:
        connection.execute(LINES, _lines(voucher, 3, (FEE, 1, 0, "CNY")))
    assert db.constraint(caught.value) == "voucher_balances"


def test_one_unbalanced_voucher_among_many_refuses_them_all(books: sa.Engine) -> None:
    first, second = _insert(books, *GOOD), _insert(books, *GOOD)
    sound, unbalanced = _lines(second, 3, *GOOD), _lines(first, 3, *GOOD, (FEE, 1, 0, "CNY"))
    together = {name: [*sound[name], *unbalanced[name]] for name in sound}
    with pytest.raises(IntegrityError) as caught, books.begin() as connection:
        connection.execute(LINES, together)
    assert db.constraint(caught.value) == "voucher_balances"
    with books.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM voucher_line")).scalar_one() == 4


@pytest.mark.parametrize("table", ["voucher", "voucher_line"])
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET text = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_vouchers_are_never_changed(books: sa.Engine, table: str, change: str) -> None:
    with db.transaction(books) as session:
        ledger.post(session, draft())
    with pytest.raises(IntegrityError) as caught, books.begin() as connection:
        connection.execute(sa.text(change.format(table)))
    assert db.constraint(caught.value) == "append_only"


@pytest.mark.parametrize(
    "rows",
    [
        ((PAYABLE, 0, 4, "CNY"), (BANK, 4, 0, "CNY")),
        ((PAYABLE, 5, 0, "CNY"), (BANK, 0, 5, "CNY")),
        ((PAYABLE, 0, 5, "CNY"), (FEE, 5, 0, "CNY")),
        ((PAYABLE, 0, 5, "CNY"), (BANK, 5, 0, "CNY"), (FEE, 1, 0, "CNY"), (FEE, 0, 1, "CNY")),
    ],
)
def test_i14_a_reversal_that_is_no_exact_negative_is_refused(
    books: sa.Engine, rows: tuple[Row, ...]
) -> None:
    original = _insert(books, *GOOD)
    with pytest.raises(IntegrityError) as caught:
        _insert(books, *rows, reversal_of=original)
    assert db.constraint(caught.value) == "voucher_reverses"


def test_i14_a_second_reversal_is_refused(books: sa.Engine) -> None:
    original = _insert(books, *GOOD)
    negative: tuple[Row, Row] = ((PAYABLE, 0, 5, "CNY"), (BANK, 5, 0, "CNY"))
    _insert(books, *negative, reversal_of=original)
    with pytest.raises(IntegrityError) as caught:
        _insert(books, *negative, reversal_of=original)
    assert db.constraint(caught.value) == "voucher_reversal_of_key"
