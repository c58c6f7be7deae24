"""Where documents belong when no organisation tree is at hand: what the rulesets themselves say."""

from __future__ import annotations

from engine.rules.model import Ruleset
from engine.rules.params import ancestors
from engine.rules.preview.documents import Paths
from engine.rules.preview.worlds import OrgPath

ROOT = "GROUP"
"""The code of the group's root organisation: every other one stands below it."""


def paths_without_tree(live: Ruleset, draft: Ruleset, *, nameless: OrgPath = (ROOT,)) -> Paths:
    """Every organisation stands below the root, and below another one where a ruleset says so: an
    extension below its parent's, the draft's below that of `live`, overridden ones below the scope
    of the ruleset that overrides them. `nameless` is the path of documents that name no branch."""
    tree = _said(live, draft)

    def path(code: str | None) -> OrgPath | None:
        return nameless if code is None else path_in(tree, code)

    return path


def place_without_tree(one: Ruleset, live: Ruleset, draft: Ruleset) -> OrgPath:
    """The path of the organisation that `one` is made for."""
    return path_in(_said(live, draft), one.scope_org)


def path_in(tree: dict[str, str | None], code: str) -> OrgPath:
    """From the root to `code`; what the tree does not have stands right below the root."""
    found = (*reversed(list(ancestors(tree, code))), code)
    return found if found[0] == ROOT else (ROOT, *found)


def _said(live: Ruleset, draft: Ruleset) -> dict[str, str | None]:
    tree: dict[str, str | None] = {}
    # The group's ruleset overrides branches at any depth: a branch's own knows better.
    for one in sorted((live, draft), key=lambda one: one.scope_org != ROOT):
        if one.extension is None:
            tree |= {org: one.scope_org for org in one.overrides if org != one.scope_org}
        else:
            tree |= {org: above for org, above in one.extension.tree.items() if above is not None}
    if draft.scope_org not in (live.scope_org, ROOT):
        known = live.scope_org in ancestors(tree, draft.scope_org)
        tree |= {} if known else {draft.scope_org: live.scope_org}
    tree.pop(ROOT, None)
    return tree
