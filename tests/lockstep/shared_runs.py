"""Runs of random programs on two processors in lockstep (`shared_programs`)."""

import importlib.util
import random
import sys
from pathlib import Path

import pteg
from pteg.cpu import Stop
from pteg.lockstep.shared import SharedLockstep
from pteg.platform import Wire
from pteg.presets import g3

__all__ = ["beside", "check", "check_long", "new_machine"]


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


def new_machine():
    """A machine with two processors, each with a device that interrupts it at random. A program of
    `check` without `interrupts` has them disabled."""
    devices = [injector.Injector(f"injector{n}", 0x40000000 + 16 * n, seed=n, every=500)
               for n in range(2)]
    return pteg.Machine(g3(processors=2, ram="1M").extended(
        devices, [Wire(device.name, number=n) for n, device in enumerate(devices)]))


def check_long(machine, seed):
    """Check a long program; what kind it is depends on the seed."""
    weights = programs.REMAPPING if seed % 4 == 1 else {}
    return check(machine, seed, length=200, translated=bool(seed % 2), interrupts=seed % 3 == 0,
                 rounds=random.Random(seed).choice((1, 20, 300)), **weights)
