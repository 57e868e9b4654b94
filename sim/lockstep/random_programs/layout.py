"""Where everything is in a random program, and what it may contain."""

from dataclasses import dataclass, field

__all__ = ["BODY", "PROLOGUE", "REGISTERS", "FLOATS", "TABLE", "TABLE_BYTES", "DATA", "DATA_BYTES",
           "POINTERS", "SAFE", "OFFSETS", "Options", "Program"]

BODY, PROLOGUE, REGISTERS, FLOATS = 0x40000, 0x10000, 0x2100, 0x2200
TABLE, TABLE_BYTES = 0x100000, 0x10000
DATA, DATA_BYTES = 0x200000, 0x40000
#: Registers: pointers to any page, pointers to memory that may always be written, small offsets.
POINTERS, SAFE, OFFSETS = range(20, 24), range(24, 26), range(26, 28)


@dataclass(frozen=True)
class Options:
    """What a program may contain.

    Attributes
    ----------
    length : int
        Groups of instructions in the body.
    user, translation : bool
        MSR[PR]; MSR[IR] and MSR[DR], in which the body begins.
    trace : bool
        MSR[SE] or MSR[BE] may be set.
    time : bool
        Time base and decrementer are read.
    strict : bool
        Leave out what emulators are known to do differently: misaligned multiples, faults in the
        middle of multiples and strings, reserved bits, registers with odd read-back.
    floating : bool
        Floating-point instructions, loads and stores; FPSCR and MSR[FP], FE0 and FE1 change.
    breakpoints : bool
        IABR and DABR are set: to instructions that follow, and to where pointers point. QEMU's
        750 does not stop there.
    invalid : bool
        Instructions have reserved bits that are set, and there are forms that the manuals call
        invalid (docs/instructions.md).
    conditions : bool
        Everything that can stop an access (docs/causes.md): direct-store segments, fetches from
        no-execute, guarded and protected memory, reservations and external control everywhere,
        MSR[LE]. Caches are locked, enabled and disabled more often.
    branches : bool
        Many branches, close to each other, whose conditions come late.
    interrupts : bool
        The body begins with MSR[EE] set, and changes it. The prologue runs with interrupts off:
        between `mtsrr0` and `rfi` one would never come back.
    cached : bool
        The caches are never disabled or locked: such a program is fast.
    """

    length: int = 200
    user: bool = False
    translation: bool = True
    trace: bool = True
    time: bool = False
    strict: bool = False
    floating: bool = False
    breakpoints: bool = False
    invalid: bool = False
    conditions: bool = False
    branches: bool = False
    interrupts: bool = False
    cached: bool = False


@dataclass
class Program:
    """A memory image and where to begin; it ends at `STOP`."""

    seed: int
    options: Options
    memory: dict = field(default_factory=dict)  # address: bytes
    pc: int = PROLOGUE
    msr: int = 0
    pages: list = field(default_factory=list)   # addresses of the PTEs
