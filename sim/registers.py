"""The processor's registers as a script sees them: `m.cpu.gpr[3]`, `m.cpu.spr["SDR1"]`, `m.cpu.pc`.

Reading takes the architectural state from the processor model, writing puts it back; both are
meant for moments when the machine does not run, which is at an instruction boundary.
"""

from pteg.errors import UserError
from pteg.hw.isa.registers import SPR_BY_NAME, SPRS
from pteg.state import ARCH_STATE

__all__ = ["Registers"]


class _Bank:
    """A numbered group of registers."""

    def __init__(self, registers, name):
        self._registers, self._name = registers, name

    def __len__(self):
        return ARCH_STATE[self._name].shape[0]

    def _check(self, number):
        if not 0 <= number < len(self):
            raise UserError(f"{self._name} number must be 0 to {len(self) - 1}, not {number!r}")
        return number

    def __getitem__(self, number):
        return int(self._registers.state()[self._name][0, self._check(number)])

    def __setitem__(self, number, value):
        bits = 8 * ARCH_STATE[self._name].base.itemsize
        with self._registers.changed() as state:
            state[self._name][0, self._check(number)] = _bits(self._name, value, bits)

    def __iter__(self):
        return iter(self._registers.state()[self._name][0].tolist())


class _Sprs:
    """Special-purpose registers by name or number, without regard to privilege."""

    def __init__(self, registers):
        self._registers = registers

    def _find(self, key):
        for spr in SPRS:
            if key in (spr.name, spr.number) or isinstance(key, str) and key.upper() == spr.name:
                return spr
        raise UserError(f"there is no special-purpose register {key!r}")

    def __getitem__(self, key):
        spr = self._find(key)
        state = self._registers.state()
        if spr.name in ("TBL", "TBU"):
            return int(state["tb"][0]) >> (32 if spr.name == "TBU" else 0) & 0xFFFFFFFF
        name = spr.name.lower()
        if name not in ARCH_STATE.names and spr.name.startswith("U"):
            name = name[1:]  # user-mode mirrors of the performance monitor
        if name not in ARCH_STATE.names:
            return spr.reset
        return int(state[name][0])

    def __setitem__(self, key, value):
        spr = self._find(key)
        if not spr.writable:
            raise UserError(f"{spr.name} cannot be written")
        value = _bits(spr.name, value, 32)
        with self._registers.changed() as state:
            if spr.name == "TBL":
                state["tb"] = int(state["tb"][0]) & ~0xFFFFFFFF | value
            elif spr.name == "TBU":
                state["tb"] = int(state["tb"][0]) & 0xFFFFFFFF | value << 32
            else:
                state[spr.name.lower()] = value & spr.implemented

    def __iter__(self):
        return iter(SPR_BY_NAME)


def _bits(name, value, bits):
    if not isinstance(value, int) and not hasattr(value, "__index__"):
        raise UserError(f"{name} must be an integer, not {value!r}")
    value = int(value)
    if not -(1 << bits - 1) <= value < 1 << bits:
        raise UserError(f"{name} must fit in {bits} bits, not {value:#x}")
    return value & (1 << bits) - 1


class _Change:
    """`with registers.changed() as state:` changes the record, then hands it to the model."""

    def __init__(self, model):
        self._model = model

    def __enter__(self):
        self._state = self._model.get_state()
        return self._state

    def __exit__(self, kind, *exception):
        if kind is None:
            self._model.set_state(self._state)


class Registers:
    """All registers of one processor.

    Attributes
    ----------
    gpr, fpr, sr : sequences
        General, floating-point (raw 64-bit numbers) and segment registers.
    spr : mapping
        Special-purpose registers by name or number.
    pc, msr, cr, fpscr, xer, lr, ctr, tb : int
    """

    def __init__(self, model):
        self._model = model
        self.gpr, self.fpr, self.sr = (_Bank(self, name) for name in ("gpr", "fpr", "sr"))
        self.spr = _Sprs(self)

    def state(self):
        """The whole architectural state: a record array of `pteg.state.ARCH_STATE`, a copy."""
        return self._model.get_state()

    def changed(self):
        """Context manager: the record to change, which then becomes the state."""
        return _Change(self._model)


def _single(name):
    bits = 8 * ARCH_STATE[name].itemsize

    def read(self):
        return int(self.state()[name][0])

    def write(self, value):
        value = _bits(name, value, bits)
        if name == "pc" and value % 4:
            raise UserError(f"pc must be a multiple of 4, not {value:#x}")
        with self.changed() as state:
            state[name] = value

    return property(read, write)


for _name in ("pc", "msr", "cr", "fpscr", "xer", "lr", "ctr", "tb"):
    setattr(Registers, _name, _single(_name))
