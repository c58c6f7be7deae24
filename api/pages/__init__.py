"""The workbench: server-rendered pages. A module here that defines `router` adds its pages."""
