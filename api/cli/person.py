"""Who gives a command that acts in the name of a person."""

from __future__ import annotations

import os
import re
from typing import Annotated

import sqlalchemy as sa
import typer

from engine.runtime.clock import Clock
from engine.runtime.db import transaction
from engine.runtime.workspace import Workspace
from engine.treasury.organisations import grants, signin

AsOption = Annotated[str, typer.Option("--as", help="Sign-in name of the person who acts.")]


def proven(workspace: Workspace, engine: sa.Engine, clock: Clock, user_id: str) -> str:
    """`user_id`, after his password was right; a demo workspace asks nobody for one.

    The password comes from SLUICE_PASSWORD_<USER> or SLUICE_PASSWORD, or is asked for.
    SignInFailed SIGN_IN_FAILED; in a demo OrganisationError USER_UNKNOWN.
    """
    if workspace.demo:
        with transaction(engine) as session:
            grants.user(session, user_id)
    else:
        own = "SLUICE_PASSWORD_" + re.sub(r"\W", "_", user_id).upper()
        given = os.environ.get(own) or os.environ.get("SLUICE_PASSWORD")
        password = given or typer.prompt(f"Password of {user_id}", hide_input=True, err=True)
        with transaction(engine) as session:
            opened = signin.sign_in(session, user_id, password, clock.now())
            signin.sign_out(session, opened.token)
    return user_id
