"""Commands about programs of the machine."""

from typing import Annotated, Literal

from cyclopts import Parameter

from pteg.cli.exits import ExitCode
from pteg.cli.options import Number, Text, assignments
from pteg.cli.outputs import check_outputs

__all__ = ["asm", "build", "dis"]


def build(
    kernel: str,
    /,
    *,
    output: Annotated[str | None, Parameter(name=["--output", "-o"])] = None,
    append: Text = "",
    guest: Annotated[tuple[str, ...], Parameter(negative=())] = (),
):
    """Build a kernel that pteg brings as C source, for `pteg run --kernel`.

    It needs a C compiler: `pip install 'pteg[cc]'`, or Debian's gcc-powerpc-linux-gnu.

    Parameters
    ----------
    kernel
        `hostl`, a small Unix-like kernel; `hostl-mol`, the same with the hypervisor as a module;
        `hostx` and `hostx-mol`, one that manages memory as XNU does.
    output
        ELF file; by default the kernel's name with .elf.
    append
        Arguments of the kernel where no firmware gives it others.
    guest
        A file for `mol` in hostl-mol or hostx-mol: an ELF file, or a device tree. Can be repeated.
    """
    from pteg.firmware.kernels import build_file
    from pteg.waiting import waiting

    check_outputs({"output": output}, guest)
    with waiting("compiling"):
        build_file(kernel, output, append or "", guest)
    return ExitCode.DONE


def asm(
    source: Annotated[str, Parameter(allow_leading_hyphen=True)],
    *,
    output: Annotated[str | None, Parameter(name=["--output", "-o"],
                                             allow_leading_hyphen=True)] = None,
    format: Literal["elf", "bin"] = "elf",
    base: Number = None,
    size: Number = None,
    listing: Text = None,
    define: Annotated[tuple[str, ...], Parameter(name=["--define", "-D"], negative=())] = (),
    include: Annotated[tuple[str, ...], Parameter(name=["--include", "-I"], negative=())] = (),
    section_start: Annotated[tuple[str, ...], Parameter(negative=())] = (),
):
    """Assemble a source file.

    Parameters
    ----------
    source
        File to assemble; `-` is standard input.
    output
        Result; by default the source's name with .elf or .bin. `-` is standard output.
    format
        `elf`, or `bin` for the bare bytes.
    base
        Address of the first byte of a bare image.
    size
        Bytes of a bare image.
    listing
        Write a listing to this file; `-` is standard output.
    define
        NAME=NUMBER: a symbol. Can be repeated.
    include
        Folder for .include. Can be repeated.
    section_start
        NAME=ADDRESS: where a section is placed. Can be repeated.
    """
    from pteg.firmware.commands import assemble_file

    check_outputs({"output": output, "listing": listing}, [] if source == "-" else [source])
    assemble_file(source, output, format=format, base=base, size=size, listing=listing,
                  defines=assignments("define", define), include_paths=include,
                  sections=assignments("section-start", section_start))
    return ExitCode.DONE


def dis(
    inputs: Annotated[tuple[str, ...], Parameter(name="inputs")],
    /,
    *,
    base: Number = None,
    raw: bool = False,
):
    """Disassemble a file (ELF or raw) or hexadecimal words.

    Parameters
    ----------
    inputs
        One file, or words such as 38640005.
    base
        Address of the first word of a raw file or of words.
    raw
        Base mnemonics only.
    """
    from pteg.firmware.commands import disassemble_input

    for line in disassemble_input(list(inputs), base=base or 0, raw=raw):
        print(line)
    return ExitCode.DONE
