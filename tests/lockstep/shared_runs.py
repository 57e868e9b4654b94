"""Runs of random programs on two processors in lockstep (`shared_programs`)."""

import importlib.util
import random
import sys
from pathlib import Path

import pteg
from pteg.components.dram import Dram
from pteg.cpu import Stop
from pteg.lockstep.shared import SharedLockstep
from pteg.platform import Platform, Wire

__all__ = ["Machines", "beside", "check"]


def beside(name):
    """A module of this folder, under the name by which generated code imports it."""
    spec = importlib.util.spec_from_file_location(
        f"pteg_test_{name}", Path(__file__).with_name(f"{name}.py"))
    if spec.name not in sys.modules:
        module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[spec.name]


programs, injector = beside("shared_programs"), beside("injector")


def check(machine, seed, **size):
    """Run the program of a seed to its end; returns the instructions compared."""
    program = programs.shared_program(seed, **size)
    programs.start(machine, program)
    lockstep = SharedLockstep(machine.model, machine.symbols)
    while any(cpu.pc != last for cpu, last in zip(machine.cpus, program.last, strict=True)):
        assert machine.cycle < 30_000_000, f"seed {seed}: the program must end"
        stop = lockstep.run(2000)
        assert stop is Stop.INSTRUCTIONS, f"seed {seed}: {stop}"
    lockstep.compare_memory()
    return lockstep.instructions


class Machines:
    """Two machines with two processors: `plain`, and `interrupted` by a device of each processor at
    random. Both are made when they are first used."""

    def __init__(self):
        self._made = {}

    @property
    def plain(self):
        if "plain" not in self._made:
            self._made["plain"] = pteg.Machine("g3", rom="none", processors=2, ram="1M")
        return self._made["plain"]

    @property
    def interrupted(self):
        if "interrupted" not in self._made:
            devices = [injector.Injector(f"injector{n}", 0x40000000 + 16 * n, seed=n, every=500)
                       for n in range(2)]
            self._made["interrupted"] = pteg.Machine(Platform(
                [Dram(size=1 << 20), *devices],
                [Wire(device.name, number=n) for n, device in enumerate(devices)], processors=2))
        return self._made["interrupted"]

    def long(self, seed):
        """Check a long program; what kind it is depends on the seed."""
        interrupts = seed % 3 == 0
        return check(self.interrupted if interrupts else self.plain, seed, length=200,
                     translated=bool(seed % 2), interrupts=interrupts,
                     rounds=random.Random(seed).choice((1, 20, 300)))
