"""C programs for the machine: sources to objects to one linked ELF file, kept by content.

The compiler is zig's clang (extra `cc`), or GNU's cross compiler where zig is not there; both must
take the sources without a warning. Nothing is linked but what is named: no start code, no library.
The program begins at the symbol `_start`.
Sources in assembly (`.S`) are preprocessed; registers have no names there but those that the
program's own headers define.
"""

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pteg.cache_folder import folder, keep, read
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
    project = _Project(compiler or _preferred(), tuple(map(Path, sources)), Path(script),
                       (*map(Path, include), _INCLUDE), dict(defines or {}), dict(data or {}),
                       hard_float)
    while True:
        keys = project.keys()
        if (kept := read(f"c-{keys.whole}.elf")) is not None:
            return kept
        with tempfile.TemporaryDirectory(prefix="pteg-cc-") as temporary:
            try:
                result, objects = project.compiled(keys, Path(temporary))
            except UserError:
                if project.keys() == keys:
                    raise
                continue
            if project.keys() == keys:
                for key, file in objects.items():
                    keep(f"c-{key}.o", file.read_bytes())
                keep(f"c-{keys.whole}.elf", result)
                return result


@dataclass(frozen=True)
class _Keys:
    """Under which names results are kept: of each source's object, and of the program.

    `changed` is when each file was last written: its contents may be as before, and other ones
    were compiled."""

    objects: tuple[str, ...]
    whole: str
    changed: tuple[int, ...]


@dataclass(frozen=True)
class _Project:
    """What a program is made of. Files may change while they are compiled: an editor saves, or a
    branch is checked out. `keys` tells afterwards."""

    compiler: Compiler
    sources: tuple[Path, ...]
    script: Path
    include: tuple[Path, ...]
    defines: Mapping[str, object]
    data: Mapping[str, bytes]
    hard_float: bool

    def flags(self) -> list[str]:
        return [*self.compiler.flags(self.hard_float), *_FLAGS,
                *(f"-D{name}={value}" for name, value in self.defines.items())]

    def keys(self) -> _Keys:
        """Of the contents that the files have now."""
        headers = [file for place in self.include for file in sorted(place.iterdir())
                   if file.suffix in _HEADERS]
        # Times first: a file that is written while its contents are read counts as changed.
        changed = tuple(file.stat().st_ctime_ns for file in (*headers, *self.sources, self.script))
        common = _digest([self.compiler.name, self.compiler.version, *self.flags()],
                         [file.read_bytes() for file in headers])
        objects = tuple(_digest([common, source.name], [source.read_bytes()])
                        for source in self.sources)
        return _Keys(objects, _digest([common, *objects, *_LINK, *self.data],
                                      [self.script.read_bytes(), *self.data.values()]),
                     changed)

    def compiled(self, keys: _Keys, work: Path) -> tuple[bytes, dict[str, Path]]:
        """The program, and by key the objects that were not kept before."""
        compiler = self.compiler
        flags = [*self.flags(), *(f"-I{place}" for place in self.include)]
        kept = [folder() / f"c-{key}.o" for key in keys.objects]
        new = {n: work / f"{n}.o" for n, file in enumerate(kept) if not file.is_file()}
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda n: _object(compiler, flags, self.sources[n], new[n]), new))
        objects = [_named(new.get(n, file), work / f"{n}-{source.parent.name}-{source.stem}.o")
                   for n, (file, source) in enumerate(zip(kept, self.sources, strict=True))]
        if self.data:
            objects.append(_data_object(compiler, flags, self.data, work))
        elf = work / "program.elf"
        _call(compiler, [*compiler.flags(self.hard_float), *_LINK, "-T", self.script, *objects,
                         "-o", elf], work)
        return elf.read_bytes(), {keys.objects[n]: file for n, file in new.items()}


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


def _object(compiler: Compiler, flags: Iterable[str], source: Path, target: Path) -> None:
    # Paths in debug information are relative to this package's folder.
    relative = f"-ffile-prefix-map={Path(__file__).parent}=."
    _call(compiler, [*flags, relative, "-c", source, "-o", target], target.parent)


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
    _call(compiler, [*flags, "-c", source, "-o", work / "data.o"], work)
    return work / "data.o"


def _call(compiler: Compiler, arguments: Iterable[object], work: Path) -> None:
    """Run the compiler; the first error that it reports becomes a UserError."""
    # zig keeps an object under what a header is after it, not what it was when it was read: what it
    # keeps must not outlive this attempt.
    done = subprocess.run([*compiler.command, *map(str, arguments)], capture_output=True, text=True,
                          env=os.environ | {"ZIG_LOCAL_CACHE_DIR": str(work / "zig")})
    if done.returncode:
        lines = (done.stderr or done.stdout).splitlines()
        first = next((line for line in lines if "error:" in line or "undefined" in line),
                     lines[0] if lines else "failed")
        raise UserError(f"{compiler.name}: {first.strip()}")
