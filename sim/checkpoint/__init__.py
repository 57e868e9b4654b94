"""Checkpoints: the whole machine in a file, and back. docs/checkpoints.md describes the format."""

from pteg.checkpoint.checkpoint import restore, save

__all__ = ["restore", "save"]
