"""`sluice sources`: business days compared with source systems."""

from __future__ import annotations

import typer

from api.cli.operating import looking
from api.cli.rule_words import local
from api.cli.say import Format, Language, explained, say, say_json
from api.cli.workspace import WorkspaceOption
from api.pages.language import word
from api.rest.source_days import SourceDayOut
from engine.base.text import Text
from engine.treasury.sources import day_end


def days(output: Format = "full", lang: Language = "en", workspace: WorkspaceOption = None) -> None:
    """The latest comparison of every day and source; exit 1 when one differs."""
    with explained(lang, output), looking(workspace) as (session, _):
        found = [SourceDayOut.of(one) for one in day_end.days(session, None)]
    if output == "json":
        say_json([one.model_dump(mode="json") for one in found])
    else:
        for one in found:
            stand = word(lang, "source_day.equal" if one.equal else "source_day.differs")
            say(f"{one.business_date}  {one.source}  {stand}  {local(one.compared_at)}")
            if one.error:
                say(f"  {one.error}")
            for each in one.differences:
                code = word(lang, f"source_difference.{each['code']}")
                say(f"  {each['number']}  {code}  {each['ours'] or '-'} | {each['theirs'] or '-'}")
        say(Text(f"{len(found)} days", f"{len(found)} 天").say(lang))
    if not all(one.equal for one in found):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the group `sources`."""
    group = typer.Typer(help="Source systems.", no_args_is_help=True)
    group.command("days")(days)
    app.add_typer(group, name="sources")
