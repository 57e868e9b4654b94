"""General-purpose registers and their six rename buffers (MPC750 UM 6.3.3.1).

A buffer is allocated when an instruction is dispatched and freed when it is written back, both in
program order: the buffers are a ring. A map tells for each register which buffer holds its newest
value, if any. Multiple and string instructions run alone and use the register file directly.
"""

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pteg.hw.core.interfaces import GPR_RENAMES, Operand, UnitToRename

__all__ = ["SourcePort", "AllocatePort", "CommitPort", "DirectPort", "Rename", "after"]


def after(tag, steps=1, ring=GPR_RENAMES):
    """The ring position `steps` after `tag`, an Amaranth value."""
    return Mux(tag >= ring - steps, tag - (ring - steps), tag + steps)


class SourcePort(wiring.Signature):
    """Reads one source register at dispatch, as an operand for a reservation station.

    Members
    -------
    reg : Out(5)
    operand : In(Operand)
    """

    def __init__(self):
        super().__init__({"reg": Out(5), "operand": In(Operand)})


class AllocatePort(wiring.Signature):
    """Takes a rename buffer for a destination, at the end of the cycle.

    Members
    -------
    valid : Out(1)
    reg : Out(5)
    tag : In
        The buffer that it gets.
    """

    def __init__(self):
        super().__init__({"valid": Out(1), "reg": Out(5), "tag": In(range(GPR_RENAMES))})


class CommitPort(wiring.Signature):
    """Writes a rename buffer back to the register file and frees it.

    Members
    -------
    valid : Out(1)
    reg : Out(5)
    tag : Out
    """

    def __init__(self):
        super().__init__({"valid": Out(1), "reg": Out(5), "tag": Out(range(GPR_RENAMES))})


class DirectPort(wiring.Signature):
    """The register file itself, for an instruction that runs alone (lmw, stmw, strings).

    Members
    -------
    reg : Out(5)
    write : Out(1)
    wdata : Out(32)
    rdata : In(32)
    """

    def __init__(self):
        super().__init__({"reg": Out(5), "write": Out(1), "wdata": Out(32), "rdata": In(32)})


class Rename(wiring.Component):
    """Register file, rename buffers and map.

    Two destinations are allocated and committed together, in the order d, u (an update form's rA);
    if both name the same register, u is the newer.

    Members
    -------
    a, b, c : In(SourcePort)
    free : Out
        Buffers that can be allocated in this cycle.
    allocate_d, allocate_u : In(AllocatePort)
    results : In(UnitToRename) x `results`
    values, ready : Out
        Value of each buffer, and whether it has one: stations with pending operands look here.
    commit_d, commit_u : In(CommitPort)
    direct : In(DirectPort)
    flush : In(1)
        Forget everything that was not committed before, or is in this cycle.
    """

    def __init__(self, results):
        super().__init__({
            "a": In(SourcePort()), "b": In(SourcePort()), "c": In(SourcePort()),
            "free": Out(range(GPR_RENAMES + 1)),
            "allocate_d": In(AllocatePort()), "allocate_u": In(AllocatePort()),
            "results": In(UnitToRename()).array(results),
            "values": Out(32).array(GPR_RENAMES),
            "ready": Out(GPR_RENAMES),
            "commit_d": In(CommitPort()), "commit_u": In(CommitPort()),
            "direct": In(DirectPort()),
            "flush": In(1),
        })

    def elaborate(self, platform):
        m = Module()

        m.submodules.gpr = gpr = Memory(shape=32, depth=32, init=[])
        m.submodules.map = newest = Memory(shape=range(GPR_RENAMES), depth=32, init=[])
        renamed = Signal(32)              # registers whose newest value is in a buffer
        values = Array(Signal(32, name=f"value{i}") for i in range(GPR_RENAMES))
        ready = Signal(GPR_RENAMES)
        head = Signal(range(GPR_RENAMES))  # next buffer to allocate
        used = Signal(range(GPR_RENAMES + 1))

        m.d.comb += [
            self.free.eq(GPR_RENAMES - used),
            self.ready.eq(ready),
            *(port.eq(value) for port, value in zip(self.values, values, strict=True)),
        ]

        # Sources.
        for source in (self.a, self.b, self.c):
            file, where = gpr.read_port(domain="comb"), newest.read_port(domain="comb")
            waiting = renamed.bit_select(source.reg, 1)
            have = ready.bit_select(where.data, 1)
            m.d.comb += [
                file.addr.eq(source.reg),
                where.addr.eq(source.reg),
                source.operand.tag.eq(where.data),
                source.operand.pending.eq(waiting & ~have),
                source.operand.value.eq(Mux(waiting, values[where.data], file.data)),
            ]

        # Results.
        for result in self.results:
            with m.If(result.valid):
                m.d.sync += [values[result.tag].eq(result.value),
                             ready.bit_select(result.tag, 1).eq(1)]

        # Write-back: the map forgets a register only if nothing newer has renamed it.
        released = Signal(32)
        for commit in (self.commit_d, self.commit_u):
            where, write = newest.read_port(domain="comb"), gpr.write_port()
            m.d.comb += [
                where.addr.eq(commit.reg),
                write.addr.eq(commit.reg),
                write.data.eq(values[commit.tag]),
                write.en.eq(commit.valid),
            ]
            with m.If(commit.valid & (where.data == commit.tag)):
                m.d.comb += released.bit_select(commit.reg, 1).eq(1)
            if commit is self.commit_d:
                # The update of rA wins over the load of rD (invalid form rA = rD).
                with m.If(self.commit_u.valid & (self.commit_u.reg == commit.reg)):
                    m.d.comb += write.en.eq(0)
            else:
                with m.If(self.direct.write):
                    m.d.comb += [write.en.eq(1), write.addr.eq(self.direct.reg),
                                 write.data.eq(self.direct.wdata)]

        read = gpr.read_port(domain="comb")
        m.d.comb += [read.addr.eq(self.direct.reg), self.direct.rdata.eq(read.data)]

        # Allocation.
        taken = Signal(32)
        for port, tag in ((self.allocate_d, head),
                          (self.allocate_u, Mux(self.allocate_d.valid, after(head), head))):
            write = newest.write_port()
            m.d.comb += [port.tag.eq(tag), write.addr.eq(port.reg), write.data.eq(port.tag),
                         write.en.eq(port.valid)]
            if port is self.allocate_d:
                with m.If(self.allocate_u.valid & (self.allocate_u.reg == port.reg)):
                    m.d.comb += write.en.eq(0)
            with m.If(port.valid):
                m.d.comb += taken.bit_select(port.reg, 1).eq(1)
                m.d.sync += ready.bit_select(port.tag, 1).eq(0)

        allocated = self.allocate_d.valid + self.allocate_u.valid
        with m.If(allocated != 0):
            m.d.sync += head.eq(Mux(allocated == 2, after(head, 2), after(head)))
        m.d.sync += [
            renamed.eq(renamed & ~released | taken),
            used.eq(used + allocated - (self.commit_d.valid + self.commit_u.valid)),
        ]
        with m.If(self.flush):
            m.d.sync += [renamed.eq(0), used.eq(0)]
        return m
