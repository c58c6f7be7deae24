"""`sluice status`: the product on one screen; exit 4 when something is red."""

from __future__ import annotations

import typer

from api.cli.say import Format, Language, explained, say, say_json
from api.cli.workspace import WorkspaceOption, opened
from api.demo.state import clock_for
from api.pages.language import word
from api.status_json import status_json
from engine.base.text import Lang, Text
from engine.runtime.clock import BUSINESS_ZONE
from engine.runtime.db import transaction
from engine.runtime.models import WorkHold
from engine.treasury.notifications.listing import STATES
from engine.treasury.status import status
from engine.treasury.status_shapes import MOST_WAITING, Red, Status

RED = 4
"""Exit code."""

_WORDS = {
    "en": {
        "revision": "live revision",
        "processes": "processes",
        "none": "none has been seen",
        "seen": "seen {} s ago, revision {}",
        "gone": "gone since {} s",
        "on": "on (durable-rules)",
        "off": "off, decided again by the first evaluator only: {}",
        "second": "second opinion",
        "decided": "{:,} decisions decided again ({:,} by durable-rules), {:,} disagreements",
        "events": "events",
        "looked": "{:,} looked at ({:,} of them no ruleset could judge), the last of {}; "
        "{}{:,} rows wait",
        "never": "-",
        "least": "at least ",
        "queue": "queue",
        "queued": "{:,} due, {:,} later, {:,} held, {:,} given up",
        "outbox": "outbox",
        "notifications": "notifications",
        "boxed": "{:,} waiting, {:,} given up",
        "refused": "not given to durable-rules",
        "red": "red",
        "fine": "nothing is red",
    },
    "zh": {
        "revision": "生效激活",
        "processes": "进程",
        "none": "未见任何进程",
        "seen": "{} 秒前在线,第 {} 次激活",
        "gone": "已离线 {} 秒",
        "on": "已启用(durable-rules)",
        "off": "未启用,仅由第一引擎重新决策:{}",
        "second": "第二意见",
        "decided": "已复核决策 {:,} 条(durable-rules {:,} 条),不一致 {:,} 条",
        "events": "事件",
        "looked": "已处理 {:,} 条(其中 {:,} 条无法判断),最近一条 {};{}{:,} 条待处理",
        "never": "-",
        "least": "至少 ",
        "queue": "任务队列",
        "queued": "到期 {:,},稍后 {:,},暂停 {:,},已放弃 {:,}",
        "outbox": "发件箱",
        "notifications": "通知",
        "boxed": "待发 {:,},已放弃 {:,}",
        "refused": "未交由 durable-rules",
        "red": "异常",
        "fine": "一切正常",
    },
}


_HELD = {
    "kind": Text("all actions", "任务类型"),
    "schedule": Text("schedule", "定时任务"),
}


def show(workspace: WorkspaceOption = None, output: Format = "full", lang: Language = "en") -> None:
    """What runs, by which rules, how the second opinion is, what waits and what is wrong."""
    with explained(lang), opened(workspace) as (place, _, engine):
        with transaction(engine) as session:
            found = status(session, clock_for(place).now())
        if output == "json":
            say_json(status_json(found))
        else:
            for line in screen(found, lang):
                say(line)
    if found.red:
        raise typer.Exit(RED)


def screen(found: Status, lang: Lang) -> list[str]:
    """The lines of the screen; what is red stands last."""
    t, monitor = _WORDS[lang], found.monitor
    lines = [f"{t['revision']}: {found.revision if found.revision is not None else t['never']}"]
    lines.append(f"{t['processes']}:" + ("" if found.processes else f" {t['none']}"))
    for one in found.processes:
        how = t["seen"].format(one.seen_seconds, one.revision)
        how = how if one.alive else t["gone"].format(one.seen_seconds)
        lines.append(f"  {one.kind:<9} {one.name} (pid {one.pid}) {how}")
    off = t["off"].format(monitor.why_off.say(lang) if monitor.why_off else "")
    lines.append(f"{t['second']}: {t['on'] if monitor.second_opinion else off}")
    done = (monitor.decisions, monitor.by_rete, monitor.disagreements)
    lines.append(f"  {t['decided'].format(*done)}")
    lines += [f"  {t['refused']}: {one}" for one in monitor.refused]
    at = monitor.last_at and monitor.last_at.astimezone(BUSINESS_ZONE).isoformat(" ", "seconds")
    least = t["least"] if monitor.waiting >= MOST_WAITING else ""
    looked = t["looked"].format(
        monitor.events, monitor.undecided, at or t["never"], least, monitor.waiting
    )
    lines.append(f"{t['events']}: {looked}")
    counts = (found.queue_ready, found.queue_later, found.queue_held, found.dead_actions)
    lines.append(f"{t['queue']}: {t['queued'].format(*counts)}")
    lines += [_hold(one, lang) for one in found.held]
    lines.append(f"{t['outbox']}: {t['boxed'].format(found.outbox_pending, found.outbox_dead)}")
    told = ", ".join(
        f"{word(lang, f'notification.{one}')} {many:,}"
        for one in STATES
        if (many := found.notifications.get(one, 0))
    )
    lines.append(f"{t['notifications']}: {told or '-'}")
    lines += [f"{t['red']}: {_red(one).say(lang)}" for one in found.red] or [t["fine"]]
    return lines


def _red(one: Red) -> Text:
    """What is wrong and what to do about it."""
    return Text(f"{one.said.en}: {one.act.en}", f"{one.said.zh}：{one.act.zh}")


def _hold(one: WorkHold, lang: Lang) -> str:
    since = one.held_at.astimezone(BUSINESS_ZONE).isoformat(" ", "seconds")
    scope = _HELD[one.scope].say(lang)
    return Text(
        f"  held since {since}: {scope} {one.name} ({one.held_by}: {one.reason})",
        f"  自 {since} 起暂停：{scope} {one.name}（{one.held_by}：{one.reason}）",
    ).say(lang)


def register(app: typer.Typer) -> None:
    """Add `status`."""
    app.command("status")(show)
