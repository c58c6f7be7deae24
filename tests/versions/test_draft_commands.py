"""`sluice rules draft`: nothing of the user's is overwritten, and what was read is proposed."""

from __future__ import annotations

from pathlib import Path

from tests.versions.test_commands import GOOD, Sluice, file, place, sluice

__all__ = ["file", "place", "sluice"]


def test_the_stored_text_is_written_over_nothing_and_through_no_link(
    sluice: Sluice,
    file: Path,
    tmp_path: Path,
) -> None:
    number, _, _, seen = sluice("rules", "draft", "save", file, "--as", "ann").stdout.split()[:4]
    save = ("rules", "draft", "save", file, "--draft", number, "--seen", seen, "--as", "ann")
    first, second = GOOD.replace("4h", "5h"), GOOD.replace("4h", "6h")
    file.write_text(first, "utf-8")
    sluice(*save)
    kept, elsewhere = file.with_name(f"{file.name}.theirs"), tmp_path / "elsewhere"
    kept.write_text("an earlier merge", "utf-8")
    file.with_name(f"{file.name}.theirs2").symlink_to(elsewhere)
    file.write_text(second, "utf-8")
    late = sluice(*save, code=1)
    third = file.with_name(f"{file.name}.theirs3")
    assert str(third) in late.stderr
    assert third.read_text("utf-8") == first
    assert (kept.read_text("utf-8"), elsewhere.exists()) == ("an earlier merge", False)


def test_only_the_text_that_was_read_is_proposed(
    sluice: Sluice,
    file: Path,
) -> None:
    number, _, _, seen = sluice("rules", "draft", "save", file, "--as", "ann").stdout.split()[:4]
    file.write_text(GOOD.replace("4h", "5h"), "utf-8")
    saved = sluice(
        "rules", "draft", "save", file, "--draft", number, "--seen", seen, "--as", "amy"
    ).stdout.split()[3]
    submit = ("rules", "draft", "submit", number, "--as", "ann", "--reason", "lower")
    refused = sluice(*submit, "--seen", seen, code=2)
    assert "DRAFT_CONFLICT" in refused.stderr
    assert sluice("rules", "pending").stdout.count("payment-approval") == 0
    assert "proposed" in sluice(*submit, "--seen", saved).stdout
