"""What a privileged instruction costs on the bare machine, trapped, and replaced by the guest.

`python -m pteg.mol.accel` prints the table of docs/mol/emuaccel.md: cycles of the pipeline model,
g3 without L2.
"""

from collections.abc import Iterator
from dataclasses import replace

from pteg.boot.loader import read_elf
from pteg.errors import UserError
from pteg.firmware.guests.accel.image import build
from pteg.mol.guest import Guest, bare
from pteg.mol.hostb import HostB
from pteg.symbols import Symbols

__all__ = ["KINDS", "LOADED", "TIMES", "guest", "measure", "symbols", "table"]

_WANTED, _STOP, _LIMIT = 0x3000, 0x3F00, 10_000_000
#: How often the guest executes each kind.
TIMES = 64
#: Kinds that become loads.
LOADED = ("mfmsr", "mfsprg", "mfsrr0", "mfsr")
#: All of them: those with branches to slots, and tlbie, which becomes a nop.
KINDS = (*LOADED, "mtmsr", "mtsprg", "mtsrr0", "mtsr", "mtsrin", "rfi", "tlbie")


def guest(replaced: bool) -> Guest:
    """The guest; it may replace its instructions."""
    return replace(Guest.of(build(), _STOP), words={_WANTED: int(replaced)}, elf=build())


def symbols() -> Symbols:
    """Names in the guest: `begin_mfmsr`, `end_mfmsr`, ..."""
    names = Symbols()
    names.add(build(), read_elf(build(), "guest"))
    return names


def _costs(machine, run) -> Iterator[tuple[str, float, float]]:
    """Instructions and cycles of one execution of each kind, without the loop around it."""
    names = symbols()
    for kind in KINDS:
        counts = []
        for place in ("begin", "end"):
            address = names.address(f"{place}_{kind}")
            if run(address) != "address":
                raise UserError(f"the guest does not reach {place}_{kind}")
            counts.append((machine.instructions, machine.cycle or 0))
        (first, begin), (last, end) = counts
        yield kind, (last - first) / TIMES, (end - begin) / TIMES


def measure(cpu: str = "pipeline") -> dict[str, dict[str, tuple[float, float]]]:
    """By kind, then "bare", "trapped", "replaced": instructions and cycles.

    Those of a turn of a loop with an addition in it.
    """
    machine = bare(guest(False), cpu)
    found = {"bare": _costs(machine, lambda address: machine.run(until=address,
                                                                 instructions=_LIMIT))}
    for way, replaced in (("trapped", False), ("replaced", True)):
        session = HostB(guest(replaced), cpu=cpu)
        found[way] = _costs(session.machine, lambda address, session=session:
                            session.run_guest(_LIMIT, address))
    result: dict[str, dict[str, tuple[float, float]]] = {kind: {} for kind in KINDS}
    for way, costs in found.items():
        for kind, instructions, cycles in costs:
            result[kind][way] = instructions, cycles
    return result


def table(found: dict[str, dict[str, tuple[float, float]]]) -> str:
    """The table in Markdown, of what `measure` has returned."""
    lines = ["| instruction | becomes | bare, cycles | trapped, instructions | cycles | "
             "replaced, instructions | cycles |", "|---|---|---|---|---|---|---|"]
    for kind, ways in found.items():
        becomes = "load" if kind in LOADED else "nop" if kind == "tlbie" else "branch"
        cells = " | ".join(f"{ways[way][0]:.0f} | {ways[way][1]:.0f}"
                           for way in ("trapped", "replaced"))
        lines.append(f"| {kind} | {becomes} | {ways['bare'][1]:.0f} | {cells} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(measure()), end="")
