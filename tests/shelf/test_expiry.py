"""Until when a version is in force, and what decides after its last day."""

from __future__ import annotations

import datetime as dt

import pytest

from engine.rulebook.expiry import Expiry, Force, expiry
from engine.rulebook.models import RulesetVersion

TODAY = dt.date(2026, 11, 20)


def version(
    number: int, first: str = "2020-01-01", last: str | None = None, name: str = "one"
) -> RulesetVersion:
    """A stored version."""
    return RulesetVersion(
        hash=f"{name}{number}",
        org_id="SH",
        kind="approval",
        subject="payment",
        name=name,
        version=number,
        effective_from=dt.date.fromisoformat(first),
        effective_to=None if last is None else dt.date.fromisoformat(last),
        file="",
        text="",
        author="",
        reason="",
        created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )


@pytest.mark.parametrize(
    ("first", "last", "force"),
    [
        ("2020-01-01", None, Force.IN_FORCE),
        ("2020-01-01", "2026-12-21", Force.IN_FORCE),
        ("2020-01-01", "2026-12-20", Force.ENDS_SOON),
        ("2020-01-01", "2026-11-20", Force.ENDS_SOON),
        ("2020-01-01", "2026-11-19", Force.ENDED),
        ("2026-11-21", "2026-11-30", Force.NOT_YET),
    ],
)
def test_a_version_is_warned_of_thirty_days_before_its_last_day(
    first: str, last: str | None, force: Force
) -> None:
    found = expiry(version(1, first, last), TODAY, coming=(), above=())
    assert found.force is force
    assert found.gap == (force in {Force.ENDS_SOON, Force.ENDED})


ENDING = version(1, last="2026-11-30")
NEXT = version(2, first="2026-12-01")
LATE = version(3, first="2026-12-02")
ABOVE = version(7, name="group")


@pytest.mark.parametrize(
    ("coming", "above", "expected"),
    [
        ([ENDING, NEXT, LATE], [], Expiry(Force.ENDS_SOON, then=NEXT)),
        ([ENDING, NEXT], [ABOVE], Expiry(Force.ENDS_SOON, then=NEXT)),
        ([ENDING, LATE], [ABOVE], Expiry(Force.ENDS_SOON, above=ABOVE)),
        ([ENDING, version(2, first="2026-12-01", name="other")], [], Expiry(Force.ENDS_SOON)),
        ([ENDING], [version(7, last="2026-11-30", name="group")], Expiry(Force.ENDS_SOON)),
    ],
)
def test_what_follows_without_a_gap_is_named(
    coming: list[RulesetVersion], above: list[RulesetVersion], expected: Expiry
) -> None:
    assert expiry(ENDING, TODAY, coming=coming, above=above) == expected
