"""Bank layouts in time: written, signed, live, undone."""
