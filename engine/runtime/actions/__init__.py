"""The action queue and its workers."""

from engine.runtime.actions.queue import (
    ActionContext,
    ActionError,
    DeadAction,
    Done,
    Failed,
    Handler,
    LeaseLost,
    Outcome,
    Registry,
    Retry,
    Services,
    enqueue,
    revive,
)
from engine.runtime.actions.worker import Worker

__all__ = [
    "ActionContext",
    "ActionError",
    "DeadAction",
    "Done",
    "Failed",
    "Handler",
    "LeaseLost",
    "Outcome",
    "Registry",
    "Retry",
    "Services",
    "Worker",
    "enqueue",
    "revive",
]
