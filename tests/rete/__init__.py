"""The second engine alone: what it is given, what it is never given, and how it fails."""
