"""Approval, built once: requests with steps, verdicts under four eyes, worklists."""

from engine.machines.approval.deciding import Result, decide
from engine.machines.approval.errors import ApprovalError
from engine.machines.approval.ports import (
    Blocked,
    Decided,
    Directory,
    Holding,
    Machine,
    RequestDraft,
    StandIn,
    SubjectOwner,
)
from engine.machines.approval.requests import Opened, open_requests, reassess, withdraw
from engine.machines.approval.rights import Right
from engine.machines.approval.worklist import WorkItem, worklist

__all__ = [
    "ApprovalError",
    "Blocked",
    "Decided",
    "Directory",
    "Holding",
    "Machine",
    "Opened",
    "RequestDraft",
    "Result",
    "Right",
    "StandIn",
    "SubjectOwner",
    "WorkItem",
    "decide",
    "open_requests",
    "reassess",
    "withdraw",
    "worklist",
]
