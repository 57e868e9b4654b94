"""The command line, `pteg`: what the user types, the run behind it, and the terminal."""

from pteg.cli.commands import main

__all__ = ["main"]
