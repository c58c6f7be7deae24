"""Alerts told to people by e-mail and SMS."""
