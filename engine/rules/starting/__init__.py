"""The text of a new ruleset, made from its kind: valid as it stands, with comments that explain it.

text = new_ruleset(Beginning(kind, "payment", "bj-approval", title, "BJ", today), vocabulary)
"""

from engine.rules.starting.text import Beginning, new_ruleset

__all__ = ["Beginning", "new_ruleset"]
