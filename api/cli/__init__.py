"""The command `sluice`: each module here is a group of commands."""
