"""What is wrong with the product right now, in sentences, and what to do about each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.base.text import Text
from engine.rules.render import counted
from engine.runtime.clock import BUSINESS_ZONE
from engine.treasury.monitor.disagreeing import DISAGREES
from engine.treasury.monitor.opinions import CRASHED
from engine.treasury.monitor.watching import UNDECIDED
from engine.treasury.status_shapes import MOST_WAITING, Red, Status


@dataclass(frozen=True, slots=True)
class Counted:
    """What there is one or several of."""

    one: str
    many: str
    zh: str

    def of(self, count: int) -> Text:
        """The sentence with its number."""
        return Text(counted(count, self.one, self.many), f"{count:,} {self.zh}")


_MONITOR_GONE = (
    Text(
        "the monitor is not running: no alerts on events, no second opinion",
        "监控进程未运行：无事件预警，无第二意见",
    ),
    Text(
        "start `sluice run`; if it runs, read monitor.log in the workspace",
        "请启动 `sluice run`；若已启动，请查看工作区的 monitor.log",
    ),
)
_READ_LOG = Text(
    "it stays until a step goes well; monitor.log in the workspace says more",
    "处理成功后自动消失；详情见工作区的 monitor.log",
)
_LONG_TRANSACTION = Text(
    "look for a long transaction in pg_stat_activity: the monitor never passes one over",
    "请在 pg_stat_activity 中查找长事务：监控进程不会越过它",
)
_DISAGREE = Counted(
    "decision on which the engines disagree",
    "decisions on which the engines disagree",
    "条决策两引擎不一致",
)
_DISAGREE_ACT = Text(
    "open the alerts, release or void the documents, and have the ruleset looked at",
    "请打开预警，放行或作废单据，并检查该规则集",
)
_CRASHED = Counted(
    "ruleset ended the second engine",
    "rulesets ended the second engine",
    "个规则集使第二引擎退出",
)
_CRASHED_ACT = Text(
    "have the ruleset looked at and resolve the alert: it is then tried again",
    "请检查该规则集并处理预警，之后会重新尝试",
)
_UNDECIDED_ACT = Text(
    "mend the ruleset or the source of the facts, and resolve the alert",
    "请修正规则集或数据来源，并处理预警",
)
_DEAD = Counted("action was given up", "actions were given up", "个任务已放弃")
_DEAD_ACT = Text(
    "mend the cause, then retry them (sluice queue ls --state dead)",
    "请排除原因后重试（sluice queue ls --state dead）",
)
_LETTERS = Counted(
    "message to source systems was given up",
    "messages to source systems were given up",
    "条发往来源系统的消息已放弃",
)
_LETTERS_ACT = Text("mend the receiver and replay them", "请修复接收方后重发")
_UNTOLD = Counted(
    "notification of an open alert was given up",
    "notifications of open alerts were given up",
    "条未处理预警的通知已放弃",
)
_UNTOLD_ACT = Text(
    "mend the cause, then send them again or resolve the alerts (sluice notifications list)",
    "请排除原因后重发，或处理相应预警（sluice notifications list）",
)
_BEHIND_ACT = Text(
    "it has not noticed the reload: start it again", "该进程未察觉重新加载：请重启该进程"
)


def red(found: Status) -> Iterator[Red]:
    """Everything that needs a person, the gravest first."""
    monitor = found.monitor
    if not monitor.alive:
        yield Red("MONITOR_GONE", *_MONITOR_GONE)
    elif monitor.trouble is not None:
        yield Red("MONITOR_TROUBLE", monitor.trouble, _READ_LOG)
    if monitor.alive and monitor.stale:
        at = monitor.good_at and monitor.good_at.astimezone(BUSINESS_ZONE)
        when = at.isoformat(" ", "seconds") if at else "-"
        said = Text(
            f"the monitor's last good step was at {when}",
            f"监控进程最近一次成功处理在 {when}",
        )
        yield Red("MONITOR_STALE", said, _READ_LOG)
    if monitor.waiting >= MOST_WAITING:
        said = Text(
            f"the monitor is {monitor.waiting:,} rows or more behind",
            f"监控进程落后至少 {monitor.waiting:,} 条",
        )
        yield Red("MONITOR_BEHIND", said, _LONG_TRANSACTION)
    for code, count, what, act in (
        (DISAGREES, found.open_disagreements, _DISAGREE, _DISAGREE_ACT),
        (CRASHED, found.open_crashes, _CRASHED, _CRASHED_ACT),
        (UNDECIDED, found.open_undecided, _undecided(monitor.undecided), _UNDECIDED_ACT),
        ("ACTIONS_DEAD", found.dead_actions, _DEAD, _DEAD_ACT),
        ("OUTBOX_DEAD", found.outbox_dead, _LETTERS, _LETTERS_ACT),
        ("NOTIFICATIONS_GIVEN_UP", found.notifications_given_up, _UNTOLD, _UNTOLD_ACT),
    ):
        if count:
            yield Red(code, what.of(count), act)
    late = [
        one.name
        for one in found.processes
        if one.alive and found.revision is not None and one.revision < found.revision
    ]
    if late:
        said = Text(
            f"{', '.join(late)} decides by an older revision than {found.revision}",
            f"{'、'.join(late)} 仍按早于第 {found.revision} 次激活的规则决策",
        )
        yield Red("REVISION_BEHIND", said, _BEHIND_ACT)


def _undecided(events: int) -> Counted:
    so_far = counted(events, "event", "events")
    return Counted(
        f"alert on events no ruleset could judge ({so_far} so far)",
        f"alerts on events no ruleset could judge ({so_far} so far)",
        f"条预警：事件无法由规则集判断（累计 {events:,} 个事件）",
    )
