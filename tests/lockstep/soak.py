"""A long lockstep of random programs, to be started by hand.

    python tests/lockstep/soak.py --ratio 2.5:1 --instructions 30M --first-seed 1

Every program has invalid forms, and by its seed interrupts, floating point, breakpoints, all
conditions that stop an access, many branches; five of six leave the caches on. It runs several
times from its beginning, with the caches and TLBs as they are then: most instructions are executed
at the speed of the caches. An agent cancels one of four address tenures (ARTRY), and a DMA engine
copies the data of the program to where the program has none: it makes the data cache push what is
modified. `soaking.py` tells what is printed. Each failure is printed with its seed.
"""

import argparse
import importlib.util
import random
import sys
from pathlib import Path

import numpy as np

from pteg.components.copier import BUSY, Copier
from pteg.components.dram import Dram
from pteg.cpu import Stop
from pteg.hw.isa.registers import Msr
from pteg.lockstep import Lockstep, Mismatch
from pteg.lockstep.random_programs import STOP, Options, random_program
from pteg.lockstep.random_programs.layout import BODY, DATA, DATA_BYTES, REGISTERS
from pteg.platform import Platform, Wire

sys.path.insert(0, str(Path(__file__).parents[1]))

from soaking import Soak, count  # noqa: E402

#: Runs of a program; instructions of one, which all of them end before; instructions after which
#: there is no other run.
RUNS, MOST, ENOUGH = 40, 1_000_000, 400_000
RAM = 8 << 20
#: Where the DMA engine writes.
APART = slice(0x600000, 0x600000 + DATA_BYTES)


def beside(name):
    spec = importlib.util.spec_from_file_location(
        f"pteg_test_{name}", Path(__file__).with_name(f"{name}.py"))
    if spec.name in sys.modules:        # generated code imports it by this name
        return sys.modules[spec.name]
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


agent, injector = beside("agent"), beside("injector")


def models(ratio):
    """A processor without interrupts, and one whose interrupts come at random; both are retried."""
    plain = Platform([Dram(size=RAM), Copier()], ratio=ratio)
    interrupted = Platform([Dram(size=RAM), Copier(), injector.Injector()], [Wire("injector")],
                           ratio=ratio)
    return agent.retried_cpu(plain), agent.retried_cpu(interrupted)


def check(cpus, seed):
    """Instructions compared in the runs of the program of a seed."""
    interrupts = seed % 2 == 1
    cpu, choice = cpus[interrupts], random.Random(seed)
    options = Options(length=choice.choice((300, 1000, 2000)), user=choice.random() < 0.4,
                      translation=choice.random() < 0.8, invalid=True, floating=seed % 4 < 2,
                      breakpoints=seed % 3 == 0, conditions=seed % 7 < 5, branches=seed % 5 < 2,
                      interrupts=interrupts, cached=choice.random() < 5 / 6)
    program = random_program(seed, options)
    cpu.platform.reset()
    memory = cpu.platform["dram"].memory
    memory[:] = 0
    for address, data in program.memory.items():
        memory[address:address + len(data)] = np.frombuffer(data, np.uint8)
    cpu.reset()
    if interrupts:
        cpu.platform["injector"].state["random"] = seed
    registers = np.frombuffer(program.memory[REGISTERS], ">u4")
    pc, msr, done = program.pc, program.msr, 0
    for _ in range(RUNS):
        _copy(cpu.platform["copier"].state[0])
        state = cpu.get_state()
        state["pc"], state["msr"], state["gpr"][0, 1:] = pc, msr, registers
        if interrupts:
            state["dec"] = choice.randrange(5000)
        cpu.set_state(state)
        lockstep = Lockstep(cpu, apart=APART)
        try:
            stop = lockstep.run(MOST, address=STOP)
        except Mismatch as mismatch:
            raise AssertionError(f"seed {seed}, {options}: {mismatch}") from None
        assert stop is Stop.ADDRESS, f"seed {seed}, {options}: {stop}"
        done += lockstep.instructions
        if done > ENOUGH:
            break
        # The prologue invalidates the caches; what it has set is still there.
        pc, msr = BODY, _msr(options)
    return done


def _msr(options):
    """MSR in which the body begins again."""
    msr = Msr.ME | Msr.RI | (Msr.EE if options.interrupts else 0) | (Msr.PR if options.user else 0)
    msr |= Msr.IR | Msr.DR if options.translation else 0
    return int(msr | (Msr.FP if options.floating else 0))


def _copy(dma):
    """Begin a copy of all data, if none is under way."""
    if dma["control"] & BUSY:
        return
    dma["source"] = dma["bus_address"] = DATA
    dma["destination"], dma["length"] = APART.start, DATA_BYTES
    dma["bus_size"], dma["bus_write"], dma["control"] = 32, 0, BUSY


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    Soak.add_options(parser)
    parser.add_argument("--ratio", default="4:1", help="core clock to bus clock")
    parser.add_argument("--instructions", type=count, default=30_000_000)
    options = parser.parse_args()
    cpus, soak = models(options.ratio), Soak(options, options.instructions, "instructions")
    soak.run(lambda seed: check(cpus, seed))
    retries = sum(int(cpu.native.read(cpu.driver.state, "agent.retries")) for cpu in cpus)
    print(f"{retries} retries by the last programs")
    soak.end()


if __name__ == "__main__":
    main()
