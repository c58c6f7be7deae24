"""OFX files."""
