"""Two machines that are equal but for one resource which belongs to a virtual machine monitor.

The same instructions execute in user state on both. `pteg.labs.sensitivity` says what follows.

``outcome(words)`` executes on the first machine, ``outcome(words, "TB")`` on one whose time base
differs. Both begin with MSR[PR] = 1 and MSR[FP] = 1, all other bits of MSR 0 (so translation is
off), and the same registers: r4 has the address of 64 bytes that are the program's own, with the
values 0 to 63, r5 is 8, and registers of the supervisor are 0 unless the processor needs another
value. Each call begins anew.

A result, `Outcome`, has ``vector`` (``done.vector.name`` is ``"NONE"`` if there was no exception),
``cause`` (SRR1[10-15] of a program exception, 6 bits), ``registers`` (``done.registers["gpr"][3]``
is r3; empty after an exception), and ``resources`` (what the program has changed).

`RESOURCES` has the names. A register that users may read by another number has the supervisor's
name: UMMCR0 reads MMCR0, and UPMC1 reads PMC1. Compare two results only if neither has an
exception: an exception, such as that of MSR[SE], gives a monitor control. MSR[PR] = 0 on the second
machine is supervisor state; it tells what an instruction that is privileged does there.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.hw.isa.exceptions import Vector
from pteg.hw.isa.registers import Msr
from pteg.machine import Machine
from pteg.registers import conform
from pteg.state import NAMES

__all__ = ["Outcome", "RESOURCES", "no_resource", "outcome", "program_of", "witnessed"]

_CODE, _MEMORY = 0x1000, 0x2000
_MOST = 64      # instructions of a program
#: What a program in user state has, and may see; the rest of the state is the monitor's.
_USER = ("gpr", "fpr", "cr", "fpscr", "xer", "lr", "ctr", "pc", "reservation")
#: Bits of MSR that are resources. Not POW, which stops the processor; nor IR and DR, by which
#: addresses are translated as the monitor wants it; nor LE and ILE, which are not modelled.
_MSR_BITS = (Msr.EE, Msr.ME, Msr.FE0, Msr.SE, Msr.BE, Msr.FE1, Msr.IP, Msr.PM, Msr.RI)


def _resources() -> dict[str, tuple[str, int, int | None]]:
    """Field of the state, what is changed in it, and the number in a bank."""
    found: dict[str, tuple[str, int, int | None]] = {
        f"MSR[{bit.name}]": ("msr", int(bit), None) for bit in (Msr.PR, *_MSR_BITS)}
    found["TB"] = "tb", 0x0123_4567_89AB_CDEF, None
    found |= {f"SR{number}": ("sr", 0xFFFFFFFF, number) for number in range(16)}
    found |= {name.upper(): (name, 0xFFFFFFFF, None) for name in NAMES
              if name not in (*_USER, "msr", "tb", "sr")}
    return found


#: What belongs to a monitor, by name.
RESOURCES = _resources()


def no_resource(name: str) -> str:
    """A line about a name that no resource has."""
    other = f"; it reads {name[1:]}" if name[:1] == "U" and name[1:] in RESOURCES else ""
    return f"there is no resource {name!r}{other}; RESOURCES of pteg.labs.twins has the names"


@dataclass(frozen=True)
class Outcome:
    """What an execution has done.

    Attributes
    ----------
    vector : Vector
        The exception, or `Vector.NONE`.
    cause : int
        SRR1[10-15] if it is a program exception.
    registers : dict
        Contents of the program's registers by name: numbers, or lists of numbers.
    resources : frozenset of str
        Resources of the monitor that were changed, but for those that an exception changes.
    """

    vector: Vector
    cause: int
    registers: dict[str, Any]
    resources: frozenset[str]


#: "b ." at each vector, where the monitor would be.
_VECTORS = (0x48000000).to_bytes(4, "big") * 0x400
_RAM = 1 << 20


@cache
def _machine() -> Machine:
    return Machine("g3", cpu="functional", rom=_VECTORS, ram=str(_RAM))


def _image(words: list[int]) -> bytes:
    """All of memory, so that a program finds nothing of an earlier one."""
    code = b"".join(word.to_bytes(4, "big") for word in words)
    return b"".join([_VECTORS, code.ljust(_MEMORY - _CODE, b"\0"), bytes(range(64))]).ljust(
        _RAM, b"\0")


@cache
def _state(resource: str | None) -> np.ndarray:
    state = _machine().cpu.state()
    for name in NAMES:
        state[name] = 0
    state["pc"], state["msr"] = _CODE, int(Msr.PR | Msr.FP)
    state["gpr"][0] = np.arange(32) * 0x01010101
    state["gpr"][0, 4], state["gpr"][0, 5] = _MEMORY, 8
    state["fpr"][0] = np.arange(32, dtype="u8") + 0x3FF0_0000_0000_0000
    state["lr"], state["ctr"], state["tb"], state["hid0"] = _CODE + 64, 64, 1 << 40, 0x4000
    if resource:
        name, bits, number = RESOURCES[resource]
        if number is None:
            state[name] ^= state[name].dtype.type(bits)
        else:
            state[name][0, number] ^= bits
    conform(state)
    return state


def outcome(words: list[int], resource: str | None = None) -> Outcome:
    """Execute instructions in user state, up to the last one or the first exception.

    Parameters
    ----------
    words : list of int
    resource : str, optional
        The one of `RESOURCES` that is changed before.
    """
    if resource is not None and resource not in RESOURCES:
        raise UserError(no_resource(resource))
    machine, before = _machine(), _state(resource)
    machine.reset()     # so that the time base ticks at the same moment
    machine.memory.write(0, _image(words))
    machine.model.set_state(before)
    end, user = _CODE + 4 * len(words), bool(before["msr"][0] & Msr.PR)
    for _ in range(len(words)):
        machine.step()
        after = machine.cpu.state()
        pc = int(after["pc"][0])
        if pc & 0xFFF00000 in (0, 0xFFF00000) and pc & 0xFFFFF < _CODE and pc % 0x100 == 0 and (
                not user or not after["msr"][0] & Msr.PR):
            return Outcome(Vector(pc & 0xFFFF), int(after["srr1"][0]) >> 16 & 0x3F, {},
                           frozenset())
        if pc >= end or pc < _CODE:
            break
    return Outcome(Vector.NONE, 0, {name: after[name][0].tolist() for name in _USER},
                   _changed(before, after))


def _changed(before: np.ndarray, after: np.ndarray) -> frozenset[str]:
    """Resources that differ: all but the time, which passes."""
    passing = ("TB", "DEC")
    found = set()
    for resource, (name, bits, number) in RESOURCES.items():
        old, new = ((int(state[name][0]) if number is None else int(state[name][0, number])) & bits
                    for state in (before, after))
        if old != new and resource not in passing:
            found.add(resource)
    return frozenset(found)


def program_of(text: str) -> list[int]:
    """The words of a short program in assembly language; r4 has the address of 64 bytes."""
    image = assemble(text, sections={".text": _CODE}).image()
    words = [int.from_bytes(image[at:at + 4], "big") for at in range(0, len(image), 4)]
    if not 0 < len(words) <= _MOST:
        raise UserError(f"a program must have 1 to {_MOST} instructions, not {len(words)}")
    return words


def witnessed(words: list[int], resource: str) -> str | None:
    """Whether a program shows that it can see a resource: None, or why it does not."""
    if resource not in RESOURCES:
        return no_resource(resource)
    first, second = outcome(words), outcome(words, resource)
    for one in (first, second):
        if one.vector is not Vector.NONE:
            return f"it causes an exception, {one.vector.name}: the monitor gets control"
    if first.registers == second.registers and not first.resources:
        return f"it ends with the same registers whatever {resource} is"
    return None
