"""Registers by name, and the rules for the bits that each of them keeps.

Scripts, GDB and checkpoints read and write the architectural state by the functions here. So a
write by any of them has the same result, and the same as the instruction that writes the
register (`pteg.hw.isa.registers` has the bits). `Registers` is what a script sees:
`machine.cpu.gpr[3]`, `machine.cpu.spr["SDR1"]`, `machine.cpu.pc`.

Reading takes the architectural state from the processor model; writing puts it back. Use both only
while the machine does not run, at an instruction boundary.
"""

from collections.abc import Iterator, Mapping
from typing import SupportsIndex

import numpy as np

from pteg.cpu import Cpu
from pteg.errors import UserError
from pteg.hw.isa.registers import IMPLEMENTED, SPR_BY_NAME, SPRS, Spr, with_summaries
from pteg.state import ARCH_STATE, NAMES

__all__ = ["Registers", "get", "put", "conform"]

BANKS = ("gpr", "fpr", "sr")
#: Halves of the time base: their SPRs, and the bit of `tb` where each begins.
_HALVES = {"tbl": 0, "tbu": 32}


# The rule book ----------------------------------------------------------------------------------

def _possible(name: str, value: int) -> int:
    """What of a value a field of the state can hold."""
    if name == "fpscr":
        return with_summaries(value)
    spr = SPR_BY_NAME.get(name.upper())
    if spr is not None:
        return value & spr.implemented
    return value & IMPLEMENTED.get(name, 0xFFFFFFFF)


def _kept(name: str, value: int) -> int:
    """What a field of the state keeps of a value that an instruction writes."""
    spr = SPR_BY_NAME.get(name.upper())
    return value & spr.written if spr is not None else _possible(name, value)


def _field(name: str) -> str | None:
    """Field of the state that an SPR is in, or None: it is a constant."""
    if name in NAMES:
        return name
    # User-mode mirrors of the performance monitor.
    return name[1:] if name[0] == "u" and name[1:] in NAMES else None


def get(state: np.ndarray, name: str, number: int | None = None) -> int:
    """A register of a state.

    Parameters
    ----------
    state : record array of pteg.state.ARCH_STATE
    name : str
        A field of the state, or an SPR's name in lower case.
    number : int, optional
        Of a register of a bank: "gpr", "fpr", "sr".
    """
    if number is not None:
        return int(state[name][0, number])
    if name in _HALVES:
        return int(state["tb"][0]) >> _HALVES[name] & 0xFFFFFFFF
    field = _field(name)
    return SPR_BY_NAME[name.upper()].reset if field is None else int(state[field][0])


def put(state: np.ndarray, name: str, value: int, number: int | None = None) -> None:
    """Write a register, as the instruction would that writes it; see `get`.

    Raises
    ------
    UserError
        The value is too wide, or no address of an instruction, or the register is read-only.
    """
    spr = SPR_BY_NAME.get(name.upper())
    label = spr.name if spr else name
    bits = 32 if name in _HALVES else 8 * ARCH_STATE[_field(name) or "pc"].base.itemsize
    value = _checked(label, value, bits)
    if number is not None:
        state[name][0, number] = _kept(name, value)
    elif name in _HALVES:
        shift = _HALVES[name]
        state["tb"] = int(state["tb"][0]) & ~(0xFFFFFFFF << shift) | value << shift
    elif spr and not spr.writable:
        raise UserError(f"{label} cannot be written")
    elif name == "pc" and value % 4:
        raise UserError(f"pc must be a multiple of 4, not {value:#x}")
    else:
        state[name] = _kept(name, value)


def conform(state: np.ndarray) -> None:
    """Clear in place what no register of a state can hold."""
    for name in NAMES:
        if name in BANKS:
            state[name] &= ARCH_STATE[name].base.type(IMPLEMENTED[name])
        elif name != "reservation":
            state[name] = _possible(name, int(state[name][0]))


def _checked(name: str, value: object, bits: int) -> int:
    if not isinstance(value, SupportsIndex):
        raise UserError(f"{name} must be an integer, not {value!r}")
    value = int(value)
    if not -(1 << bits - 1) <= value < 1 << bits:
        raise UserError(f"{name} must fit in {bits} bits, not {value:#x}")
    return value & (1 << bits) - 1


# For scripts ------------------------------------------------------------------------------------

#: What the names of a bank's registers begin with.
_PREFIXES = {"gpr": "r", "fpr": "f", "sr": "sr"}


def _listing(values: Mapping[str, int], digits: int = 8) -> str:
    """Registers by name in hexadecimal, a power of two to a line of up to 80 characters."""
    cells = [f"{name:<{max(map(len, values))}} {value:0{digits}x}"
             for name, value in values.items()]
    count = 1 << (82 // (len(cells[0]) + 2)).bit_length() - 1
    return "\n".join("  ".join(cells[at:at + count]) for at in range(0, len(cells), count))


class _Bank:
    """A numbered group of registers."""

    __slots__ = ("_registers", "_name")

    def __init__(self, registers: "Registers", name: str):
        self._registers, self._name = registers, name

    def __len__(self) -> int:
        return ARCH_STATE[self._name].shape[0]

    def _check(self, number: object) -> int:
        if not isinstance(number, SupportsIndex) or not 0 <= int(number) < len(self):
            raise UserError(f"{self._name} number must be 0 to {len(self) - 1}, not {number!r}")
        return int(number)

    def __getitem__(self, number: int) -> int:
        return get(self._registers.state(), self._name, self._check(number))

    def __setitem__(self, number: int, value: int) -> None:
        number = self._check(number)
        with self._registers.changed() as state:
            put(state, self._name, value, number)

    def __iter__(self) -> Iterator[int]:
        return iter(self._registers.state()[self._name][0].tolist())

    def __repr__(self) -> str:
        prefix = _PREFIXES[self._name]
        return _listing({f"{prefix}{number}": value for number, value in enumerate(self)},
                        2 * ARCH_STATE[self._name].base.itemsize)


class _Sprs:
    """Special-purpose registers by name or number, without regard to privilege."""

    __slots__ = ("_registers",)

    def __init__(self, registers: "Registers"):
        self._registers = registers

    @staticmethod
    def _find(key: str | int) -> Spr:
        for spr in SPRS:
            if key in (spr.name, spr.number) or isinstance(key, str) and key.upper() == spr.name:
                return spr
        raise UserError(f"there is no special-purpose register {key!r}")

    def __getitem__(self, key: str | int) -> int:
        spr = self._find(key)
        if spr.name == "HID1":      # the pins say it
            return self._registers.hid1
        return get(self._registers.state(), spr.name.lower())

    def __setitem__(self, key: str | int, value: int) -> None:
        spr = self._find(key)
        with self._registers.changed() as state:
            put(state, spr.name.lower(), value)

    def __iter__(self) -> Iterator[str]:
        return iter(SPR_BY_NAME)

    def __repr__(self) -> str:
        return _listing({name: self[name] for name in self})


class _Change:
    """`with registers.changed() as state:` changes the record, then hands it to the model."""

    def __init__(self, model: Cpu, number: int):
        self._model, self._number = model, number

    def __enter__(self) -> np.ndarray:
        self._state = self._model.get_state(self._number)
        return self._state

    def __exit__(self, kind: type | None, *exception: object) -> None:
        if kind is None:
            conform(self._state)
            self._model.set_state(self._state, self._number)


class _Single:
    """A register that is one field of the state."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, registers: "Registers", owner: type | None = None) -> int:
        return get(registers.state(), self._name)

    def __set__(self, registers: "Registers", value: int) -> None:
        with registers.changed() as state:
            put(state, self._name, value)


class Registers:
    """All registers of one processor. Any other attribute is an AttributeError.

    Attributes
    ----------
    gpr, fpr, sr : sequences
        General, floating-point (raw 64-bit numbers) and segment registers.
    spr : mapping
        Special-purpose registers by name or number.
    pc, msr, cr, fpscr, xer, lr, ctr, tb : int
    """

    __slots__ = ("_model", "_number")

    pc = _Single()
    msr = _Single()
    cr = _Single()
    fpscr = _Single()
    xer = _Single()
    lr = _Single()
    ctr = _Single()
    tb = _Single()

    def __init__(self, model: Cpu, number: int = 0):
        self._model, self._number = model, number

    @property
    def gpr(self) -> _Bank:
        """The 32 general-purpose registers, by number."""
        return _Bank(self, "gpr")

    @property
    def fpr(self) -> _Bank:
        """The 32 floating-point registers, by number: raw 64-bit integers."""
        return _Bank(self, "fpr")

    @property
    def sr(self) -> _Bank:
        """The 16 segment registers, by number."""
        return _Bank(self, "sr")

    @property
    def spr(self) -> _Sprs:
        """The special-purpose registers, by name: `spr["SDR1"]`."""
        return _Sprs(self)

    @property
    def hid1(self) -> int:
        """The ratio of core and bus clock, as the processor's pins say it (HID1)."""
        return self._model.platform.ratio.hid1

    def __repr__(self) -> str:
        singles = {name: getattr(self, name)
                   for name in ("pc", "msr", "cr", "xer", "lr", "ctr", "fpscr")}
        return f"{_listing(singles)}\n{self.gpr!r}"

    def state(self) -> np.ndarray:
        """The whole architectural state: a record array of `pteg.state.ARCH_STATE`, a copy."""
        return self._model.get_state(self._number)

    def changed(self) -> _Change:
        """Context manager: the record to change, which then becomes the state."""
        return _Change(self._model, self._number)
