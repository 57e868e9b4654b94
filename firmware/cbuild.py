"""C programs for the machine: sources to objects to one linked ELF file, kept by content.

The compiler is zig's clang (extra `cc`), or GNU's cross compiler where zig is not there; both must
take the sources without a warning. Nothing is linked but what is named: no start code, no library.
The program begins at the symbol `_start`.
Sources in assembly (`.S`) are preprocessed; registers have no names there but those that the
program's own headers define.
"""

import hashlib
import importlib.metadata
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pteg.cache_folder import folder, keep
from pteg.errors import UserError

__all__ = ["Compiler", "compilers", "build"]

#: For both compilers. No small data areas, no position-independent code, no calls of a C library
#: that the compiler invents out of loops.
_FLAGS = ("-mcpu=750", "-std=gnu11", "-O2", "-g", "-ffreestanding", "-fno-builtin", "-fno-pic",
          "-fno-strict-aliasing", "-fno-common", "-fomit-frame-pointer",
          "-fno-asynchronous-unwind-tables", "-ffunction-sections", "-fdata-sections",
          "-Wall", "-Wextra", "-Werror")
_LINK = ("-nostdlib", "-static", "-Wl,--gc-sections", "-Wl,--build-id=none",
         "-Wl,-z,max-page-size=4096", "-Wl,-e,_start")
_GCC = "powerpc-linux-gnu-gcc"
_INCLUDE = Path(__file__).parent / "include"
#: Endings of files that a source may include.
_HEADERS = (".h", ".inc")


@dataclass(frozen=True)
class Compiler:
    """How one compiler is called.

    Attributes
    ----------
    name : str
    version : str
        Part of the key under which results are kept.
    command : tuple of str
    soft, hard : tuple of str
        Flags for floating point by functions, and by the processor's unit.
    """

    name: str
    version: str
    command: tuple[str, ...]
    soft: tuple[str, ...]
    hard: tuple[str, ...]

    def flags(self, hard_float: bool) -> tuple[str, ...]:
        """The compiler's options for floating point in hardware or in software."""
        return self.hard if hard_float else self.soft


@lru_cache
def compilers() -> tuple[Compiler, ...]:
    """The compilers that are installed, the preferred one first."""
    found = []
    try:
        version = importlib.metadata.version("ziglang")
    except importlib.metadata.PackageNotFoundError:
        pass
    else:
        found.append(Compiler("zig", version, (sys.executable, "-m", "ziglang", "cc"),
                              ("-target", "powerpc-freestanding-eabi"),
                              ("-target", "powerpc-freestanding-eabihf")))
    if path := shutil.which(_GCC):
        version = subprocess.run([path, "-dumpfullversion"], capture_output=True, text=True).stdout
        plain = ("-no-pie", "-msdata=none", "-fno-stack-protector")
        found.append(Compiler("gcc", version.strip(), (path,), (*plain, "-msoft-float"),
                              (*plain, "-mhard-float")))
    return tuple(found)


def build(sources: Iterable[Path], script: Path, *, include: Iterable[Path] = (),
          defines: Mapping[str, object] | None = None, data: Mapping[str, bytes] | None = None,
          hard_float: bool = False, compiler: Compiler | None = None) -> bytes:
    """Compile and link a program.

    Parameters
    ----------
    sources : paths
        Files in C (`.c`) and assembly (`.S`), in the order in which they are linked.
    script : path
        The linker script. The names of object files, for its patterns, end in `-folder-file.o`.
    include : paths
        Folders of header files, besides firmware/include.
    defines : dict of str to object, optional
        Macros of the preprocessor.
    data : dict of str to bytes, optional
        Contents that become part of the program: a symbol at their first byte, and another one with
        `_end` behind the last, in a section `.rodata`, at a multiple of 16.
    hard_float : bool
        The program may use the floating-point unit.
    compiler : Compiler, optional
        One of `compilers()`; by default the first.

    Returns
    -------
    bytes
        The ELF executable.

    Raises
    ------
    UserError
        There is no compiler, or it finds an error in the sources.
    """
    if compiler is None:
        compiler = _preferred()
    include = [*include, _INCLUDE]
    headers = [file for place in include for file in sorted(Path(place).iterdir())
               if file.suffix in _HEADERS]
    flags = [*compiler.flags(hard_float), *_FLAGS,
             *(f"-D{name}={value}" for name, value in (defines or {}).items())]
    common = _digest([compiler.name, compiler.version, *flags],
                     [file.read_bytes() for file in headers])
    flags += [f"-I{place}" for place in include]
    keyed = [(Path(source), _digest([common, Path(source).name], [Path(source).read_bytes()]))
             for source in sources]
    whole = _digest([common, *(key for _, key in keyed), *_LINK, *(data or {})],
                    [Path(script).read_bytes(), *(data or {}).values()])
    try:
        return (folder() / f"c-{whole}.elf").read_bytes()
    except OSError:
        pass
    with tempfile.TemporaryDirectory(prefix="pteg-cc-") as temporary:
        work = Path(temporary)
        with ThreadPoolExecutor() as pool:
            jobs = [pool.submit(_object, compiler, flags, source, key, work / f"{n}.o")
                    for n, (source, key) in enumerate(keyed)]
            objects = [_named(job.result(), work / f"{n}-{source.parent.name}-{source.stem}.o")
                       for n, (job, (source, _)) in enumerate(zip(jobs, keyed, strict=True))]
        if data:
            objects.append(_data_object(compiler, flags, data, work))
        elf = work / "program.elf"
        _call(compiler, [*compiler.flags(hard_float), *_LINK, "-T", script, *objects, "-o", elf])
        result = elf.read_bytes()
    keep(f"c-{whole}.elf", result)
    return result


def _preferred() -> Compiler:
    if not compilers():
        raise UserError("C programs need a compiler: pip install 'pteg[cc]', or Debian's package "
                        "gcc-powerpc-linux-gnu")
    return compilers()[0]


def _digest(texts: Iterable[str], contents: Iterable[bytes]) -> str:
    total = hashlib.sha256()
    for part in (*(text.encode() for text in texts), *contents):
        total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()[:24]


def _object(compiler: Compiler, flags: Iterable[str], source: Path, key: str,
            target: Path) -> Path:
    """Compile one source, or take what is kept; returns the object's path."""
    kept = folder() / f"c-{key}.o"
    if kept.is_file():
        return kept
    # Paths in debug information are relative to this package's folder.
    relative = f"-ffile-prefix-map={Path(__file__).parent}=."
    _call(compiler, [*flags, relative, "-c", source, "-o", target])
    return kept if keep(kept.name, target.read_bytes()) else target


def _named(object_file: Path, name: Path) -> Path:
    """The object under a name that tells linker scripts whose it is: number-folder-file.o."""
    name.symlink_to(object_file)
    return name


def _data_object(compiler: Compiler, flags: Iterable[str], data: Mapping[str, bytes],
                 work: Path) -> Path:
    """An object file with the contents of `data`."""
    lines = ['.section .rodata.data,"a"']
    for name, contents in data.items():
        (work / name).write_bytes(contents)
        lines += [".balign 16", f".globl {name}, {name}_end", f'{name}: .incbin "{work / name}"',
                  f"{name}_end:"]
    source = work / "data.S"
    source.write_text("\n".join(lines) + "\n")
    _call(compiler, [*flags, "-c", source, "-o", work / "data.o"])
    return work / "data.o"


def _call(compiler: Compiler, arguments: Iterable[object]) -> None:
    """Run the compiler; the first error that it reports becomes a UserError."""
    done = subprocess.run([*compiler.command, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        lines = (done.stderr or done.stdout).splitlines()
        first = next((line for line in lines if "error:" in line or "undefined" in line),
                     lines[0] if lines else "failed")
        raise UserError(f"{compiler.name}: {first.strip()}")
