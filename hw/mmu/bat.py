"""One array of four block address translation registers (PEM 7.4, MPC750 UM 5.3).

         0                14 15 18 19            29 30 31
    BATU | BEPI             | 0000 | BL             |Vs|Vp|
    BATL | BRPN             | 0...0          25 WIMG| 0|PP|

A block is 128 KB << n; BL is the mask of the low page-index bits (EA[4-14]) that are not compared
but go to the physical address. Two entries that match the same address are a programming error
(PEM 7.4.2): here the one with the lowest number is used. BAT registers are zero after reset.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.isa.registers import BatLower, BatUpper
from pteg.hw.mmu.interfaces import RegisterPort

__all__ = ["BatArray", "BatUpperWord", "BatLowerWord", "ENTRIES"]

#: Entries of one array.
ENTRIES = 4


class BatUpperWord(data.Struct):
    """Upper BAT register, least significant field first."""

    vp: 1
    vs: 1
    bl: 11
    _reserved: 4
    bepi: 15


class BatLowerWord(data.Struct):
    """Lower BAT register, least significant field first."""

    pp: 2
    _reserved: 1
    wimg: 4
    _reserved2: 10
    brpn: 15


class BatArray(wiring.Component):
    """IBAT0-3 or DBAT0-3.

    Parameters
    ----------
    first_spr : int
        SPR number of BAT0U: 528 for the instruction side, 536 for the data side.
    """

    #: Look up this effective address, with this MSR[PR].
    valid: In(1)
    ea: In(32)
    pr: In(1)
    #: An entry matches and is valid in this privilege state.
    hit: Out(1)
    #: Physical address, attributes and protection of the block; only with `hit`.
    pa: Out(32)
    wimg: Out(4)
    pp: Out(2)
    #: mtspr and mfspr of these eight registers.
    registers: In(RegisterPort())

    def __init__(self, first_spr):
        if first_spr % (2 * ENTRIES):
            raise ValueError(f"first_spr must be a multiple of {2 * ENTRIES}, not {first_spr!r}")
        self.first_spr = first_spr
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        upper = [Signal(BatUpperWord, name=f"upper{n}") for n in range(ENTRIES)]
        lower = [Signal(BatLowerWord, name=f"lower{n}") for n in range(ENTRIES)]

        # Bits of EA[0-14] that take part in the comparison: EA[0-3], and EA[4-14] where BL is 0.
        index = self.ea[17:]
        match = Signal(ENTRIES)
        with m.If(self.valid):
            m.d.comb += match.eq(Cat(
                Mux(self.pr, up.vp, up.vs)
                & (((index ^ up.bepi) & Cat(~up.bl, Const(0b1111, 4))) == 0)
                for up in upper))

        m.d.comb += self.hit.eq(match.any())
        with m.Switch(match):
            for n in range(ENTRIES):
                with m.Case("-" * (ENTRIES - 1 - n) + "1" + "0" * n):
                    block = lower[n].brpn | (index & upper[n].bl)
                    m.d.comb += [
                        self.pa.eq(Cat(self.ea[:17], block)),
                        self.wimg.eq(lower[n].wimg), self.pp.eq(lower[n].pp),
                    ]

        port = self.registers
        with m.If(~port.segment & (port.spr[3:] == self.first_spr >> 3)):
            with m.Switch(port.spr[:3]):
                for n in range(ENTRIES):
                    for half, register in enumerate((upper[n], lower[n])):
                        with m.Case(2 * n + half):
                            m.d.comb += port.rdata.eq(register)
            with m.If(port.write):
                with m.Switch(port.spr[:3]):
                    for n in range(ENTRIES):
                        with m.Case(2 * n):
                            m.d.sync += upper[n].eq(port.wdata & BatUpper.IMPLEMENTED)
                        with m.Case(2 * n + 1):
                            m.d.sync += lower[n].eq(port.wdata & BatLower.IMPLEMENTED)
        return m
