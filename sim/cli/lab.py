"""`pteg lab`: the labs of the course."""

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from pteg.cli.exits import ExitCode
from pteg.cli.groups import LEARN

__all__ = ["lab"]

lab = App(name="lab", group=LEARN,
          help="The labs of the course on address translation (docs/course/labs.md).")


@lab.command(name="list")
def list_labs():
    """List the labs."""
    from pteg.labs.catalogue import LABS

    for found in LABS.values():
        points = sum(test.points for test in found.tests(0))
        print(f"{found.name:<4}{found.title} ({points} points)")
    return ExitCode.DONE


@lab.command
def new(name: str, folder: str | None = None, /, *, student: str = ""):
    """Make a folder to work in: handout, starter files, seed.

    Parameters
    ----------
    name
        Of the lab, such as L2.
    folder
        Folder to make; by default the lab's name.
    student
        Name or number of the student, from which the seed comes.
    """
    from pteg.labs.catalogue import lab_named, new_folder

    chosen = lab_named(name)
    new_folder(chosen, Path(folder or chosen.name), student)
    return ExitCode.DONE


@lab.command
def mutants(name: str, mutant: str | None = None, folder: str | None = None, /, *,
            student: str = ""):
    """List the wrong solutions of a lab, or make a folder with one of them.

    Parameters
    ----------
    name
        Of the lab.
    mutant
        Its name. Without it, all are listed, with the tests that each loses.
    folder
        Folder to make; by default the name of the lab and the mutant.
    student
        As for `new`.
    """
    from pteg.labs.catalogue import lab_named, new_folder
    from pteg.labs.mutants import MUTANTS

    chosen = lab_named(name)
    if mutant is None:
        for found, wrong in MUTANTS.get(chosen.name, {}).items():
            print(f"{found:<24}{wrong.loses}")
        return ExitCode.DONE
    new_folder(chosen, Path(folder or f"{chosen.name}-{mutant}"), student, mutant)
    return ExitCode.DONE


@lab.command
def faults(name: str | None = None, /):
    """List the faults that a machine can be given with --mutant, or show one in the source.

    Parameters
    ----------
    name
        Of the fault. Without it, all are listed: what is broken, the manual's section about it, and
        the lab whose program goes wrong, if there is one.
    """
    from pteg.errors import UserError
    from pteg.mutants import MUTANTS

    if name is None:
        for found, mutant in MUTANTS.items():
            seen = f"; {mutant.seen_by}" if mutant.seen_by else ""
            several = f"; {mutant.processors} processors" if mutant.processors > 1 else ""
            print(f"{found:<24}{mutant.broken} ({mutant.section}{seen}{several})")
        return ExitCode.DONE
    if name not in MUTANTS:
        raise UserError(f"fault must be one of {', '.join(MUTANTS)}, not {name!r}")
    print(MUTANTS[name].difference())
    return ExitCode.DONE


@lab.command
def grade(
    folder: str = ".",
    /,
    *,
    output: Annotated[str | None, Parameter(name=["--output", "-o"])] = None,
    format: Literal["text", "json", "gradescope", "classroom50"] = "text",
):
    """Grade a folder, as a server does. It ends with 1 if a test fails.

    Parameters
    ----------
    folder
        That `pteg lab new` has made.
    output
        The result as JSON, with pictures beside it; by default result.json in the folder.
    format
        What is printed.
    """
    from pteg.cli.progress import waits_shown
    from pteg.labs.adapters import FORMATS
    from pteg.labs.catalogue import opened
    from pteg.labs.grading import grade as grade_folder

    path = Path(folder)
    chosen, seed = opened(path)
    with waits_shown():
        result = grade_folder(chosen, path, seed, Path(output) if output else path / "result.json")
    sys.stdout.write(FORMATS[format](result))
    return ExitCode.DONE if result["points"] == result["max"] else ExitCode.FAILED


@lab.command
def handout(name: str, /, *, instructor: Annotated[bool, Parameter(negative=())] = False):
    """Print the handout of a lab.

    Parameters
    ----------
    name
        Of the lab.
    instructor
        The page for instructors instead.
    """
    from pteg.labs.catalogue import lab_named

    print(lab_named(name).text("instructor.md" if instructor else "handout.md"), end="")
    return ExitCode.DONE
