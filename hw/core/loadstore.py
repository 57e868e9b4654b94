"""Load/store unit (MPC750 UM 6.4.4; PEM 4.2.3, 4.3).

Two reservation stations feed it in order. An access is split where it crosses a double word; each
part is translated and put on the bus by itself. Loads from memory that is not guarded may go ahead
of older instructions; everything else, and every table search, waits until its instruction is the
oldest. Multiple and string instructions move one register after the other, straight from and to the
register file: a fault in the middle leaves the registers before it loaded. So do floating-point
loads and stores, which run alone too.

Without a data cache dcbst, dcbf and dcbi only translate; dcbz writes a burst of zeros if the cache
is enabled in HID0, and raises an alignment exception if not. There is no store queue yet: a store
is complete when the bus has taken it.
"""

import enum

from amaranth.hdl import C, Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.interfaces import MemoryPort
from pteg.hw.cache.interfaces import BlockPort
from pteg.hw.core.access import AccessDecoder, Moves, alignment_dsisr
from pteg.hw.core.decode import field
from pteg.hw.core.float_registers import double_to_single, single_to_double
from pteg.hw.core.interfaces import (
    GPR_RENAMES,
    NOBODY,
    Cause,
    DispatchToUnit,
    UnitToCompletion,
    UnitToRename,
)
from pteg.hw.core.rename import DirectPort
from pteg.hw.core.special import msr_bit
from pteg.hw.core.station import Station, StationToUnit
from pteg.hw.isa.exceptions import Dsisr
from pteg.hw.isa.instructions import Op
from pteg.hw.isa.registers import Hid0, Msr, Wimg
from pteg.hw.mmu.interfaces import AccessKind, InvalidatePort, TranslatePort, Translation

__all__ = ["LoadStoreUnit", "LoadStoreState"]


class LoadStoreState(enum.IntEnum):
    """ADDRESS: compute the effective address; TRANSLATE: look up the next part; ACCESS: on the bus;
    FAULT: reported, wait for the flush; DROP: flushed while on the bus, wait for its end."""

    ADDRESS = 0
    TRANSLATE = 1
    ACCESS = 2
    FAULT = 3
    DROP = 4


class LoadStoreUnit(wiring.Component):
    """LSU.

    Members
    -------
    dispatch : In(DispatchToUnit)
    values, ready : In
        Rename buffers.
    oldest : In
        Completion queue entry of the oldest instruction.
    flush : In(1)
    msr, hid0, ear, xer : In(32)
    translate : Out(TranslatePort)
    memory : Out(MemoryPort)
    invalidate : Out(InvalidatePort)
        tlbie.
    block : Out(BlockPort)
        icbi.
    direct : Out(DirectPort)
        The register file, for multiple and string instructions.
    float : Out(DirectPort(64))
        The floating-point registers.
    result, update : Out(UnitToRename)
        Loaded value; effective address of an update form.
    finish : Out(UnitToCompletion)
    dar, dsisr : Out(32)
        Of the access that failed.
    """

    dispatch: In(DispatchToUnit())
    values: In(32).array(GPR_RENAMES)
    ready: In(GPR_RENAMES)
    oldest: In(range(NOBODY + 1))
    flush: In(1)
    msr: In(32)
    hid0: In(32)
    ear: In(32)
    xer: In(32)
    translate: Out(TranslatePort())
    memory: Out(MemoryPort())
    invalidate: Out(InvalidatePort())
    block: Out(BlockPort())
    direct: Out(DirectPort())
    float: Out(DirectPort(64))
    result: Out(UnitToRename())
    update: Out(UnitToRename())
    finish: Out(UnitToCompletion())
    dar: Out(32)
    dsisr: Out(32)

    def elaborate(self, platform):
        m = Module()

        self._state = Signal(LoadStoreState, name="state")
        self._ea = Signal(32, name="ea")             # next byte
        self._first = Signal(32, name="first")       # the address that the instruction computed
        self._left = Signal(4, name="left")          # bytes of the current register to move
        self._more = Signal(8, name="more")          # bytes after the current register
        self._reg = Signal(5, name="reg")            # current register of a multiple or string
        self._bytes = Signal(4, name="bytes")        # bytes of the current register in all
        self._data = Signal(64, name="data")         # what is stored; what has been loaded
        self._reserved = Signal(name="reserved")
        self._reservation = Signal(27, name="reservation")

        # The next part: as much as is left of the register in this double word.
        room = Signal(4, name="room")
        self._part = Signal(4, name="part")          # bytes that it moves
        self._rest = Signal(4, name="rest")          # bytes of the register after it
        self._lanes = Signal(4, name="lanes")        # bytes of the double word behind it
        m.d.comb += [
            room.eq(8 - self._ea[:3]),
            self._part.eq(Mux(self._left > room, room, self._left)),
            self._rest.eq(self._left - self._part),
            self._lanes.eq(room - self._part),
        ]

        here = self._stations(m)
        here.head = Signal(name="at_head")
        m.submodules.access = decoder = AccessDecoder()
        here.access = access = decoder.access
        here.many = (access.moves == Moves.MULTIPLE) | (access.moves == Moves.STRING)
        m.d.comb += decoder.op.eq(here.op)
        m.d.comb += [
            here.head.eq((here.cq == self.oldest) & ~self.flush),
            self.finish.cq.eq(here.cq),
            self.finish.valid.eq(here.done),
            self.result.tag.eq(here.tag_d),
            self.update.tag.eq(here.tag_u),
            self.update.value.eq(self._first),
            self.float.reg.eq(field(here.insn, "frD")),
        ]

        with m.Switch(self._state):
            with m.Case(LoadStoreState.ADDRESS):
                with m.If(here.valid & (~here.serialize | here.head)):
                    self._address(m, here)
            with m.Case(LoadStoreState.TRANSLATE):
                self._translate(m, here)
            with m.Case(LoadStoreState.ACCESS):
                self._access(m, here)
            with m.Case(LoadStoreState.DROP):
                with m.If(self.memory.done):
                    m.d.sync += self._state.eq(LoadStoreState.ADDRESS)
        on_bus = (self._state == LoadStoreState.ACCESS) | (self._state == LoadStoreState.DROP)
        m.d.comb += self.memory.valid.eq(on_bus)
        with m.If(self.flush):
            m.d.sync += self._state.eq(Mux(on_bus & ~self.memory.done, LoadStoreState.DROP,
                                           LoadStoreState.ADDRESS))
        return m

    def _stations(self, m):
        """Two stations, filled and emptied in turn; the result is the older instruction."""
        fill = Signal(name="fill")
        take = Signal(name="take")
        stations = [Station(), Station()]
        here = StationToUnit().flip().create(path=("here",))
        for index, station in enumerate(stations):
            m.submodules[f"station{index}"] = station
            station.attach(m, self)
            for name in station.dispatch.signature.members:
                if name not in ("valid", "ready"):
                    m.d.comb += getattr(station.dispatch, name).eq(getattr(self.dispatch, name))
            with m.If(fill == index):
                m.d.comb += [station.dispatch.valid.eq(self.dispatch.valid),
                             self.dispatch.ready.eq(station.dispatch.ready)]
            with m.If(take == index):
                for name in here.signature.members:
                    if name != "done":
                        m.d.comb += getattr(here, name).eq(getattr(station.unit, name))
                m.d.comb += station.unit.done.eq(here.done)
        with m.If(self.dispatch.valid):
            m.d.sync += fill.eq(~fill)
        with m.If(here.done):
            m.d.sync += take.eq(~take)
        with m.If(self.flush):
            m.d.sync += [fill.eq(0), take.eq(0)]
        return here

    # First cycle: address, alignment, and what needs no access.

    def _address(self, m, here):
        ea = Signal(32, name="sum")
        length = Signal(8, name="length")  # bytes of a multiple or string
        first_length = Mux(length >= 4, 4, length)
        m.d.comb += [ea.eq(here.a + here.b), length.eq(here.access.size)]
        with m.Switch(here.op):
            with m.Case(Op.LMW, Op.STMW):
                m.d.comb += length.eq(Cat(0, 0, 32 - field(here.insn, "rD")))
            with m.Case(Op.LSWI, Op.STSWI):
                # NB = 0 means 32; the address is rA alone.
                count = field(here.insn, "NB")
                m.d.comb += [ea.eq(here.a), length.eq(Cat(count, count == 0))]
            with m.Case(Op.LSWX, Op.STSWX):
                m.d.comb += length.eq(self.xer[:7])
        m.d.sync += [
            self._ea.eq(ea),
            self._first.eq(ea),
            self._left.eq(Mux(here.many, first_length, here.access.size)),
            self._bytes.eq(Mux(here.many, first_length, here.access.size)),
            self._more.eq(Mux(here.many, length - first_length, 0)),
            self._reg.eq(field(here.insn, "rD")),
            self._data.eq(Mux(here.access.store, self._swap(here, here.c), 0)),
            self._state.eq(LoadStoreState.TRANSLATE),
        ]
        with m.If(here.op == Op.DCBZ):
            m.d.sync += self._ea[:5].eq(0)

        misaligned = Signal()
        m.d.comb += misaligned.eq(here.access.aligned & (ea[:2] != 0))
        with m.Switch(here.access.moves):
            with m.Case(Moves.NOTHING):
                self._done(m, here)
            with m.Case(Moves.STRING):
                with m.If(length == 0):
                    self._done(m, here)
            with m.Case(Moves.ZEROS):
                m.d.comb += misaligned.eq(~msr_bit(self.hid0, Hid0.DCE))
        with m.Switch(here.op):
            with m.Case(Op.TLBIE):
                m.d.comb += [self.invalidate.valid.eq(1), self.invalidate.ea.eq(here.b),
                             # What was fetched through the old translation is fetched again.
                             self.finish.refetch.eq(1)]
            with m.Case(Op.ECIWX, Op.ECOWX):
                with m.If(~self.ear[31]):
                    self._fault(m, here, Cause.DSI, self._dsisr(here, Dsisr.EXTERNAL_ACCESS), ea)
        with m.If(misaligned):
            self._fault(m, here, Cause.ALIGNMENT, alignment_dsisr(here.insn), ea)

    @staticmethod
    def _swap(here, value):
        """Byte-reversed if the instruction says so, by its size."""
        half = Cat(value[8:16], value[:8])
        word = Cat(value[24:32], value[16:24], value[8:16], value[:8])
        return Mux(here.access.reverse, Mux(here.access.size == 2, half, word), value)

    # The parts of an access.

    def _translate(self, m, here):
        port = self.translate
        m.d.comb += [
            port.valid.eq(1),
            port.ea.eq(self._ea),
            port.kind.eq(Mux(here.access.store, AccessKind.STORE,
                             Mux(here.access.moves == Moves.BLOCK, AccessKind.TOUCH,
                                 AccessKind.LOAD))),
            port.pr.eq(msr_bit(self.msr, Msr.PR)),
            port.relocate.eq(msr_bit(self.msr, Msr.DR)),
            port.search.eq(here.head),
        ]
        with m.Switch(port.result):
            with m.Case(Translation.OK):
                waits = (here.op == Op.ICBI) & ~self.block.done
                m.d.comb += [self.block.valid.eq(here.head & (here.op == Op.ICBI)),
                             self.block.pa.eq(port.pa)]
                with m.If((here.head | ~here.access.store & ~port.wimg[0]) & ~waits):
                    m.d.comb += port.used.eq(1)
                    self._permitted(m, here, port)
            with m.Case(Translation.MISS):
                pass
            for result, bits in ((Translation.PAGE_FAULT, Dsisr.PAGE_FAULT),
                                 (Translation.PROTECTION, Dsisr.PROTECTION),
                                 (Translation.DIRECT_STORE, Dsisr.DIRECT_STORE)):
                with m.Case(result):
                    m.d.comb += port.used.eq(1)
                    self._fault(m, here, Cause.DSI, self._dsisr(here, bits), self._ea)
            with m.Case(Translation.BUS_ERROR):
                self._fault(m, here, Cause.MACHINE_CHECK, 0, self._ea)

    def _permitted(self, m, here, port):
        """The translation is good: put it on the bus, unless there is nothing to move."""
        write_through = port.wimg[int(Wimg.W).bit_length() - 1]
        inhibited = port.wimg[int(Wimg.I).bit_length() - 1]
        memory = self.memory
        data = Signal(64, name="stored")
        m.d.comb += data.eq(self._data)
        with m.If(here.many & here.access.store & (self._left == self._bytes)):
            # A new register; a short last word of a string comes from its left.
            m.d.comb += [self.direct.reg.eq(self._reg),
                         data.eq(self.direct.rdata >> self._unused_bits())]
        is_float = here.access.moves == Moves.FLOAT
        with m.If(is_float & here.access.store & (self._left == self._bytes)):
            register = self.float.rdata
            m.d.comb += data.eq(Mux(here.access.single, double_to_single(m, register, "to_single"),
                                    register))
        m.d.sync += [
            self._state.eq(LoadStoreState.ACCESS),
            self._data.eq(data),
            memory.addr.eq(port.pa),
            memory.wimg.eq(port.wimg),
            memory.size.eq(self._part),
            memory.burst.eq(here.access.moves == Moves.ZEROS),
            memory.wdata.eq(Mux(here.access.moves == Moves.ZEROS, 0,
                                (data >> (self._rest << 3)) << (self._lanes << 3))),
            memory.type.eq(here.access.type),
        ]
        with m.Switch(here.access.moves):
            with m.Case(Moves.BLOCK):
                self._done(m, here)
            with m.Case(Moves.ZEROS):
                with m.If(write_through | inhibited):
                    self._fault(m, here, Cause.ALIGNMENT, alignment_dsisr(here.insn),
                                self._first)
        with m.If((here.op == Op.STWCX_DOT)
                  & ~(self._reserved & (self._reservation == port.pa[5:]))):
            m.d.comb += self.finish.flags.cr.eq(self.xer[31])
            m.d.sync += [self._reserved.eq(0), self._reservation.eq(0)]
            self._done(m, here)
        with m.If(here.access.exclusive & write_through):
            self._fault(m, here, Cause.DSI, self._dsisr(here, Dsisr.DIRECT_STORE), self._ea)

    def _access(self, m, here):
        memory = self.memory
        value = Signal(64, name="value")
        mask = (C(1, 64) << (self._part << 3)) - 1
        m.d.comb += value.eq((self._data << (self._part << 3))
                             | (memory.rdata >> (self._lanes << 3)) & mask)
        with m.If(memory.done & ~self.flush):
            with m.If(memory.error):
                self._fault(m, here, Cause.MACHINE_CHECK, 0, self._ea)
            with m.Else():
                m.d.sync += [self._ea.eq(self._ea + self._part), self._left.eq(self._rest),
                             self._state.eq(LoadStoreState.TRANSLATE)]
                with m.If(~here.access.store):
                    m.d.sync += self._data.eq(value)
                with m.If(self._rest == 0):
                    self._register_done(m, here, value)

    def _unused_bits(self):
        """Bits on the right that a string leaves of its last register."""
        return (4 - self._bytes)[:2] << 3

    def _register_done(self, m, here, value):
        """All bytes of a register have been moved: go on with the next one, or finish."""
        memory = self.memory
        with m.If(here.many & ~here.access.store):
            m.d.comb += [
                self.direct.write.eq(1),
                self.direct.reg.eq(self._reg),
                self.direct.wdata.eq(value << self._unused_bits()),
            ]
        with m.If(self._more != 0):
            m.d.sync += [
                self._reg.eq(self._reg + 1),
                self._data.eq(0),
                self._left.eq(Mux(self._more >= 4, 4, self._more)),
                self._bytes.eq(Mux(self._more >= 4, 4, self._more)),
                self._more.eq(Mux(self._more >= 4, self._more - 4, 0)),
            ]
        with m.Else():
            loaded = Signal(32, name="loaded")
            m.d.comb += [
                loaded.eq(self._swap(here, value[:32])),
                self.result.value.eq(Mux(here.access.algebraic, value[:16].as_signed(), loaded)),
                # stwcx. that has stored.
                self.finish.flags.cr.eq(Cat(self.xer[31], 1)),
            ]
            m.d.comb += self.float.wdata.eq(
                Mux(here.access.single, single_to_double(m, value[:32], "to_double"), value))
            with m.If((here.access.moves == Moves.FLOAT) & ~here.access.store):
                m.d.comb += self.float.write.eq(1)
            with m.If(here.op == Op.LWARX):
                m.d.sync += [self._reserved.eq(1), self._reservation.eq(memory.addr[5:])]
            with m.If(here.op == Op.STWCX_DOT):
                m.d.sync += [self._reserved.eq(0), self._reservation.eq(0)]
            self._done(m, here)

    # Ends.

    def _dsisr(self, here, bits):
        return int(bits) | Mux(here.access.store, int(Dsisr.STORE), 0)

    def _done(self, m, here):
        m.d.comb += [
            here.done.eq(1),
            self.result.valid.eq(here.write_d),
            self.update.valid.eq(here.write_u),
        ]
        m.d.sync += self._state.eq(LoadStoreState.ADDRESS)

    def _fault(self, m, here, cause, dsisr, dar):
        """Reports an exception; the unit waits for the flush that follows."""
        m.d.comb += [
            self.finish.valid.eq(1),
            self.finish.cause.eq(cause),
            here.done.eq(0), self.result.valid.eq(0), self.update.valid.eq(0),
        ]
        m.d.sync += [
            self._state.eq(LoadStoreState.FAULT),
            self.dsisr.eq(dsisr), self.dar.eq(dar),
        ]
