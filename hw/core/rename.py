"""A register file and its six rename buffers (MPC750 UM 6.3.3.1).

A buffer is allocated when an instruction is dispatched and freed when it is written back, both in
program order: the buffers are a ring. A map tells for each register which buffer holds its newest
value, if any. Multiple and string instructions run alone and use the register file directly.
"""

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pteg.hw.core.interfaces import UnitToRename, operand
from pteg.hw.sizes import GPR_RENAMES, WIDTH

__all__ = ["SourcePort", "AllocatePort", "CommitPort", "DirectPort", "Rename", "after"]


def after(tag, steps=1, ring=GPR_RENAMES):
    """The ring position `steps` after `tag`, an Amaranth value."""
    return Mux(tag >= ring - steps, tag - (ring - steps), tag + steps)


class SourcePort(wiring.Signature):
    """Reads one source register at dispatch, as an operand for a reservation station."""

    def __init__(self, width=32):
        super().__init__({"reg": Out(5), "operand": In(operand(width))})


class AllocatePort(wiring.Signature):
    """Takes a rename buffer for a destination, at the end of the cycle."""

    def __init__(self):
        super().__init__({
            "valid": Out(1),
            "reg": Out(5),
            #: The buffer that it gets.
            "tag": In(range(GPR_RENAMES)),
        })


class CommitPort(wiring.Signature):
    """Writes a rename buffer back to the register file and frees it."""

    def __init__(self):
        super().__init__({"valid": Out(1), "reg": Out(5), "tag": Out(range(GPR_RENAMES))})


class DirectPort(wiring.Signature):
    """The register file itself, for an instruction that runs alone (lmw, stmw, strings)."""

    def __init__(self):
        super().__init__({"reg": Out(5), "write": Out(1), "wdata": Out(32), "rdata": In(32)})


class Rename(wiring.Component):
    """General-purpose or floating-point registers: file, rename buffers and map.

    In a cycle, destinations are allocated and committed in program order: those of the older
    instruction first, of an update form rD and then rA. If several name the same register, the last
    is the newest.

    Parameters
    ----------
    name : str
        Of the register file.
    width : int
        Bits of a register.
    destinations : int
        How many registers an instruction may write.
    results : int
        Units that deliver results.
    direct : bool
        Instructions that run alone can read and write the registers themselves.
    """

    def __init__(self, name, *, width, destinations, results, direct=False):
        self.name, self.width, self.destinations = name, width, destinations
        self.has_direct = direct
        super().__init__({
            #: Operands A, B, C of the oldest instruction to dispatch, then of the next.
            "sources": In(SourcePort(width)).array(3 * WIDTH),
            #: Buffers that can be allocated in this cycle.
            "free": Out(range(GPR_RENAMES + 1)),
            #: rD of each, and rA.
            "allocate": In(AllocatePort()).array(destinations * WIDTH),
            "results": In(UnitToRename(width)).array(results),
            #: Value of each buffer, and whether it has one: stations with pending operands look
            #: here.
            "values": Out(width).array(GPR_RENAMES),
            "ready": Out(GPR_RENAMES),
            "commit": In(CommitPort()).array(destinations * WIDTH),
            **({"direct": In(DirectPort())} if direct else {}),
            #: Forget everything that was not committed before, or is in this cycle.
            "flush": In(1),
        })

    def elaborate(self, platform):
        m = Module()

        m.submodules[self.name] = registers = Memory(shape=self.width, depth=32, init=[])
        m.submodules.map = newest = Memory(shape=range(GPR_RENAMES), depth=32, init=[])
        renamed = Signal(32)              # registers whose newest value is in a buffer
        values = Array(Signal(self.width, name=f"value{i}") for i in range(GPR_RENAMES))
        ready = Signal(GPR_RENAMES)
        head = Signal(range(GPR_RENAMES))  # next buffer to allocate
        used = Signal(range(GPR_RENAMES + 1))

        m.d.comb += [
            self.free.eq(GPR_RENAMES - used),
            self.ready.eq(ready),
            *(port.eq(value) for port, value in zip(self.values, values, strict=True)),
        ]

        # Sources. What the older instruction of this cycle writes, the younger waits for.
        for number, source in enumerate(self.sources):
            file, where = registers.read_port(domain="comb"), newest.read_port(domain="comb")
            waiting = renamed.bit_select(source.reg, 1)
            have = ready.bit_select(where.data, 1)
            m.d.comb += [
                file.addr.eq(source.reg),
                where.addr.eq(source.reg),
                source.operand.tag.eq(where.data),
                source.operand.pending.eq(waiting & ~have),
                source.operand.value.eq(Mux(waiting, values[where.data], file.data)),
            ]
            for older in self.allocate[:number // 3 * self.destinations]:
                with m.If(older.valid & (older.reg == source.reg)):
                    m.d.comb += [source.operand.tag.eq(older.tag), source.operand.pending.eq(1)]

        # Results.
        for result in self.results:
            with m.If(result.valid):
                m.d.sync += [values[result.tag].eq(result.value),
                             ready.bit_select(result.tag, 1).eq(1)]

        # Write-back: the map forgets a register only if nothing newer has renamed it.
        released = Signal(32)
        for number, commit in enumerate(self.commit):
            where, write = newest.read_port(domain="comb"), registers.write_port()
            m.d.comb += [
                where.addr.eq(commit.reg),
                write.addr.eq(commit.reg),
                write.data.eq(values[commit.tag]),
                write.en.eq(commit.valid),
            ]
            with m.If(commit.valid & (where.data == commit.tag)):
                m.d.comb += released.bit_select(commit.reg, 1).eq(1)
            for newer in self.commit[number + 1:]:
                with m.If(newer.valid & (newer.reg == commit.reg)):
                    m.d.comb += write.en.eq(0)
            if number == 1 and self.has_direct:
                with m.If(self.direct.write):
                    m.d.comb += [write.en.eq(1), write.addr.eq(self.direct.reg),
                                 write.data.eq(self.direct.wdata)]

        if self.has_direct:
            read = registers.read_port(domain="comb")
            m.d.comb += [read.addr.eq(self.direct.reg), self.direct.rdata.eq(read.data)]

        # Allocation.
        taken = Signal(32)
        tag = head
        for number, port in enumerate(self.allocate):
            write = newest.write_port()
            m.d.comb += [port.tag.eq(tag), write.addr.eq(port.reg), write.data.eq(port.tag),
                         write.en.eq(port.valid)]
            for newer in self.allocate[number + 1:]:
                with m.If(newer.valid & (newer.reg == port.reg)):
                    m.d.comb += write.en.eq(0)
            with m.If(port.valid):
                m.d.comb += taken.bit_select(port.reg, 1).eq(1)
                m.d.sync += ready.bit_select(port.tag, 1).eq(0)
            tag = Mux(port.valid, after(port.tag), port.tag)

        allocated, committed = (sum(port.valid for port in ports)
                                for ports in (self.allocate, self.commit))
        with m.If((allocated != 0) | (committed != 0)):
            m.d.sync += [
                head.eq(tag),
                renamed.eq(renamed & ~released | taken),
                used.eq(used + allocated - committed),
            ]
        with m.If(self.flush):
            m.d.sync += [renamed.eq(0), used.eq(0)]
        return m
