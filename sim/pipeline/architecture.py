"""The architectural state in the hardware: which flip-flops and memories are which register.

Between two instructions, a program can observe nothing else of the processor. A checkpoint for the
other model, a debugger and lockstep need no more.
"""

from functools import cached_property
from typing import NamedTuple

import numpy as np

from pteg.engine import Native
from pteg.engine.probes import Kind, Part, Probe
from pteg.jit import njit
from pteg.pipeline.places import Memory, Processor, Signal
from pteg.state import ARCH_STATE, NAMES, PENDING

__all__ = ["Architecture", "Registers", "capture"]

#: Rows of a memory that are a bank of registers: `count` of them from word `base` of the state on
#: go to ARCH_STATE from its 32-bit word `word` on, `words` each.
_BANK = np.dtype([("word", "i8"), ("words", "i8"), ("base", "i8"), ("count", "i8")])
#: Bits of a signal that are bits of a 32-bit word of ARCH_STATE. `keep` is 0 for the first of a
#: word, which replaces what was there.
_BITS = np.dtype([("word", "i8"), ("keep", "u8"), ("source", "i8"), ("shift", "u8"), ("mask", "u8"),
                  ("position", "u8")])


class Registers(NamedTuple):
    """Where the architectural state is, for `capture`: record arrays of _BANK and _BITS."""

    banks: np.ndarray
    bits: np.ndarray


@njit(cache=True, error_model="numpy", _nrt=False)
def capture(state, registers, words):
    """Copy the architectural state of the hardware into an ARCH_STATE, seen as 32-bit words."""
    for bank in registers.banks:
        for n in range(bank.count):
            value = state[bank.base + n]
            words[bank.word + bank.words * n] = value & np.uint64(0xFFFFFFFF)
            if bank.words == 2:
                words[bank.word + 2 * n + 1] = value >> np.uint64(32)
    for part in registers.bits:
        words[part.word] = (words[part.word] & part.keep | (
            state[part.source] >> part.shift & part.mask) << part.position)


def _banks(cpu: Processor) -> dict[str, Memory]:
    """Fields of ARCH_STATE that are memories."""
    return {"gpr": cpu.core.rename.gpr, "fpr": cpu.core.float_rename.fpr,
            "sr": cpu.mmu.segments.words}


def _registers(cpu: Processor) -> dict[str, list[tuple[Signal, int]]]:
    """The other fields: signals, and the bit of the register at which each begins."""
    core, mmu = cpu.core, cpu.mmu
    condition, lsu, monitor, time = core.condition, core.lsu, core.monitor, core.timebase
    whole = {
        "pc": core.completion.pc, "msr": core.special.msr, "cr": condition.cr,
        "fpscr": core.fpu.status.fpscr, "lr": core.link.lr, "ctr": core.link.ctr,
        "mmcr0": monitor.mmcr0, "mmcr1": monitor.mmcr1, "sia": monitor.sia,
        "pmc1": monitor.pmc1, "pmc2": monitor.pmc2, "pmc3": monitor.pmc3, "pmc4": monitor.pmc4,
        **{name: getattr(core.thermal, name) for name in ("thrm1", "thrm2", "thrm3")},
        "tb": time.tb, "dec": time.dec, "sdr1": mmu.walker.sdr1,
        **{f"{side}bat{n}{half[0]}": translator.bats.register(n, half)
           for side, translator in (("i", mmu.immu), ("d", mmu.dmmu))
           for n in range(4) for half in ("upper", "lower")},
    }
    composed = {
        "xer": [(condition.count, 0), (condition.spare, 8), (condition.ca, 29), (condition.ov, 30),
                (condition.so, 31)],
        "reservation": [(lsu.reservation.reserved, 0), (lsu.reservation.line, 5)],
    }
    return {name: composed.get(name) or [(whole.get(name, core.special.spr(name)), 0)]
            for name in NAMES if name not in _banks(cpu)}


class Architecture:
    """Reads and writes the architectural registers in a state of the hardware.

    Parameters
    ----------
    native : pteg.engine.Native
    cpu : Processor
        Places of the processor whose registers they are.
    """

    def __init__(self, native: Native, cpu: Processor):
        self._native = native
        self._banks, self._registers = _banks(cpu), _registers(cpu)
        self._pending = {"instructions": cpu.core.completion.instructions,
                         "since_tick": cpu.core.timebase.prescaler,
                         "decrementer": cpu.core.timebase.pending,
                         "thermal": cpu.core.thermal.pending,
                         "machine_check": cpu.core.completion.exceptions.check}

    def write(self, state: np.ndarray, name: str, value):
        """Give a field of ARCH_STATE a value; for a bank of registers, an array."""
        if name in self._banks:
            memory = self._native.memories[self._banks[name]]
            for row, word in enumerate(value):
                state[memory.base + row] = word
            return
        for path, position in self._registers[name]:
            width = self._native.probe(path).width
            self._native.write(state, path, int(value) >> position & (1 << width) - 1)

    def probes(self, name: str) -> list[tuple[Probe, int]]:
        """The parts of a register that a tracer can follow, each with the bit at which it begins.

        `name` is a field of ARCH_STATE, with a number if that is a bank: `msr`, `gpr3`, `sr15`.
        """
        for bank, path in self._banks.items():
            if name.startswith(bank) and name[len(bank):].isdigit():
                memory, row = self._native.memories[path], int(name[len(bank):])
                part = Part(memory.base + row * memory.stride, 0, memory.width)
                return [(Probe(f"{path}[{row}]", memory.width, False, Kind.REGISTER,
                               parts=(part,)), 0)]
        return [(self._native.probe(path), position) for path, position in self._registers[name]]

    def get_pending(self, state: np.ndarray, cycle: int) -> np.ndarray:
        """A record array of `pteg.state.PENDING`."""
        pending = np.zeros(1, PENDING)
        pending["cycle"] = cycle
        for name, path in self._pending.items():
            pending[name] = self._native.read(state, path)
        return pending

    def set_pending(self, state: np.ndarray, pending: np.ndarray):
        """Take over all that is pending; the cycle is the caller's."""
        for name, path in self._pending.items():
            self._native.write(state, path, int(pending[name][0]))

    @cached_property
    def registers(self) -> Registers:
        """Where they all are, for `capture`."""
        banks, bits = [], []
        for name, path in self._banks.items():
            first, words = _words(name)
            memory = self._native.memories[path]
            count = ARCH_STATE[name].shape[0]
            banks.append((first, words // count, memory.base, count))
        for name, signals in self._registers.items():
            first, words = _words(name)
            for word in range(words):
                found = list(self._bits(signals, 32 * word))
                bits += [(first + word, -1 % (1 << 64) if n else 0, *each)
                         for n, each in enumerate(found)]
        return Registers(np.array(banks, _BANK), np.array(bits, _BITS))

    def _bits(self, signals, low):
        """Of a register's bits `low` to `low` + 31: word of the state, shift, mask, position."""
        for path, position in signals:
            for part in self._native.probe(path).parts:
                begin, end = max(position, low), min(position + part.width, low + 32)
                if begin < end:
                    yield (part.word, part.shift + begin - position, (1 << end - begin) - 1,
                           begin - low)
                position += part.width


def _words(name):
    """The first 32-bit word of a field of ARCH_STATE, and how many there are."""
    kind, offset = ARCH_STATE.fields[name][:2]
    return offset // 4, kind.itemsize // 4
