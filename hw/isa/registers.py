"""Registers of the 32-bit PowerPC architecture as the 750 implements them.

Source: PowerPC Programming Environments Manual (PEM), chapter 2; MPC750 User's Manual, chapter 2.
Bits are numbered as there: bit 0 is the most significant of 32.
"""

import enum
from dataclasses import dataclass

from pteg.hw.isa.bits import BITS, bits_of

__all__ = [
    # Bit numbering
    "bit", "Field",
    # Special-purpose registers
    "Access", "Spr", "SPRS", "SPR_BY_NAME", "TIME_BASE_LOWER", "TIME_BASE_UPPER",
    # Registers and table entries with fields
    "Msr", "MSR_IMPLEMENTED", "MSR_TO_SRR1", "Xer", "XER_IMPLEMENTED", "Fpscr",
    "FPSCR_IMPLEMENTED", "Hid0", "L2cr",
    "SegmentRegister", "BatUpper", "BatLower", "Sdr1", "PteHigh", "PteLow", "Wimg",
    # What registers keep of a value
    "IMPLEMENTED", "with_summaries",
    # Values after a hard reset
    "PVR", "RESET_VECTOR", "RESET_MSR",
]


def bit(number, width=32):
    """Value of the bit that the manuals call `number` in a register of `width` bits."""
    return 1 << (width - 1 - number)


class Field(tuple):
    """Bits `first` to `last` (inclusive, big-endian numbering) of a 32-bit word."""

    def __new__(cls, first, last=None):
        return super().__new__(cls, (first, first if last is None else last))

    first = property(lambda self: self[0])
    last = property(lambda self: self[1])
    width = property(lambda self: self.last - self.first + 1)
    shift = property(lambda self: 31 - self.last)
    mask = property(lambda self: ((1 << self.width) - 1) << self.shift)
    #: The same bits as a slice of an Amaranth value, whose bit 0 is the least significant.
    slice = property(lambda self: slice(self.shift, self.shift + self.width))

    def get(self, word):
        return word >> self.shift & (1 << self.width) - 1

    def put(self, value):
        if value >> self.width:
            raise ValueError(f"value must fit in {self.width} bits, not {value:#x}")
        return value << self.shift


class Msr(enum.IntFlag):
    """Machine state register (PEM 2.3.1, MPC750 UM 2.1.2.3)."""

    POW = bit(13)  # power management enable
    ILE = bit(15)  # exception little-endian mode
    EE = bit(16)   # external interrupts and decrementer enabled
    PR = bit(17)   # problem state: user privilege
    FP = bit(18)   # floating point available
    ME = bit(19)   # machine check enabled
    FE0 = bit(20)  # floating-point exception mode 0
    SE = bit(21)   # single-step trace
    BE = bit(22)   # branch trace
    FE1 = bit(23)  # floating-point exception mode 1
    IP = bit(25)   # exception prefix: vectors at 0xFFFn_nnnn
    IR = bit(26)   # instruction address translation
    DR = bit(27)   # data address translation
    PM = bit(29)   # performance monitor marked mode
    RI = bit(30)   # recoverable exception
    LE = bit(31)   # little-endian mode


#: Bits that hold a value; the others read as zero. Little-endian mode is not modelled: ILE and LE
#: can be set and saved, and accesses stay big-endian.
MSR_IMPLEMENTED = BITS["MSR"].mask
#: MSR bits that an exception copies to SRR1, and rfi copies back: 16-23, 25-27, 29-31 (and 5-9,
#: which the 750 does not implement). PEM 6.2.1 leaves bits 1-4 and 10-15 to the exception's cause.
MSR_TO_SRR1 = 0x87C0FFFF & ~bit(24) & ~bit(28) & MSR_IMPLEMENTED


class Xer(enum.IntFlag):
    """Fixed-point exception register (PEM 2.1.3): flags. Bits 25-31 are the string byte count."""

    SO = bit(0)
    OV = bit(1)
    CA = bit(2)


XER_IMPLEMENTED = BITS["XER"].mask


class Fpscr(enum.IntFlag):
    """Floating-point status and control register (PEM 2.1.4)."""

    FX = bit(0)       # exception summary, sticky
    FEX = bit(1)      # enabled exception summary: of the bits below, by their enables
    VX = bit(2)       # invalid operation summary
    OX = bit(3)       # overflow
    UX = bit(4)       # underflow
    ZX = bit(5)       # zero divide
    XX = bit(6)       # inexact
    VXSNAN = bit(7)   # invalid operation: signalling NaN
    VXISI = bit(8)    # infinity - infinity
    VXIDI = bit(9)    # infinity / infinity
    VXZDZ = bit(10)   # zero / zero
    VXIMZ = bit(11)   # infinity * zero
    VXVC = bit(12)    # invalid comparison
    FR = bit(13)      # fraction rounded: the last result was incremented
    FI = bit(14)      # fraction inexact: the last result was rounded
    C = bit(15)       # FPRF, class and sign of the last result: class descriptor
    FL = bit(16)      # less than or negative
    FG = bit(17)      # greater than or positive
    FE = bit(18)      # equal or zero
    FU = bit(19)      # unordered or NaN
    VXSOFT = bit(21)  # software request
    VXSQRT = bit(22)  # square root of a negative number
    VXCVI = bit(23)   # conversion to integer
    VE = bit(24)      # enables of VX, OX, UX, ZX, XX
    OE = bit(25)
    UE = bit(26)
    ZE = bit(27)
    XE = bit(28)
    NI = bit(29)      # non-IEEE mode
    RN0 = bit(30)     # rounding mode: nearest, toward zero, toward +infinity, toward -infinity
    RN1 = bit(31)


FPSCR_IMPLEMENTED = BITS["FPSCR"].mask


def with_summaries(fpscr: int) -> int:
    """FPSCR as it is after a write: VX and FEX follow from the other bits (PEM 2.1.4)."""
    invalid = (Fpscr.VXSNAN | Fpscr.VXISI | Fpscr.VXIDI | Fpscr.VXZDZ | Fpscr.VXIMZ | Fpscr.VXVC
               | Fpscr.VXSOFT | Fpscr.VXSQRT | Fpscr.VXCVI)
    enables = {Fpscr.VX: Fpscr.VE, Fpscr.OX: Fpscr.OE, Fpscr.UX: Fpscr.UE, Fpscr.ZX: Fpscr.ZE,
               Fpscr.XX: Fpscr.XE}
    fpscr &= FPSCR_IMPLEMENTED & ~(Fpscr.VX | Fpscr.FEX)
    if fpscr & invalid:
        fpscr |= Fpscr.VX
    if any(fpscr & exception and fpscr & enable for exception, enable in enables.items()):
        fpscr |= Fpscr.FEX
    return int(fpscr)


class Hid0(enum.IntFlag):
    """Hardware implementation-dependent register 0: the bits that this model uses."""

    DPM = bit(11)
    DOZE = bit(8)
    NAP = bit(9)
    SLEEP = bit(10)
    ICE = bit(16)   # instruction cache enable
    DCE = bit(17)   # data cache enable
    ILOCK = bit(18)
    DLOCK = bit(19)
    ICFI = bit(20)  # instruction cache flash invalidate
    DCFI = bit(21)
    BTIC = bit(26)  # branch target instruction cache enable
    ABE = bit(28)   # address broadcast enable
    BHT = bit(29)   # branch history table enable
    NOOPTI = bit(31)


class Ictc:
    """Instruction cache throttling control register (750GX UM 2.1.3)."""

    FI = Field(23, 30)    # forwarding interval, core cycles
    E = Field(31)         # enable


class L2cr:
    """L2 cache control register (MPC750 UM 2.1.5): the fields that this model uses."""

    L2E = Field(0)        # enable
    L2SIZ = Field(2, 3)   # 1: 256 KB, 2: 512 KB, 3: 1 MB
    L2CLK = Field(4, 6)   # core clock by 1, 1.5, 2, 2.5, 3: 1, 2, 4, 5, 6; 0: stopped
    L2DO = Field(9)       # data only
    L2I = Field(10)       # global invalidate
    L2WT = Field(12)      # write-through
    L2TS = Field(13)      # test support
    L2IP = Field(31)      # invalidation in progress; read only


class Iabr:
    """Instruction address breakpoint register (MPC750 UM 2.1.2.1)."""

    ADDRESS = Field(0, 29)  # word
    BE = Field(30)          # enable
    TE = Field(31)          # MSR[IR] must be the same


class Dabr:
    """Data address breakpoint register (PEM 2.3.15)."""

    DAB = Field(0, 28)    # double word
    BT = Field(29)        # MSR[DR] must be the same
    DW = Field(30)        # stores
    DR = Field(31)        # loads


class Thrm:
    """Thermal management registers 1 and 2 (750GX UM 2.1.4.1)."""

    TIN = Field(0)           # the threshold has been crossed
    TIV = Field(1)           # TIN is valid
    THRESHOLD = Field(2, 8)  # degrees Celsius
    TID = Field(29)          # crossed downwards
    TIE = Field(30)          # interrupt then
    V = Field(31)            # compare


class Thrm3:
    """Thermal management register 3 (750GX UM 2.1.4.2)."""

    SITV = Field(18, 30)     # sample interval, core cycles
    E = Field(31)            # enable


class Wimg(enum.IntFlag):
    """Storage attributes, in the order in which PTEs and BATs keep them (PEM 5.2.1)."""

    W = 8  # write-through
    I = 4  # caching-inhibited
    M = 2  # memory coherence
    G = 1  # guarded


class SegmentRegister:
    """Segment register, T = 0 format (PEM figure 2-14); it keeps the reserved bits too."""

    T = Field(0)          # direct-store segment: not supported by the 750, accesses fault
    KS = Field(1)         # key in supervisor state
    KP = Field(2)         # key in user state
    N = Field(3)          # no-execute
    VSID = Field(8, 31)   # virtual segment ID
    IMPLEMENTED = BITS["SR"].mask


class BatUpper:
    """Upper word of a block address translation register (PEM 7.4.3)."""

    BEPI = Field(0, 14)   # block effective page index
    BL = Field(19, 29)    # block length mask: 0 is 128 KB, all ones 256 MB
    VS = Field(30)        # valid in supervisor state
    VP = Field(31)        # valid in user state
    IMPLEMENTED = BITS["BATU"].mask


class BatLower:
    """Lower word of a block address translation register (PEM 7.4.3)."""

    BRPN = Field(0, 14)   # block physical page number
    WIMG = Field(25, 28)
    PP = Field(30, 31)
    IMPLEMENTED = BITS["BATL"].mask


class Sdr1:
    """Place and size of the page table (PEM 7.6.1.2)."""

    HTABORG = Field(0, 15)
    HTABMASK = Field(23, 31)
    IMPLEMENTED = BITS["SDR1"].mask


class PteHigh:
    """First word of a page table entry (PEM 7.6.2.2)."""

    V = Field(0)
    VSID = Field(1, 24)
    H = Field(25)         # 0: entry of a primary PTEG, 1: of a secondary
    API = Field(26, 31)   # abbreviated page index, EA[4-9]


class PteLow:
    """Second word of a page table entry."""

    RPN = Field(0, 19)
    R = Field(23)         # referenced
    C = Field(24)         # changed
    WIMG = Field(25, 28)
    PP = Field(30, 31)


class Access(enum.Enum):
    """Who may read (R) and write (W) a special-purpose register."""

    USER = "user RW"
    USER_READ = "user R"
    SUPERVISOR = "supervisor RW"
    SUPERVISOR_READ = "supervisor R"
    SUPERVISOR_WRITE = "supervisor W"


@dataclass(frozen=True)
class Spr:
    """One special-purpose register.

    Parameters
    ----------
    number : int
        As written in assembler (the two halves are swapped in the instruction word).
    name : str
    access : Access
    reset : int
        Value after a hard reset; registers that the manual leaves undefined are zero here.
    """

    number: int
    name: str
    access: Access
    reset: int = 0

    @property
    def implemented(self) -> int:
        """Bits that hold a value; the others read as zero."""
        return bits_of(self.name).mask

    @property
    def written(self) -> int:
        """Those that mtspr writes; the others are the hardware's."""
        return bits_of(self.name).write_mask

    @property
    def readable(self):
        return self.access is not Access.SUPERVISOR_WRITE

    @property
    def writable(self):
        return self.access in (Access.USER, Access.SUPERVISOR, Access.SUPERVISOR_WRITE)

    @property
    def ignored(self):
        """mtspr to a constant does nothing (750GX UM p. 91)."""
        return self.name in ("PVR", "HID1")

    @property
    def user(self):
        return self.access in (Access.USER, Access.USER_READ)


#: Version 8, revision 3.1: an MPC750.
PVR = 0x00080301
RESET_VECTOR = 0xFFF00100
RESET_MSR = int(Msr.IP)

#: Numbers with which mftb reads the time base; 284 and 285 write it.
TIME_BASE_LOWER, TIME_BASE_UPPER = 268, 269

_SV = Access.SUPERVISOR
_BATS = [
    Spr(base + 2 * n + half, f"{kind}BAT{n}{'UL'[half]}", _SV)
    for kind, base in (("I", 528), ("D", 536)) for n in range(4) for half in range(2)
]
#: Every SPR of the 750 (MPC750 UM table 2-1 and appendix on mfspr/mtspr).
SPRS = [
    Spr(1, "XER", Access.USER),
    Spr(8, "LR", Access.USER),
    Spr(9, "CTR", Access.USER),
    Spr(18, "DSISR", _SV),
    Spr(19, "DAR", _SV),
    Spr(22, "DEC", _SV, reset=0xFFFFFFFF),
    Spr(25, "SDR1", _SV),
    Spr(26, "SRR0", _SV),
    Spr(27, "SRR1", _SV),
    *(Spr(272 + n, f"SPRG{n}", _SV) for n in range(4)),
    Spr(282, "EAR", _SV),
    Spr(284, "TBL", Access.SUPERVISOR_WRITE),
    Spr(285, "TBU", Access.SUPERVISOR_WRITE),
    Spr(287, "PVR", Access.SUPERVISOR_READ, reset=PVR),
    *_BATS,
    Spr(936, "UMMCR0", Access.USER_READ),
    Spr(937, "UPMC1", Access.USER_READ),
    Spr(938, "UPMC2", Access.USER_READ),
    Spr(939, "USIA", Access.USER_READ),
    Spr(940, "UMMCR1", Access.USER_READ),
    Spr(941, "UPMC3", Access.USER_READ),
    Spr(942, "UPMC4", Access.USER_READ),
    Spr(952, "MMCR0", _SV),
    Spr(953, "PMC1", _SV),
    Spr(954, "PMC2", _SV),
    Spr(955, "SIA", _SV),
    Spr(956, "MMCR1", _SV),
    Spr(957, "PMC3", _SV),
    Spr(958, "PMC4", _SV),
    Spr(1008, "HID0", _SV),
    Spr(1009, "HID1", Access.SUPERVISOR_READ),
    Spr(1010, "IABR", _SV),
    Spr(1013, "DABR", _SV),
    Spr(1017, "L2CR", _SV),
    Spr(1019, "ICTC", _SV),
    Spr(1020, "THRM1", _SV),
    Spr(1021, "THRM2", _SV),
    Spr(1022, "THRM3", _SV),
]
SPR_BY_NAME = {spr.name: spr for spr in SPRS}

#: Bits that the registers which are no SPRs keep; the others read as zero.
IMPLEMENTED = {
    "gpr": 0xFFFFFFFF, "fpr": 0xFFFFFFFF_FFFFFFFF, "sr": SegmentRegister.IMPLEMENTED,
    "pc": 0xFFFFFFFC, "msr": MSR_IMPLEMENTED, "cr": 0xFFFFFFFF, "fpscr": FPSCR_IMPLEMENTED,
    "tb": 0xFFFFFFFF_FFFFFFFF,
}
