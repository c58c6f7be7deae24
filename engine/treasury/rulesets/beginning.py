"""Beginning a ruleset: from a template of its kind, or from head office's for a branch."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from engine.base.text import Lang, SluiceError, Text
from engine.rulebook.families import org_tree
from engine.rulebook.library import Shelved
from engine.rulebook.models import RulesetDraft
from engine.rulebook.numbering import refuse_taken
from engine.rulebook.texts import current_vocabulary, vocabulary_of
from engine.rules.kind import Kind
from engine.rules.model import Ruleset, Vocabulary
from engine.rules.params import ancestors
from engine.rules.registry import all_kinds, known_kind
from engine.rules.schema import RULESET_NAME
from engine.rules.starting import Beginning, new_ruleset
from engine.rules.starting.copies import Copying, How, extension_text, full_text, proposed_name
from engine.rules.suggest import remedy
from engine.treasury.organisations.models import Organisation
from engine.treasury.organisations.rule_grants import require_rule, rule_reach
from engine.treasury.organisations.tree import organisation, organisations
from engine.treasury.rulesets.shelf import live_for, shelved_for
from engine.treasury.rulesets.writing import EDIT, begin

NO_TITLE = Text("", "")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody chooses for a new ruleset, as he wrote it."""

    kind: str
    subject: str
    name: str
    title: Text
    """Empty in a language: the name stands there."""
    org: str
    langs: tuple[Lang, ...] = ("en",)
    """Languages of the comments."""


@dataclass(frozen=True, slots=True)
class WantedCopy:
    """What somebody chooses for a branch's own; empty texts are proposed."""

    hash: str
    org: str
    how: How
    name: str = ""
    title: Text = NO_TITLE
    langs: tuple[Lang, ...] = ("en",)


def editable(session: Session, user_id: str, kind: str) -> list[Organisation]:
    """The organisations the user may write rules of a kind for, parents first."""
    mine = rule_reach(session, user_id, EDIT).of(kind)
    return [one for code, one in organisations(session).items() if code in mine]


def branches(session: Session, user_id: str, ruleset: Ruleset) -> list[Organisation]:
    """The organisations below a ruleset's own that the user may write rules for."""
    above = organisation(session, ruleset.scope_org).path + "/"
    mine = editable(session, user_id, ruleset.kind)
    return [one for one in mine if one.path.startswith(above)]


def kinds_for(session: Session, user_id: str) -> list[Kind]:
    """The kinds of which the user may write rules somewhere."""
    reach = rule_reach(session, user_id, EDIT)
    return [kind for name, kind in all_kinds().items() if reach.of(name)]


def checked_kind(kind: str, subject: str) -> Kind:
    """The kind, when it decides about the subject. SluiceError UNKNOWN_KIND, UNKNOWN_SUBJECT."""
    found = known_kind(kind)
    if subject not in found.facts:
        near = remedy(subject, found.facts) or Text("", "")
        raise SluiceError(
            "UNKNOWN_SUBJECT",
            Text(
                f"{kind} decides nothing about {subject!r}; {near.en}",
                f"{kind} 不决定 {subject!r};{near.zh}",
            ),
        )
    return found


def checked_name(name: str) -> str:
    """A name as rulesets have it. SluiceError NAME_FORM."""
    if re.fullmatch(RULESET_NAME, name) is None or len(name) > 80:
        raise SluiceError(
            "NAME_FORM",
            Text(
                f"{name!r} is no name of a ruleset; write small letters, digits and dashes, "
                "beginning with a letter",
                f"{name!r} 不能作为规则集名称;请用小写字母、数字和连字符,以字母开头",
            ),
        )
    return name


def made_text(wanted: Wanted, vocabulary: Vocabulary, today: dt.date) -> str:
    """The text of the new ruleset. Raises as `checked_kind` and `checked_name`."""
    kind = checked_kind(wanted.kind, wanted.subject)
    name = checked_name(wanted.name)
    title = Text(wanted.title.en.strip() or name, wanted.title.zh.strip() or name)
    chosen = Beginning(kind, wanted.subject, name, title, wanted.org, today)
    return new_ruleset(chosen, vocabulary, wanted.langs)


def new_text(session: Session, user_id: str, wanted: Wanted, today: dt.date) -> str:
    """The text of a new ruleset under the live vocabulary; nothing is stored.

    Raises NotPermitted (rulesets.edit there), ORGANISATION_UNKNOWN, RulebookError NAME_TAKEN, and
    as `made_text`.
    """
    checked_kind(wanted.kind, wanted.subject)
    require_rule(session, user_id, EDIT, organisation(session, wanted.org).id, wanted.kind)
    refuse_taken(session, checked_name(wanted.name))
    return made_text(wanted, vocabulary_of(current_vocabulary(session).text), today)


def copy_text(session: Session, user_id: str, wanted: WantedCopy, today: dt.date) -> str:
    """A branch's own file made from a stored ruleset; nothing is stored.

    Raises NotPermitted, RulebookError UNKNOWN_RULESET, NAME_TAKEN, SluiceError NAME_FORM,
    NOT_BELOW, NOT_READABLE.
    """
    source = shelved_for(session, user_id, wanted.hash)
    org = organisation(session, wanted.org).id
    require_rule(session, user_id, EDIT, org, source.version.kind)
    ruleset, tree = source.ruleset, org_tree(session) or {}
    if ruleset is None:
        raise SluiceError(
            "NOT_READABLE",
            Text(
                f"{source.version.name} version {source.version.version} cannot be read with "
                "today's words; copy another version",
                f"{source.version.name} 第 {source.version.version} 版无法以现行词汇读取;"
                "请复制其他版本",
            ),
        )
    if ruleset.scope_org not in ancestors(tree, wanted.org):
        raise SluiceError(
            "NOT_BELOW",
            Text(
                f"{wanted.org} is not below {ruleset.scope_org}, which {ruleset.name} rules; "
                "choose one of its branches",
                f"{wanted.org} 不是 {ruleset.name} 所属机构 {ruleset.scope_org} 的下级;"
                "请选择其下级机构",
            ),
        )
    name = checked_name(wanted.name or proposed_name(ruleset, wanted.org))
    refuse_taken(session, name)
    title = proposed_title(session, ruleset, wanted.org)
    title = Text(wanted.title.en.strip() or title.en, wanted.title.zh.strip() or title.zh)
    copying = Copying(ruleset, wanted.org, name, title, today, tree)
    if wanted.how == "extends":
        return extension_text(copying, wanted.langs)
    return full_text(copying, vocabulary_of(current_vocabulary(session).text))


def proposed_title(session: Session, ruleset: Ruleset, org: str) -> Text:
    """ "Payment approval, Shanghai"."""
    place = organisation(session, org)
    return Text(f"{ruleset.title.en}, {place.name_en}", f"{ruleset.title.zh}（{place.name_zh}）")


def begin_new(
    session: Session, user_id: str, wanted: Wanted, now: dt.datetime, today: dt.date
) -> RulesetDraft:
    """A draft of a new ruleset. Raises as `new_text` and `begin`."""
    return begin(session, user_id, new_text(session, user_id, wanted, today), now)


def begin_copy(
    session: Session, user_id: str, wanted: WantedCopy, now: dt.datetime, today: dt.date
) -> RulesetDraft:
    """A draft of a branch's own ruleset. Raises as `copy_text` and `begin`."""
    return begin(session, user_id, copy_text(session, user_id, wanted, today), now)


def rivals(session: Session, user_id: str, kind: str) -> Sequence[Shelved]:
    """The live rulesets of a kind the user sees: of one subject and organisation there is one."""
    return [one for one in live_for(session, user_id) if one.version.kind == kind]
