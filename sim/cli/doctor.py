"""What `pteg doctor` and `pteg bench` show: the installation, and its speed."""

import importlib.metadata
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pteg
from pteg.cache_folder import folder, keep
from pteg.firmware.cbuild import compilers

__all__ = ["examine", "packages", "speeds"]

#: Programs that are not needed, and what for.
PROGRAMS = {"gtkwave": "waveforms", "gdb-multiarch": "debugging (pteg gdb)",
            "qemu-system-ppc": "judge of tests, OpenBIOS", "verilator": "judge of tests",
            "powerpc-linux-gnu-gcc": "C programs"}
#: Runs and seconds of simulation that a measurement takes at least.
RUNS, SECONDS = 5, 1.0
#: Cycles of the pipeline model in a run.
CYCLES = 100_000


def packages() -> Iterator[tuple[str, str, str | None, bool]]:
    """Name, version that is asked for, version that is there, and whether pteg needs it."""
    for text in importlib.metadata.requires("pteg") or []:
        requirement, _, marker = text.partition(";")
        match = re.match(r"([\w.-]+)(.*)", requirement.strip())
        if match is None or marker and "extra" not in marker:
            continue
        try:
            found: str | None = importlib.metadata.version(match[1])
        except importlib.metadata.PackageNotFoundError:
            found = None
        yield match[1], match[2].strip(), found, not marker


def examine(show: Callable[[str], object]) -> bool:
    """Show what there is, a line each; return whether all that pteg needs is there."""
    show(f"pteg {pteg.__version__} in {Path(pteg.__file__).parent}")
    show(f"Python {platform.python_version()}, {sys.platform}, {platform.machine()}, "
         f"{os.cpu_count()} cores")
    good = True
    for name, wanted, found, needed in sorted(set(packages())):
        fits = found is not None and _fits(found, wanted)
        if needed:
            good &= fits
        state = "" if fits else "  absent" if found is None else f"  other than {wanted}"
        if needed or found is not None:
            show(f"  {name:<18} {found or '-':<12}{state}{'' if needed else '  (optional)'}")
    for name, purpose in PROGRAMS.items():
        show(f"  {name:<22} {'found' if shutil.which(name) else 'absent':<8} {purpose}")
    names = ", ".join(f"{compiler.name} {compiler.version}" for compiler in compilers())
    show(f"C compilers: {names or 'none'}")
    show(_cache())
    if good:
        for line in speeds():
            show(line)
    else:
        show("A package that pteg needs is absent or has another version.")
    return good


def speeds() -> Iterator[str]:
    """How fast both models run the ROM of g3, compilation left out.

    The best of several runs: what else this computer does only makes runs slower.
    """
    for cpu, unit in (("functional", "instructions"), ("pipeline", "cycles")):
        machine = pteg.Machine("g3", cpu=cpu)
        machine.model.prepare()
        rates: list[float] = []
        while len(rates) < RUNS or machine.seconds < SECONDS:
            rates.append(_rate(machine))
        yield f"{cpu} model: {max(rates) / 1e6:,.2f} million {unit} a second"


def _rate(machine: pteg.Machine) -> float:
    """Instructions a second until the ROM's prompt, or cycles a second from the reset on."""
    machine.reset()
    seconds, cycle, instructions = machine.seconds, machine.cycle, machine.instructions
    if machine.cpu_name == "functional":
        machine.run(until="0 > ", cycles=10_000_000)
        return (machine.instructions - instructions) / (machine.seconds - seconds)
    machine.run(cycles=CYCLES)
    return (machine.cycle - cycle) / (machine.seconds - seconds)


def _cache() -> str:
    place = folder()
    files = [file for file in place.rglob("*") if file.is_file()] if place.is_dir() else []
    size = sum(file.stat().st_size for file in files)
    state = "" if keep("doctor", b"") else ", cannot be written: everything is compiled each time"
    return f"cache {place}: {len(files)} files, {size / 1e6:,.0f} MB{state}"


def _fits(found: str, wanted: str) -> bool:
    """Whether a version is one of those that are asked for: "==0.68.1", ">=3.4,<4"."""
    limits = re.findall(r"(==|>=|<)([^,\s]+)", wanted)
    return all({"==": found == limit, ">=": _numbers(found) >= _numbers(limit),
                "<": _numbers(found) < _numbers(limit)}[relation] for relation, limit in limits)


def _numbers(version: str) -> list[int]:
    """The release of a version: "15.0.0.post1" is [15, 0, 0]."""
    release = re.match(r"[\d.]*", version)
    return [int(part) for part in (release[0] if release else "").split(".") if part]
