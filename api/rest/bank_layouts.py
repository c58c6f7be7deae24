"""Bank layouts over REST: drafts and their samples, versions, who signs, what is live."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.identity import Caller, needs
from api.rest.errors import Problem
from api.rest.queue import Reason
from api.rest.rule_shapes import FindingOut
from api.services import services_of
from engine.base.text import Text
from engine.formats.layouts import load
from engine.formats.learning import Learned, learn
from engine.runtime.db import transaction
from engine.treasury.layouts import Live, comparing, drafting, live, reviewing
from engine.treasury.layouts.drafting import SampleRead
from engine.treasury.layouts.models import LayoutActivation, LayoutDraft, LayoutVersion

router = APIRouter(prefix="/api/v1/bank-layouts", tags=["bank layouts"])
Reads = Annotated[Caller, Depends(needs("layouts.read"))]
Edits = Annotated[Caller, Depends(needs("layouts.edit"))]
Signs = Annotated[Caller, Depends(needs("layouts.approve"))]
REFUSED: dict[int | str, dict[str, object]] = {
    403: {"model": Problem},
    404: {"model": Problem, "description": "Not there, or not within your organisations"},
    409: {"model": Problem, "description": "Somebody was faster, or it is so already"},
    422: {"model": Problem, "description": "The text or a sample does not hold"},
}


class LayoutOut(BaseModel):
    """A layout. `state`: live, signed, proposed or returned; `shipped` came with the product."""

    hash: str
    bank: str
    name: str
    use: str
    organisation: str
    version: int
    effective_from: dt.date
    state: str
    shipped: bool
    author: str | None = None
    reviewer: str | None = None
    returned_by: str | None = None
    reason: str | None = None
    created_at: dt.datetime | None = None

    @classmethod
    def of(cls, one: LayoutVersion, live: bool) -> LayoutOut:
        """From a stored version."""
        state = "proposed"
        if one.returned_by is not None:
            state = "returned"
        elif live:
            state = "live"
        elif one.reviewer is not None or one.shipped:
            state = "signed"
        return cls(
            hash=one.hash,
            bank=one.bank_id,
            name=one.name,
            use=one.use,
            organisation=one.org_id,
            version=one.version,
            effective_from=one.effective_from,
            state=state,
            shipped=one.shipped,
            author=one.author,
            reviewer=one.reviewer,
            returned_by=one.returned_by,
            reason=one.return_reason or one.reason,
            created_at=one.created_at,
        )

    @classmethod
    def shipped_one(cls, one: Live) -> LayoutOut:
        """From a layout that is live and was never used yet."""
        layout = one.layout
        return cls(
            hash=one.hash,
            bank=layout.bank,
            name=layout.name,
            use=layout.use.value,
            organisation=layout.scope_org,
            version=layout.version,
            effective_from=layout.effective_from,
            state="live",
            shipped=True,
        )


class ActivationOut(BaseModel):
    """What was live from when on; hash null: none of this name."""

    hash: str | None
    cause: str
    activated_by: str
    reason: str
    at: dt.datetime

    @classmethod
    def of(cls, one: LayoutActivation) -> ActivationOut:
        """From an activation."""
        return cls(
            hash=one.hash,
            cause=one.cause,
            activated_by=one.activated_by,
            reason=one.reason,
            at=one.at,
        )


class LayoutText(LayoutOut):
    """A layout with its text and what was live under its name, newest first."""

    text: str
    activations: list[ActivationOut]


class DraftOut(BaseModel):
    """A draft with its text and what is wrong with it. `seen` for the next save is `hash`."""

    id: int
    organisation: str
    name: str
    text: str
    hash: str
    author: str
    editors: list[str]
    state: str
    submitted_hash: str | None
    samples: list[str]
    findings: list[FindingOut]

    @classmethod
    def of(cls, draft: LayoutDraft, samples: Sequence[str]) -> DraftOut:
        """From a draft."""
        return cls(
            id=draft.id or 0,
            organisation=draft.org_id,
            name=draft.name,
            text=draft.text,
            hash=draft.text_hash,
            author=draft.author,
            editors=draft.editors,
            state=draft.state,
            submitted_hash=draft.submitted_hash,
            samples=list(samples),
            findings=[FindingOut.of(one) for one in drafting.findings(draft)],
        )


class RowOut(BaseModel):
    """A row as it is read beside its line: `raw` in hexadecimal, `text` for people."""

    line: int
    raw: str
    text: str
    cells: dict[str, str | None]


class SampleOut(BaseModel):
    """What the draft reads in one sample; `refused_*` when it does not read it whole."""

    sample: str
    count: int
    rows: list[RowOut]
    refused_code: str | None
    refused_en: str | None
    refused_zh: str | None

    @classmethod
    def of(cls, name: str, found: SampleRead, encoding: str) -> SampleOut:
        """From what was read; `encoding` shows the raw bytes to people."""
        why = found.refused
        text = Text("", "") if why is None else why.text
        return cls(
            sample=name,
            count=found.count,
            rows=[
                RowOut(
                    line=one.line,
                    raw=one.raw.hex(),
                    text=one.raw.decode(encoding, errors="backslashreplace"),
                    cells={
                        key: None if value is None else str(value)
                        for key, value in one.cells.items()
                    },
                )
                for one in found.rows
            ],
            refused_code=None if why is None else why.code,
            refused_en=None if why is None else text.en,
            refused_zh=None if why is None else text.zh,
        )


class Save(BaseModel):
    """The text, and the hash of the text it was made from."""

    text: str = Field(max_length=drafting.MOST_TEXT)
    seen: str = Field(max_length=64)


class Submit(BaseModel):
    """Which text is handed over, and why."""

    seen: str = Field(max_length=64)
    reason: str = Field(max_length=2000)


class Named(BaseModel):
    """An organisation's layout by its name."""

    organisation: str = Field(max_length=40)
    name: str = Field(max_length=80)
    reason: str = Field(max_length=2000)


class Undone(BaseModel):
    """What is live now; null when the organisation has none of this name."""

    hash: str | None


@router.get("", summary="Layouts: live ones and every version", responses=REFUSED)
def listed(request: Request, caller: Reads) -> list[LayoutOut]:
    """Of the caller's organisations and those above."""
    with transaction(services_of(request).engine) as session:
        return [one for one, _ in layouts_of(session, caller.user_id)]


@router.get("/drafts", summary="Open drafts", responses=REFUSED)
def drafts(request: Request, caller: Reads) -> list[DraftOut]:
    """Of the caller's organisations."""
    with transaction(services_of(request).engine) as session:
        return [draft_out(session, one) for one in drafting.drafts(session, caller.user_id)]


@router.post("/drafts", status_code=201, summary="Begin a draft", responses=REFUSED)
def begin(
    request: Request,
    caller: Edits,
    organisation: Annotated[str, Form(max_length=40)],
    text: Annotated[str, Form(max_length=drafting.MOST_TEXT)],
    sample: Annotated[UploadFile | None, File()] = None,
) -> DraftOut:
    """From a text, with a file of the bank that it has to read."""
    services = services_of(request)
    given = None if sample is None else (sample.filename or "sample", sample.file.read())
    with transaction(services.engine) as session:
        now = services.clock.now()
        made = drafting.begin(session, caller.user_id, organisation, text, now, given)
        return draft_out(session, made)


class ColumnOut(BaseModel):
    """A column of the sample, what it is taken for (null: read over), and how sure that is."""

    number: int
    name: str
    role: str | None
    confidence: int
    reason: str
    samples: list[str]


class LearnedOut(BaseModel):
    """A draft that was learned. `proven` of `pairs` neighbouring rows the running balance proves
    the amount rule."""

    draft: DraftOut
    complete: bool
    columns: list[ColumnOut]
    amount_rule: str | None
    proven: int | None
    pairs: int | None
    left_out: list[str]
    round_trip: bool | None
    """Whether the draft writes the sample again byte for byte."""
    round_trip_en: str
    round_trip_zh: str

    @classmethod
    def of(cls, draft: DraftOut, one: Learned) -> LearnedOut:
        """From what was learned."""
        return cls(
            draft=draft,
            complete=one.complete,
            columns=[
                ColumnOut(
                    number=column.number,
                    name=column.name,
                    role=column.role,
                    confidence=column.confidence,
                    reason=column.reason,
                    samples=list(column.samples),
                )
                for column in one.columns
            ],
            amount_rule=None if one.rule is None else one.rule.rule,
            proven=None if one.rule is None else one.rule.proven,
            pairs=None if one.rule is None else one.rule.pairs,
            left_out=list(one.left_out),
            round_trip=None if one.round_trip is None else one.round_trip.same,
            round_trip_en="" if one.round_trip is None else one.round_trip.reason.en,
            round_trip_zh="" if one.round_trip is None else one.round_trip.reason.zh,
        )


@router.post("/drafts/learn", status_code=201, summary="Learn a draft", responses=REFUSED)
def learn_draft(
    request: Request,
    caller: Edits,
    organisation: Annotated[str, Form(max_length=40)],
    bank: Annotated[str, Form(max_length=40)],
    name: Annotated[str, Form(max_length=80)],
    sample: Annotated[UploadFile, File()],
    until: Annotated[dt.date | None, Form()] = None,
) -> LearnedOut:
    """From a file of the bank alone: columns with confidence, the amount rule with its proof."""
    services = services_of(request)
    content = sample.file.read(drafting.MOST_SAMPLE + 1)
    found = learn(name, content, bank=bank, org=organisation, until=until)
    with transaction(services.engine) as session:
        made = drafting.begin(
            session,
            caller.user_id,
            organisation,
            found.text,
            services.clock.now(),
            (sample.filename or "sample", content),
        )
        return LearnedOut.of(draft_out(session, made), found)


@router.get("/drafts/{draft_id}", summary="A draft", responses=REFUSED)
def draft(request: Request, caller: Reads, draft_id: int) -> DraftOut:
    """With what is wrong with its text."""
    with transaction(services_of(request).engine) as session:
        return draft_out(session, drafting.seen_draft(session, caller.user_id, draft_id))


@router.put("/drafts/{draft_id}", summary="Save a draft", responses=REFUSED)
def save(request: Request, caller: Edits, draft_id: int, body: Save) -> DraftOut:
    """409 when somebody else saved it meanwhile."""
    services = services_of(request)
    with transaction(services.engine) as session:
        now = services.clock.now()
        saved = drafting.save(session, caller.user_id, draft_id, body.text, body.seen, now)
        return draft_out(session, saved)


@router.post("/drafts/{draft_id}/samples", summary="Keep a sample", responses=REFUSED)
def add_sample(
    request: Request, caller: Edits, draft_id: int, sample: Annotated[UploadFile, File()]
) -> DraftOut:
    """A file of the bank that the layout has to read; it is kept as it came."""
    services = services_of(request)
    content = sample.file.read(drafting.MOST_SAMPLE + 1)
    with transaction(services.engine) as session:
        now = services.clock.now()
        name = sample.filename or "sample"
        drafting.add_sample(session, caller.user_id, draft_id, name, content, now)
        return draft_out(session, drafting.seen_draft(session, caller.user_id, draft_id))


@router.get("/drafts/{draft_id}/rows", summary="Rows read beside raw bytes", responses=REFUSED)
def rows(request: Request, caller: Reads, draft_id: int) -> list[SampleOut]:
    """The first rows of every sample; LAYOUT_INVALID while the text has errors."""
    with transaction(services_of(request).engine) as session:
        found = drafting.seen_draft(session, caller.user_id, draft_id)
        layout = load(found.text, drafting.FILE)
        shown = "gb18030" if layout.file.encoding == "auto" else layout.file.encoding
        return [
            SampleOut.of(one.name, drafting.read_sample(layout, one.content), shown)
            for one in drafting.samples(session, draft_id)
        ]


@router.post("/drafts/{draft_id}/submit", summary="Hand over for signing", responses=REFUSED)
def submit(request: Request, caller: Edits, draft_id: int, body: Submit) -> LayoutOut:
    """It waits for a second person; its text is a version from now on."""
    services = services_of(request)
    with transaction(services.engine) as session:
        now = services.clock.now()
        made = drafting.submit(session, caller.user_id, draft_id, body.seen, body.reason, now)
        return LayoutOut.of(made, live=False)


@router.post("/drafts/{draft_id}/drop", summary="Give a draft up", responses=REFUSED)
def drop(request: Request, caller: Edits, draft_id: int, why: Reason) -> DraftOut:
    """It stays readable."""
    services = services_of(request)
    with transaction(services.engine) as session:
        drafting.drop(session, caller.user_id, draft_id, why.reason, services.clock.now())
        return draft_out(session, drafting.seen_draft(session, caller.user_id, draft_id))


@router.post("/undo", summary="Make live what was live before", responses=REFUSED)
def undo(request: Request, caller: Signs, body: Named) -> Undone:
    """Files read or written meanwhile keep the layout they name."""
    services = services_of(request)
    with transaction(services.engine) as session:
        now = services.clock.now()
        back = reviewing.undo(
            session, caller.user_id, body.organisation, body.name, body.reason, now
        )
    return Undone(hash=back)


@router.post("/retire", summary="Have no layout of this name", responses=REFUSED)
def retire(request: Request, caller: Signs, body: Named) -> Undone:
    """The nearest organisation above rules again."""
    services = services_of(request)
    with transaction(services.engine) as session:
        now = services.clock.now()
        reviewing.retire(session, caller.user_id, body.organisation, body.name, body.reason, now)
    return Undone(hash=None)


@router.get("/{hash}", summary="A layout with its text and history", responses=REFUSED)
def shown(request: Request, caller: Reads, hash: str) -> LayoutText:
    """A stored version, or one that ships with the product."""
    with transaction(services_of(request).engine) as session:
        found = {one.hash: (one, text) for one, text in layouts_of(session, caller.user_id)}
        if hash not in found:
            reviewing.version_of(session, caller.user_id, hash)
        one, text = found[hash]
        made = reviewing.activations(session, one.organisation, one.name)
        return LayoutText(
            **one.model_dump(), text=text, activations=[ActivationOut.of(each) for each in made]
        )


@router.get("/{hash}/changes/{other}", summary="What changed between two", responses=REFUSED)
def compared(request: Request, caller: Reads, hash: str, other: str) -> list[str]:
    """Lines taken away begin with -, added ones with +."""
    with transaction(services_of(request).engine) as session:
        texts = {one.hash: text for one, text in layouts_of(session, caller.user_id)}
        for one in (hash, other):
            if one not in texts:
                reviewing.version_of(session, caller.user_id, one)
    return comparing.changes(texts[hash], texts[other])


@router.post("/{hash}/sign", summary="Sign and make live", responses=REFUSED)
def sign(request: Request, caller: Signs, hash: str) -> LayoutOut:
    """Not for whoever wrote at it (FOUR_EYES)."""
    services = services_of(request)
    with transaction(services.engine) as session:
        made = reviewing.sign(session, caller.user_id, hash, services.clock.now())
        return LayoutOut.of(made, live=True)


@router.post("/{hash}/return", summary="Return to its author", responses=REFUSED)
def send_back(request: Request, caller: Reads, hash: str, why: Reason) -> LayoutOut:
    """By who may sign, or by its author."""
    services = services_of(request)
    with transaction(services.engine) as session:
        now = services.clock.now()
        made = reviewing.send_back(session, caller.user_id, hash, why.reason, now)
        return LayoutOut.of(made, live=False)


def layouts_of(session: Session, user_id: str) -> list[tuple[LayoutOut, str]]:
    """Every layout the user may see with its text: by bank, name, organisation and number."""
    standing = {one.hash: one for one in live(session)}
    orgs = reviewing.readable_orgs(session, user_id)
    found = [
        (LayoutOut.of(one, one.hash in standing), one.text)
        for one in reviewing.versions(session, user_id)
    ]
    stored = {one.hash for one, _ in found}
    found += [
        (LayoutOut.shipped_one(one), one.text)
        for one in standing.values()
        if one.hash not in stored and one.layout.scope_org in orgs
    ]
    found.sort(key=lambda pair: (pair[0].bank, pair[0].name, pair[0].organisation, pair[0].version))
    return found


def draft_out(session: Session, one: LayoutDraft) -> DraftOut:
    """A draft with the names of its samples."""
    return DraftOut.of(one, [sample.name for sample in drafting.samples(session, one.id or 0)])
