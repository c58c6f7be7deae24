"""Rulesets of a branch that extend head office's: rows replaced or added, parameters added.

The result is a complete ruleset like any other: its text is the parent's with the branch's lines
in it, so everything that is made from a ruleset works on it. `Origin` says where each of its
lines was written, so that findings point into the file a person can correct.

    families = Family(headings, load)        # rulesets that may extend one another
    families.loaded(heading)                 # one composed ruleset per version of the parent
"""

from engine.rules.extending.family import Family, parents_of
from engine.rules.extending.heading import Heading, heading_of
from engine.rules.extending.places import (
    Place,
    composition,
    in_force,
    own_text,
    place_of,
    sources,
    told,
)

__all__ = [
    "Family",
    "Heading",
    "Place",
    "composition",
    "heading_of",
    "in_force",
    "own_text",
    "parents_of",
    "place_of",
    "sources",
    "told",
]
