"""The demo group and its business day: a three-level insurance group against simulated banks."""
