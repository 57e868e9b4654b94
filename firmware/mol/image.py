"""What an image with MOL is made of: sources, and the header with offsets for assembly."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pteg.errors import UserError
from pteg.firmware.cbuild import Compiler, compilers

__all__ = ["FOLDER", "KERNEL_PART", "USER_PART", "headers", "names"]

FOLDER = Path(__file__).parent
#: Sources of the kernel part and of the user part.
KERNEL_PART = [*sorted(FOLDER.glob("*.S")),
               *(file for file in sorted(FOLDER.glob("*.c")) if file.name != "asm_offsets.c")]
USER_PART = [FOLDER / "user" / "run.S", *sorted((FOLDER / "user").glob("*.c"))]
_NUMBER = re.compile(r"->(\w+) #?(-?\d+)")


@contextmanager
def headers(host: Path, compiler: Compiler | None = None) -> Iterator[list[Path]]:
    """Folders of header files, a temporary one with offsets.h among them.

    Parameters
    ----------
    host : path
        Folder of the host's host_asm.h.
    compiler : pteg.firmware.cbuild.Compiler, optional
    """
    with tempfile.TemporaryDirectory(prefix="pteg-mol-") as temporary:
        text = "".join(f"#define {name} {value}\n" for name, value in names(compiler).items())
        (Path(temporary) / "offsets.h").write_text(text)
        yield [Path(temporary), FOLDER, FOLDER / "user", host]


def names(compiler: Compiler | None = None) -> dict[str, int]:
    """Offsets in `struct kernel_vars` and other numbers of asm_offsets.c, by name.

    The compiler says them: asm_offsets.c puts them into its output, which is only read.
    """
    found = [compiler] if compiler else list(compilers())
    if not found:
        raise UserError("MOL needs a C compiler: pip install 'pteg[cc]'")
    with tempfile.TemporaryDirectory(prefix="pteg-mol-") as temporary:
        output = Path(temporary) / "offsets.s"
        done = subprocess.run(
            [*found[0].command, *found[0].flags(False), "-mcpu=750", "-std=gnu11", "-O1",
             "-ffreestanding", f"-I{FOLDER}", "-S", FOLDER / "asm_offsets.c", "-o", output],
            capture_output=True, text=True)
        if done.returncode:
            raise UserError(f"{found[0].name}: {done.stderr.splitlines()[-1]}")
        return {name: int(value) for name, value in _NUMBER.findall(output.read_text())}
