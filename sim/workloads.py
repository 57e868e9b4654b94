"""Runs the workloads of `pteg.firmware.workloads` and reports how the processor performed.

A workload runs with caches and branch prediction on and, by default, with a page table that maps
its addresses one to one, so that TLB misses are counted too. Python checks its results.
"""

from pteg.firmware.workloads import CODE, DATA, WORKLOADS, code, work
from pteg.hw.isa.registers import Hid0, Msr, PteHigh, PteLow, Wimg
from pteg.machine import Machine

__all__ = ["measure", "prepare", "run", "report", "WORKLOADS", "STOP"]

#: Where a workload returns to.
STOP = 0x2000
#: Cycles in which any workload ends.
LIMIT = 20_000_000
#: The page table (64 KB), and the physical memory that it maps.
TABLE, MAPPED = 0x1F0_0000, 0x40_0000
PAGE = 4096


class WrongResult(Exception):
    """A workload has not given what it must, or has not ended."""


def map_one_to_one(machine, size=MAPPED):
    """A page table that maps the first `size` bytes of memory to themselves, all cacheable."""
    machine.memory.write(TABLE, bytes(0x1_0000))
    filled = {}
    for page in range(size // PAGE):
        # VSID 0: the hash is the page index (PEM 7.6.1.3). Memory holds fewer pages than a
        # table of 1024 groups.
        group = page & 0x3FF
        place = TABLE + 64 * group + 8 * filled.setdefault(group, 0)
        filled[group] += 1
        machine.memory.write_word(place, PteHigh.V.mask | page >> 10 & 0x3F)
        machine.memory.write_word(place + 4, page * PAGE | PteLow.R.mask | PteLow.C.mask
                                  | PteLow.WIMG.put(int(Wimg.M)) | 2)
    machine.cpu.spr["SDR1"] = TABLE
    for segment in range(16):
        machine.cpu.sr[segment] = 0


def prepare(machine, name, size=None, seed=1, translated=True):
    """Load a workload and its data; the machine has not yet executed the first instruction.

    Returns
    -------
    pteg.firmware.workloads.Work
    """
    task = work(name, size, seed)
    machine.load(code(name).elf())
    machine.memory.write(DATA, task.data)
    if translated:
        map_one_to_one(machine)
    with machine.cpu.changed() as state:
        for register, value in task.arguments.items():
            state["gpr"][0, register] = value
        state["pc"], state["lr"] = CODE, STOP
        state["msr"] = Msr.IR | Msr.DR if translated else 0
        state["hid0"] = Hid0.ICE | Hid0.DCE | Hid0.BHT | Hid0.BTIC
    return task


def run(machine, name, size=None, seed=1, translated=True):
    """Run a workload to its end on a machine; `WrongResult` if it gives something else.

    Returns
    -------
    dict
        What the counters of `Machine.stats` have counted.
    """
    task = prepare(machine, name, size, seed, translated)
    before = machine.stats()
    if machine.run(until=STOP, cycles=LIMIT) != "address":
        raise WrongResult(f"{name}: has not ended after {LIMIT} cycles")
    for register, value in task.gives.items():
        if machine.cpu.gpr[register] != value:
            raise WrongResult(f"{name}: r{register} is {machine.cpu.gpr[register]:#x}, "
                              f"not {value:#x}")
    if task.writes is not None and machine.memory.read(
            task.writes[0], len(task.writes[1])) != task.writes[1]:
        raise WrongResult(f"{name}: memory at {task.writes[0]:#x} is wrong")
    return _difference(machine.stats(), before)


def measure(names=WORKLOADS, machine=Machine, **options):
    """Run workloads, each on a new machine: a list of dicts, one a workload.

    Parameters
    ----------
    names : iterable of str
    machine : callable
        Makes a machine, the pipeline model of "g3" by default.
    options
        See `run`.
    """
    return [_row(name, run(machine(), name, **options)) for name in names]


def report(rows):
    """Lines of a table for what `measure` returns."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    yield "".join(f"{column:>{max(14, len(column) + 2)}}" for column in columns)
    for row in rows:
        yield "".join(f"{_text(row.get(column)):>{max(14, len(column) + 2)}}"
                      for column in columns)


def _row(name, stats):
    row = {"workload": name, "instructions": stats["instructions"], "cycles": stats["cycles"],
           "IPC": stats["instructions"] / stats["cycles"]}
    for cache, counts in stats["cache"].items():
        row[f"{cache} misses"] = counts["misses"]
        row[f"{cache} miss rate"] = counts["misses"] / max(1, counts["hits"] + counts["misses"])
    for side in ("fetch", "data"):
        row[f"{side} TLB misses"] = stats["mmu"][side]["tlb_misses"]
    return row


def _difference(after, before):
    return {name: _difference(value, before[name]) if isinstance(value, dict)
            else value - before[name] for name, value in after.items()
            if isinstance(value, dict | int)}


def _text(value):
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}" if isinstance(
        value, int) else value or ""
