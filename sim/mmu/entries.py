"""What the MMU keeps, as plain data: segments, blocks, page table entries, TLB entries."""

from dataclasses import dataclass
from html import escape
from typing import Annotated, Any, Generic, TypeVar, get_args, get_type_hints

from pteg.hw.isa.registers import BatLower, BatUpper, PteHigh, PteLow, SegmentRegister
from pteg.hw.mmu.enums import Side

__all__ = ["Segment", "Bat", "Pte", "TlbEntry", "Rows"]


#: Numbers that are shown with so many hexadecimal digits.
Word = Annotated[int, 8]
Offset = Annotated[int, 7]
Vsid = Annotated[int, 6]
Api = Annotated[int, 2]


@dataclass(frozen=True)
class Segment:
    """A segment register (PEM figures 2-14 and 2-15)."""

    number: int
    #: The whole register.
    value: Word
    #: 1: direct-store segment. The other fields have no meaning then.
    t: int
    #: Keys in supervisor and user state (PEM 7.5.4).
    ks: int
    kp: int
    #: 1: no-execute.
    n: int
    vsid: Vsid

    @classmethod
    def of(cls, number: int, value: int) -> "Segment":
        """Decode a register."""
        bits = SegmentRegister
        return cls(number, value, bits.T.get(value), bits.KS.get(value), bits.KP.get(value),
                   bits.N.get(value), bits.VSID.get(value))

    def __str__(self) -> str:
        what = "direct-store" if self.t else (
            f"VSID {self.vsid:06x}, Ks {self.ks}, Kp {self.kp}, N {self.n}")
        return (f"SR{self.number:<2} {self.value:08x}  {self.number:x}0000000 to "
                f"{self.number:x}fffffff  {what}")


@dataclass(frozen=True)
class Bat:
    """A pair of block address translation registers (PEM 7.4.3)."""

    #: "IBAT0" to "DBAT3".
    name: str
    #: Both registers as they are.
    upper: Word
    lower: Word
    #: The block: effective address, bytes, physical address.
    ea: Word
    size: Word
    pa: Word
    #: Valid in supervisor and user state.
    vs: int
    vp: int
    wimg: int
    pp: int

    @classmethod
    def of(cls, name: str, upper: int, lower: int) -> "Bat":
        """Decode both registers. Address bits under the block length mask count as zero."""
        mask = BatUpper.BL.get(upper) << 17
        return cls(name, upper, lower, upper & BatUpper.BEPI.mask & ~mask, mask + (1 << 17),
                   lower & BatLower.BRPN.mask & ~mask, BatUpper.VS.get(upper),
                   BatUpper.VP.get(upper), BatLower.WIMG.get(lower), BatLower.PP.get(lower))

    def covers(self, ea: int, user: bool) -> bool:
        """Whether the block is valid in this state and has the address in it (PEM 7.4.2)."""
        mask = BatUpper.BL.get(self.upper) << 17 | 0x1FFFF
        return bool(self.vp if user else self.vs) and not (ea ^ self.upper) & ~mask & 0xFFFFFFFF

    def place(self, ea: int) -> int:
        """Physical address of an effective address in the block."""
        mask = BatUpper.BL.get(self.upper) << 17 | 0x1FFFF
        return self.lower & BatLower.BRPN.mask | ea & mask

    def __str__(self) -> str:
        users = [name for name, bit in (("supervisor", self.vs), ("user", self.vp)) if bit]
        what = (f"{self.ea:08x} to {self.ea + self.size - 1:08x} -> {self.pa:08x}, "
                f"WIMG {self.wimg:04b}, PP {self.pp:02b}, {' and '.join(users)}"
                if users else "invalid")
        return f"{self.name} {self.upper:08x} {self.lower:08x}  {what}"


@dataclass(frozen=True)
class Pte:
    """A page table entry in memory (PEM 7.6.2.2)."""

    #: Physical address of the entry.
    address: Word
    #: Both words.
    high: Word
    low: Word
    v: int
    vsid: Vsid
    #: 1: the entry is in its secondary PTEG.
    h: int
    #: EA[4-9].
    api: Api
    #: Physical address of the page.
    pa: Word
    r: int
    c: int
    wimg: int
    pp: int

    @classmethod
    def of(cls, address: int, high: int, low: int) -> "Pte":
        """Decode both words."""
        return cls(address, high, low, PteHigh.V.get(high), PteHigh.VSID.get(high),
                   PteHigh.H.get(high), PteHigh.API.get(high), low & PteLow.RPN.mask,
                   PteLow.R.get(low), PteLow.C.get(low), PteLow.WIMG.get(low), PteLow.PP.get(low))

    @property
    def ea(self) -> int:
        """Effective address of the page within its segment: EA[4-19], as a multiple of 4096.

        The upper six bits of the page index are the API. The lower ten are those of the hash, which
        are in the address of the entry whatever the size of the table is, without the VSID
        (PEM 7.6.1.3).
        """
        hashed = (self.address >> 6 ^ (0x3FF if self.h else 0) ^ self.vsid) & 0x3FF
        return self.api << 22 | hashed << 12

    def __str__(self) -> str:
        text = f"{self.address:08x}: {self.high:08x} {self.low:08x}"
        if not self.v:
            return f"{text}  invalid"
        return (f"{text}  VSID {self.vsid:06x}, H {self.h}, API {self.api:02x} -> {self.pa:08x}, "
                f"WIMG {self.wimg:04b}, PP {self.pp:02b}, R {self.r}, C {self.c}")


@dataclass(frozen=True)
class TlbEntry:
    """A valid entry of a translation lookaside buffer (MPC750 UM 5.4.3)."""

    side: Side
    set: int
    way: int
    vsid: Vsid
    #: Effective address of the page within its segment: EA[4-19], as a multiple of 4096.
    ea: Offset
    pa: Word
    c: int
    wimg: int
    pp: int

    @classmethod
    def of(cls, side: Side, index: int, way: int, vsid: int, ea: int, low: int) -> "TlbEntry":
        """Decode an entry whose rights are those of the lower word of a PTE."""
        return cls(side, index, way, vsid, ea, low & PteLow.RPN.mask, PteLow.C.get(low),
                   PteLow.WIMG.get(low), PteLow.PP.get(low))

    def __str__(self) -> str:
        return (f"{'instruction' if self.side is Side.FETCH else 'data'} TLB set {self.set:2} way "
                f"{self.way}  VSID {self.vsid:06x}, EA ?{self.ea:07x} -> {self.pa:08x}, "
                f"WIMG {self.wimg:04b}, PP {self.pp:02b}, C {self.c}")


Row = TypeVar("Row", Segment, Bat, Pte, TlbEntry)


class Rows(list[Row], Generic[Row]):
    """A list of entries that is shown as a table, in a notebook too."""

    def __getitem__(self, key: Any) -> Any:
        chosen = super().__getitem__(key)
        return Rows(chosen) if isinstance(key, slice) else chosen

    def __repr__(self) -> str:
        return "\n".join(map(str, self)) or "no entries"

    def _repr_html_(self) -> str:
        if not self:
            return "<p>no entries</p>"
        columns = get_type_hints(type(self[0]), include_extras=True)
        head = "".join(f"<th>{name}</th>" for name in columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(_shown(name, kind, getattr(row, name)))}</td>"
                             for name, kind in columns.items()) + "</tr>" for row in self)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(name: str, kind: object, value: int | str | Side) -> str:
    if name in ("wimg", "pp"):
        return f"{value:0{4 if name == 'wimg' else 2}b}"
    if digits := get_args(kind)[1:]:
        return f"{value:0{digits[0]}x}"
    return value.name.lower() if isinstance(value, Side) else str(value)
