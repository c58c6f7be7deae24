"""BAI2 files."""
