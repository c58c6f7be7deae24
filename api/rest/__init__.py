"""JSON for programs, under /api. A module here that defines `router` adds its routes."""
