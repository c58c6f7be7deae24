"""NACHA files."""
