"""Commands about the installation: `pteg init`, `pteg bench`, `pteg doctor`."""

from pteg.cli.exits import ExitCode

__all__ = ["init", "bench", "doctor"]


def init(folder: str, /):
    """Make a project to start from: a program, a script that runs it, a test, a sweep.

    Parameters
    ----------
    folder
        Folder to make.
    """
    from pteg.cli.project import new_project

    for path in new_project(folder):
        print(path)
    return ExitCode.DONE


def bench():
    """Measure how fast both models are on this machine."""
    from pteg.cli.doctor import speeds

    for line in speeds():
        print(line)
    return ExitCode.DONE


def doctor():
    """Show what is installed, the cache, and how fast this machine is.

    It ends with 1 if a package that pteg needs is absent or has another version.
    """
    from pteg.cli.doctor import examine

    return ExitCode.DONE if examine(print) else ExitCode.FAILED
