"""Banks: one contract, a connector per way of speaking, a profile per bank."""
