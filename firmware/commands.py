"""What `pteg asm` and `pteg dis` do, as plain functions."""

import re
import sys
from pathlib import Path

from elftools.elf.elffile import ELFFile

from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.firmware.asm.source import BYTES
from pteg.firmware.disasm import disassemble
from pteg.outputs import write_file

__all__ = ["assemble_file", "disassemble_input"]


def assemble_file(source, output=None, *, format="elf", base=None, size=None, listing=None,
                  defines=None, include_paths=(), sections=None):
    """Assemble a file and write the result.

    Parameters
    ----------
    source : path-like
        "-" is standard input.
    output : path-like, optional
        The source's name with `.elf` or `.bin` by default. "-" is standard output.
    format : str
        "elf", or "bin" for the bare bytes from `base` on.
    base, size : int, optional
        Part of memory that a bare image covers (see `Program.image`).
    listing : path-like, optional
        Where the listing goes; "-" prints it.
    defines, include_paths, sections
        As for `assemble`.

    Returns
    -------
    Program
    """
    if format not in ("elf", "bin"):
        raise UserError(f"format must be elf or bin, not {format!r}")
    source = Path(source)
    is_input = source == Path("-")
    if is_input and output is None:
        raise UserError("--output must name the result, or be -, for standard input")
    if output == "-" and listing == "-":
        raise UserError("--output and --listing cannot both be standard output")
    program = assemble(sys.stdin.buffer.read().decode(errors=BYTES) if is_input else source,
                       defines=defines, include_paths=include_paths, sections=sections,
                       name="<standard input>")
    data = program.elf() if format == "elf" else program.image(base, size)
    if output == "-":
        sys.stdout.buffer.write(data)
    else:
        write_file(output or source.with_suffix(f".{format}"), data)
    if listing == "-":
        print(program.listing(), end="")
    elif listing:
        write_file(listing, program.listing().encode())
    return program


def disassemble_input(inputs, *, base=0, raw=False):
    """Lines of text for hexadecimal words, an ELF file or a raw image.

    Parameters
    ----------
    inputs : list of str
        Either one file name, or words such as ``38640005``.
    base : int
        Address of the first word; ELF files know theirs.
    raw : bool
        Base mnemonics only.

    Yields
    ------
    str
    """
    inputs = [str(text) for text in inputs]
    if base % 4 or not 0 <= base <= 0xFFFFFFFC:
        raise UserError(f"base must be a 32-bit multiple of 4, not {base:#x}")
    if not inputs:
        raise UserError("a file or hexadecimal words are required")
    if len(inputs) == 1 and Path(inputs[0]).is_file():
        yield from _file(Path(inputs[0]), base, raw)
        return
    data = b""
    for text in inputs:
        if not re.fullmatch("(0x)?[0-9a-fA-F]{8}", text):
            raise UserError(
                f"input must be a file or words of 8 hexadecimal digits, not {text!r}")
        data += int(text, 16).to_bytes(4, "big")
    yield from _words(data, base, raw, {})


def _file(path, base, raw):
    try:
        with path.open("rb") as stream:
            if stream.read(4) != b"\x7fELF":
                stream.seek(0)
                yield from _words(stream.read(), base, raw, {})
                return
            elf = ELFFile(stream)
            if elf.elfclass != 32 or elf.little_endian or elf["e_machine"] != "EM_PPC":
                raise UserError(f"{path}: ELF file must be 32-bit big-endian PowerPC")
            table = elf.get_section_by_name(".symtab")
            names = {symbol["st_value"]: symbol.name for symbol in table.iter_symbols()
                     if symbol["st_shndx"] not in ("SHN_ABS", "SHN_UNDEF")} if table else {}
            for section in elf.iter_sections():
                if section["sh_flags"] & 4 and section["sh_type"] == "SHT_PROGBITS":
                    yield f"{section.name}:"
                    yield from _words(section.data(), section["sh_addr"], raw, names)
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    except Exception as error:
        # pyelftools raises whatever it trips over in a damaged file.
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(f"{path}: not a readable ELF file: {reason}") from None


def _words(data, base, raw, names):
    for offset in range(0, len(data) - 3, 4):
        address = base + offset & 0xFFFFFFFF
        if names.get(address):
            yield f"{names[address]}:"
        word = int.from_bytes(data[offset:offset + 4], "big")
        yield f"{address:08x}:  {word:08x}  {disassemble(word, address, raw=raw)}"
    for offset in range(len(data) // 4 * 4, len(data)):
        yield f"{base + offset:08x}:  {data[offset]:02x}        .byte   {data[offset]:#04x}"
