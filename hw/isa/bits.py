"""Every bit of every register: whether it holds what is written to it, and who says so.

The only place that says so: both models, scripts, GDB, checkpoints and docs/registers.md take it
from here. What was recorded on hardware comes before the manuals, a record of a 750's relative
before that of a 604. Bits are numbered as in the manuals: bit 0 is the most significant of 32.
"""

from dataclasses import dataclass

__all__ = ["Bits", "BITS", "bits_of"]

#: Sources. The first two are records of all ones, written and read back.
_750CL, _604 = "recorded, 750CL", "recorded, 604"
_BOTH = "recorded, 750CL and 604"
_UM, _GX = "MPC750 UM", "750GX UM"


def _mask(ranges):
    """Bits named by a text like "0-2 16-23 31"."""
    found = 0
    for part in ranges.split():
        first, _, last = part.partition("-")
        for number in range(int(first), int(last or first) + 1):
            found |= 1 << 31 - number
    return found


@dataclass(frozen=True)
class Bits:
    """The bits of one register, or of each in a group.

    Parameters
    ----------
    written : str
        Bits that keep what an instruction writes, as ranges.
    source : str
    status : str
        Bits that only the hardware writes.
    clears : str
        Bits of `written` that the hardware clears by itself.
    note : str
        About single bits.
    """

    written: str
    source: str
    status: str = ""
    clears: str = ""
    note: str = ""

    @property
    def write_mask(self) -> int:
        """What an instruction can change."""
        return _mask(self.written)

    @property
    def mask(self) -> int:
        """What is there; the other bits read as zero."""
        return _mask(self.written) | _mask(self.status)


_ALL = "0-31"
BITS = {
    "MSR": Bits("13 15-23 25-27 29-31", f"{_604}; {_UM} 2.1.2.3",
                note="mtmsr writes them; rfi copies 16-23, 25-27 and 29-31 and clears POW"),
    "CR": Bits(_ALL, "PEM 2.1.3"),
    "FPSCR": Bits("0 3-19 21-31", f"{_BOTH}; PEM 2.1.4", status="1-2",
                  note="FEX and VX follow from the others; bit 20 is zero"),
    "SR": Bits(_ALL, f"{_BOTH}; PEM 2.3.5",
               note="the reserved bits 4-7 (T = 0) and all bits of the T = 1 format are kept"),
    "XER": Bits("0-2 16-23 25-31", _BOTH, note="16-23 have no meaning"),
    "LR": Bits(_ALL, "PEM 2.1.5", note="30 and 31 are ignored by branches"),
    "CTR": Bits(_ALL, "PEM 2.1.6", note="30 and 31 are ignored by branches"),
    "DSISR": Bits(_ALL, _604),
    "DAR": Bits(_ALL, _604),
    "DEC": Bits(_ALL, _604),
    "SDR1": Bits("0-15 23-31", f"{_604}; PEM 2.3.4"),
    "SRR0": Bits("0-29", _604),
    "SRR1": Bits(_ALL, _604),
    "SPRG": Bits(_ALL, _604),
    "EAR": Bits("0 26-31", f"{_604}; PEM 2.3.13"),
    "TBL": Bits(_ALL, "PEM 2.2"),
    "TBU": Bits(_ALL, "PEM 2.2"),
    "PVR": Bits("", f"{_UM} 2.1.1", status=_ALL, note="a constant"),
    "BATU": Bits("0-14 19-31", f"{_604}; PEM 2.3.3"),
    "BATL": Bits("0-14 25-28 30-31", f"{_604}; PEM 2.3.3",
                 note="W and G of an instruction BAT are kept too"),
    "MMCR0": Bits(_ALL, _604, clears="5", note="ENINT is cleared by the interrupt's condition"),
    "MMCR1": Bits(_ALL, f"{_UM} 11.2.1; as MMCR0", note="10-31 have no meaning"),
    "PMC": Bits(_ALL, _604),
    "SIA": Bits(_ALL, _604),
    "HID0": Bits(_ALL, f"{_UM} table 2-5", clears="20-21",
                 note="ICFI and DCFI are cleared in the next cycle if their cache is enabled; "
                      "0-4, 6, 7, 11, 15 and 22-25 are kept and change nothing here; "
                      "5, 12-14, 27 and 30 are not used"),
    "HID1": Bits("", f"{_UM} 2.1.2.2", status=_ALL, note="a constant"),
    "IABR": Bits(_ALL, f"{_604}; {_UM} 2.1.2.1"),
    "DABR": Bits(_ALL, f"{_604}; PEM 2.3.15"),
    "L2CR": Bits("0-18", f"{_UM} 2.1.5",
                 note="31, L2IP, reads as one while an invalidation is under way"),
    "ICTC": Bits("23-31", f"{_GX} p. 77"),
    "THRM": Bits("2-8 29-31", f"{_GX} p. 78", status="0-1",
                 note="TIN and TIV are the result of the comparison"),
    "THRM3": Bits("18-31", f"{_GX} p. 79"),
}


def bits_of(name: str) -> Bits:
    """The bits of a register by its name: IBAT0U and DBAT3U are two of BATU, UPMC1 is PMC1."""
    group = "".join(letter for letter in name if not letter.isdigit())
    if "BAT" in name:
        group = group[1:]
    for known in (name, group, name[1:], group[1:]):
        if known in BITS:
            return BITS[known]
    raise KeyError(name)
