"""Errors that a user caused: one clear line, exit code 2, no traceback."""

__all__ = ["UserError", "Unreached"]


class UserError(Exception):
    """Bad input or bad usage. The message is one line that names the thing and the place."""


class Unreached(UserError):
    """A run did not come to what was to be recorded; exit code 1."""
