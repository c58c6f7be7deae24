"""Every way in: JSON (rest), pages, and the command line (cli)."""
