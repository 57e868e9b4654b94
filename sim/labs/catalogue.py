"""The labs by name, and the folders in which students work."""

from pathlib import Path

from pteg.errors import UserError
from pteg.labs import l0, l1, l2, l3, l4, l6, l7, l8, l10
from pteg.labs.kit import Lab, named_in, seed_of
from pteg.labs.mutants import mutated
from pteg.outputs import write_folder

__all__ = ["LABS", "lab_named", "new_folder", "opened"]

LABS: dict[str, Lab] = {lab.name: lab for lab in (l0.LAB, l1.LAB, l2.LAB, l3.LAB, l4.LAB, l6.LAB,
                                      l7.LAB, l8.LAB, l10.LAB)}

#: For those who grade with make.
_MAKEFILE = """\
# make PTEG=/path/of/pteg, if it is not in PATH.
PTEG = pteg

grade:
	@command -v $(PTEG) >/dev/null || \\
		{ echo "make: $(PTEG) is not in PATH: make PTEG=/path/of/pteg" >&2; exit 1; }
	$(PTEG) lab grade .

.PHONY: grade
"""


def lab_named(name: str) -> Lab:
    """A lab; UserError if there is none of that name."""
    if name.upper() not in LABS:
        raise UserError(f"lab must be one of {', '.join(LABS)}, not {name!r}")
    return LABS[name.upper()]


def new_folder(lab: Lab, folder: Path, student: str, mutant: str | None = None) -> None:
    """Make a student's folder: handout, starter, Makefile, seed. The folder must not exist.

    With `mutant`, the name of a wrong solution, it has that instead of the starter.
    """
    seed = seed_of(student) if student else 0
    texts = {"handout.md": lab.text("handout.md"), "lab.toml": f'lab = "{lab.name}"\n'
             f"seed = {seed}\n", "Makefile": _MAKEFILE, **lab.files(seed),
             **(mutated(lab, mutant, seed) if mutant else {})}
    write_folder(folder, {name: text.encode() for name, text in texts.items()})


def opened(folder: Path) -> tuple[Lab, int]:
    """The lab and the seed of a student's folder."""
    name, seed = named_in(folder / "lab.toml")
    return lab_named(name), seed
