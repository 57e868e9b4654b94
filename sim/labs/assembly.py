"""Labs in assembly language: the lab's harness with the student's file in it."""

from pathlib import Path

from pteg.files import check_regular
from pteg.firmware.asm import Program, assemble
from pteg.labs.kit import folder_of

__all__ = ["built", "solution", "starter"]


def built(lab: str, folder: Path, file: str, numbers: dict[str, int]) -> Program:
    """The program: harness, the file in `folder`, and the student's numbers as symbols."""
    check_regular(folder / file)
    return assemble(folder_of(lab) / "harness.s", defines=numbers, include_paths=[folder],
                    sections={".vectors": 0x300, ".text": 0x1000})


def starter(lab: str, file: str, numbers: dict[str, int], source: str = "starter.s"
            ) -> dict[str, str]:
    """The file that a student begins with; the numbers are in a comment."""
    head = "".join(f"# {name} = {value:#010x}\n" for name, value in numbers.items())
    return {file: head + (folder_of(lab) / source).read_text(encoding="ascii")}


def solution(lab: str, file: str, source: str = "solution.s") -> dict[str, str]:
    """The file of the solution."""
    return {file: (folder_of(lab) / source).read_text(encoding="ascii")}
