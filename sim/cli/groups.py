"""The groups of commands that `pteg --help` shows, in their order."""

from cyclopts import Group

__all__ = ["RUN", "LOOK", "PROGRAMS", "HARDWARE", "LEARN", "INSTALLATION", "OPTIONS"]

RUN, LOOK, PROGRAMS, HARDWARE, LEARN, INSTALLATION, OPTIONS = (
    Group(name, sort_key=key) for key, name in enumerate((
        "Run", "Look at a run", "Programs", "Hardware", "Learn", "This installation",
        "Options")))
