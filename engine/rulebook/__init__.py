"""Rules in time: versions, activation, pinning, and the log of every decision.

publish_vocabulary(session, text, ...); publish(session, text, file, ...)
activate(session, hashes, ...)                      # all of them at once, or nothing
pinned = Rulebook().at(session)                     # a run keeps the revision it began with
pinned.decide(session, "approval", "payment", facts, org_path=("GROUP", "SH"), ...)
"""

from engine.rulebook.book import Rulebook
from engine.rulebook.errors import NoLiveRuleset, RulebookError, RulesetRefused
from engine.rulebook.folder import FileState, Synced, folder_state, sync_folder
from engine.rulebook.governance import approve, propose
from engine.rulebook.pinned import (
    Considered,
    LiveRuleset,
    Matter,
    Pinned,
    Recorded,
    WindowSource,
)
from engine.rulebook.replay import Difference, replay
from engine.rulebook.revisions import activate, current_revision
from engine.rulebook.versions import pending, publish, publish_vocabulary

__all__ = [
    "Considered",
    "Difference",
    "FileState",
    "LiveRuleset",
    "Matter",
    "NoLiveRuleset",
    "Pinned",
    "Recorded",
    "Rulebook",
    "RulebookError",
    "RulesetRefused",
    "Synced",
    "WindowSource",
    "activate",
    "approve",
    "current_revision",
    "folder_state",
    "pending",
    "propose",
    "publish",
    "publish_vocabulary",
    "replay",
    "sync_folder",
]
