"""Errors that a user caused: one clear line, exit code 2, no traceback."""

__all__ = ["UserError"]


class UserError(Exception):
    """Bad input or bad usage. The message is one line that names the thing and the place."""
