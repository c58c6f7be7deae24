"""From a sample of a bank's file to a draft of its layout, with what speaks for each guess."""

from engine.formats.learning.columns import ColumnGuess
from engine.formats.learning.learned import Learned, learn, with_example
from engine.formats.learning.round_trip import RoundTrip
from engine.formats.learning.sniffing import members

__all__ = ["ColumnGuess", "Learned", "RoundTrip", "learn", "members", "with_example"]
