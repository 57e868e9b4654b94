"""HostL as an ELF file: its programs in an archive, the archive in the kernel."""

import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

from pteg.firmware import cbuild
from pteg.firmware.mol import image as mol

__all__ = ["MOL_FOLDER", "MOL_MODULE", "MOL_PROGRAM", "PROGRAMS", "build", "build_with_mol", "link",
           "link_program", "loaded_part", "program", "with_programs"]

_FOLDER = Path(__file__).parent
_KERNEL, _LIB, _USER, _MODULES, _MOL = (
    _FOLDER / name for name in ("kernel", "lib", "user", "modules", "mol"))
#: The parts that only this host has.
_OWN = [_FOLDER / "machdep"]
MOL_FOLDER = _MOL
_LIBRARY = [_LIB / "string.c", _LIB / "format.c"]
#: Programs of every image, by name.
PROGRAMS = {name: _USER / f"{name}.c"
            for name in ("init", "sh", "ps", "free", "ls", "cat", "echo", "stress", "times",
                         "watch")}
#: Of the program `mol` and of the module: what all hosts with this kernel have in common.
MOL_PROGRAM = [_MOL / "mol.c", _MOL / "load.c", *sorted((_MOL / "board").glob("*.c")),
               *(file for file in mol.USER_PART if file.name != "devices.c")]
MOL_MODULE = [_MOL / "host.c", *mol.KERNEL_PART]
_ENTRY = struct.Struct(">24sII")
_ELF_HEADER = struct.Struct(">16sHHIIIIIHHHHHH")
_PROGRAM_HEADER = struct.Struct(">8I")


def build(arguments: str = "", programs: Mapping[str, Path] | None = None,
          compiler: cbuild.Compiler | None = None) -> bytes:
    """Build the kernel.

    Parameters
    ----------
    arguments : str
        What the kernel is told if neither a device tree nor firmware tells it something:
        ``mem=``, ``hash=``, ``swap=``, ``bug=`` (kernel/boot.c).
    programs : dict of str to path, optional
        More programs for the archive: name and C file.
    compiler : pteg.firmware.cbuild.Compiler, optional

    Returns
    -------
    bytes
        An ELF executable, linked at 0xC0000000, loaded at 0.
    """
    return link(_OWN, arguments, with_programs(programs, compiler), compiler=compiler)


def build_with_mol(arguments: str = "", programs: Mapping[str, Path] | None = None,
                   guests: Mapping[str, bytes] | None = None,
                   compiler: cbuild.Compiler | None = None) -> bytes:
    """Build the kernel with MOL as a module, and the program `mol` that runs guests.

    Parameters
    ----------
    arguments, programs, compiler
        As for `build`.
    guests : dict of str to bytes, optional
        Files for the archive: ELF files, which `mol` can run, and device trees; by default
        `guest`, HostL itself.
    """
    if guests is None:
        guests = {"guest": build("hash=64K swap=512K", compiler=compiler)}
    files = with_programs(programs, compiler)
    for name, data in guests.items():
        files[name] = loaded_part(data) if data.startswith(b"\x7fELF") else data
    with mol.headers(_MOL, compiler) as headers:
        files["mol"] = link_program([*MOL_PROGRAM, _MOL / "interface.c"], headers, compiler)
        module = [*MOL_MODULE, _FOLDER.parent / "vsids.c"]
        return link(_OWN, arguments, files, module, headers, compiler)


def program(source: Path, compiler: cbuild.Compiler | None = None) -> bytes:
    """A program for HostL, from one C file; it may use floating point."""
    return link_program([source], compiler=compiler)


def with_programs(more: Mapping[str, Path] | None,
                  compiler: cbuild.Compiler | None = None) -> dict[str, bytes]:
    """The files of an archive: `PROGRAMS` and more."""
    return {name: program(source, compiler)
            for name, source in {**PROGRAMS, **(more or {})}.items()}


def link(own: Iterable[Path], arguments: str, files: Mapping[str, bytes],
         module: Iterable[Path] = (), include: Iterable[Path] = (),
         compiler: cbuild.Compiler | None = None) -> bytes:
    """Link a kernel with its archive.

    Parameters
    ----------
    own : paths
        Folders with what differs between hosts: the first one has space.h.
    arguments : str
    files : dict of str to bytes
        The archive.
    module : paths
        Sources of one more module.
    include : paths
        Folders of header files for it.
    compiler : pteg.firmware.cbuild.Compiler, optional
    """
    own = list(own)
    parts = [file for folder in (_KERNEL, *own, _MODULES) for file in sorted(folder.iterdir())
             if file.suffix in (".c", ".S") and file.name != "vectors.S"]
    return cbuild.build(
        [_KERNEL / "vectors.S", *parts, *_LIBRARY, *module], _KERNEL / "kernel.ld",
        include=[_KERNEL, *own, _LIB, _USER, *include], compiler=compiler,
        data={"archive": _archive(files), "arguments": arguments.encode() + b"\0"})


def link_program(sources: Iterable[Path], include: Iterable[Path] = (),
                 compiler: cbuild.Compiler | None = None) -> bytes:
    """A program for HostL or HostX from several files."""
    return loaded_part(cbuild.build(
        [_USER / "start.S", _USER / "library.c", *_LIBRARY, *sources], _USER / "user.ld",
        include=[*include, _USER, _LIB], hard_float=True, compiler=compiler))


def loaded_part(elf: bytes) -> bytes:
    """The file without symbols and debug information, which lie behind its segments."""
    header = list(_ELF_HEADER.unpack_from(elf))
    segments = [_PROGRAM_HEADER.unpack_from(elf, header[5] + n * _PROGRAM_HEADER.size)
                for n in range(header[10])]
    end = max(segment[1] + segment[4] for segment in segments)
    header[6] = header[12] = header[13] = 0     # no sections
    return _ELF_HEADER.pack(*header) + elf[_ELF_HEADER.size:end]


def _archive(files):
    """kernel/archive.c reads it."""
    offset = 16 + _ENTRY.size * len(files)
    entries, contents = b"", b""
    for name, data in sorted(files.items()):
        contents += bytes(-len(contents) % 16)
        entries += _ENTRY.pack(name.encode(), offset + len(contents), len(data))
        contents += data
    return struct.pack(">I12x", len(files)) + entries + contents
