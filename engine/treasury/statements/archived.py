"""A statement file that may be a zip file of several: each member is a file with its own result."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlmodel import Session

from engine.base.text import SluiceError
from engine.formats.archives import is_archive, members_of
from engine.treasury.statements.filing import FileImported, check_size, import_file


@dataclass(frozen=True, slots=True)
class MemberImported:
    """What became of a file: taken, or refused with nothing of it taken."""

    name: str | None
    """Within the zip file; None of a file that stands for itself."""
    done: FileImported | None
    refused: SluiceError | None = None


def import_files(
    session: Session,
    user_id: str,
    name: str,
    content: bytes,
    now: dt.datetime,
    *,
    account: str | None = None,
    layout: str | None = None,
    until: dt.date | None = None,
) -> tuple[MemberImported, ...]:
    """Import a file, or every member of a zip file by name, each for itself as `import_file` does.

    A member that is refused leaves nothing behind and the others stand. Raises as `import_file`
    for a file that stands for itself, FormatError as `members_of` for a zip file that is broken or
    beyond its limits: then nothing of it is taken.
    """
    check_size(content)
    if not is_archive(content):
        done = import_file(
            session, user_id, name, content, now, account=account, layout=layout, until=until
        )
        return (MemberImported(None, done),)
    results = []
    # By name: banks name files by day, and a statement is to come after the one it continues.
    for member in sorted(members_of(content), key=lambda one: one.name):
        try:
            with session.begin_nested():
                done = import_file(
                    session,
                    user_id,
                    f"{name}/{member.name}",
                    member.content,
                    now,
                    account=account,
                    layout=layout,
                    until=until,
                )
        except SluiceError as error:
            results.append(MemberImported(member.name, None, error))
        else:
            results.append(MemberImported(member.name, done))
    return tuple(results)
