"""A register file and its rename buffers, six on the 750 (MPC750 UM 6.3.3.1).

A buffer is allocated when an instruction is dispatched and freed when it is written back, both in
program order: the buffers are a ring. A map tells for each register which buffer holds its newest
value, if any; it has two rows for a register, so that the row of a wrong prediction can be
forgotten. Multiple and string instructions run alone and use the register file directly.
"""

from amaranth.hdl import Array, Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pteg.hw.core.interfaces import UnitToRename, operand
from pteg.hw.sizes import RENAMES_MOST, WIDTH

__all__ = ["SourcePort", "AllocatePort", "CommitPort", "DirectPort", "Rename", "after"]


def after(tag, steps, ring):
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
            #: Its instruction follows an unresolved prediction.
            "speculative": Out(1),
            #: The buffer that it gets.
            "tag": In(range(RENAMES_MOST)),
        })


class CommitPort(wiring.Signature):
    """Writes a rename buffer back to the register file and frees it."""

    def __init__(self):
        super().__init__({"valid": Out(1), "reg": Out(5), "tag": Out(range(RENAMES_MOST))})


class DirectPort(wiring.Signature):
    """The register file itself, for an instruction that runs alone (lmw, stmw, strings)."""

    def __init__(self):
        super().__init__({"reg": Out(5), "write": Out(1), "wdata": Out(32), "rdata": In(32)})


class Rename(wiring.Component):
    """General-purpose or floating-point registers: file, rename buffers and map.

    In a cycle, destinations are allocated and committed in program order: those of the older
    instruction first, of an update form rD and then rA. If several name the same register, the last
    is the newest. A result may be committed in the cycle in which it comes.

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
    renames : int
        Rename buffers, at least as many as an instruction may write.
    direct : bool
        Instructions that run alone can read and write the registers themselves.
    """

    def __init__(self, name, *, width, destinations, results, renames=6, direct=False):
        self.name, self.width, self.destinations = name, width, destinations
        self.renames = renames
        self.has_direct = direct
        super().__init__({
            #: Operands A, B, C of the oldest instruction to dispatch, then of the next.
            "sources": In(SourcePort(width)).array(3 * WIDTH),
            #: Buffers that can be allocated in this cycle.
            "free": Out(range(RENAMES_MOST + 1)),
            #: rD of each, and rA.
            "allocate": In(AllocatePort()).array(destinations * WIDTH),
            "results": In(UnitToRename(width)).array(results),
            #: Value of each buffer, and whether it has one: stations with pending operands look
            #: here.
            "values": Out(width).array(renames),
            "ready": Out(renames),
            "commit": In(CommitPort()).array(destinations * WIDTH),
            **({"direct": In(DirectPort())} if direct else {}),
            #: The oldest prediction was right: what follows it is as good as the rest. It was
            #: wrong: forget that.
            "accept": In(1), "wrong": In(1),
            #: Forget everything that was not committed before, or is in this cycle.
            "flush": In(1),
        })

    def elaborate(self, platform):
        m = Module()

        m.submodules[self.name] = registers = Memory(shape=self.width, depth=32, init=[])
        # The map. Row `side` of a register is for all instructions in flight, the other row for
        # those that follow an unresolved prediction.
        m.submodules.map = newest = Memory(shape=range(RENAMES_MOST), depth=64, init=[])
        side = Signal(32)
        renamed = Signal(32)              # registers whose newest value is in a buffer
        guessed = Signal(32)              # those for which the other row is newer
        values = Array(Signal(self.width, name=f"value{i}") for i in range(self.renames))
        ready = Signal(self.renames)
        head = Signal(range(RENAMES_MOST))  # next buffer to allocate
        used = Signal(range(RENAMES_MOST + 1))
        doubtful = Signal(range(RENAMES_MOST + 1))    # of them, allocated after the prediction

        m.d.comb += [
            self.free.eq(self.renames - used),
            self.ready.eq(ready),
            *(port.eq(value) for port, value in zip(self.values, values, strict=True)),
        ]
        self._read_sources(m, registers, newest, side ^ guessed, renamed | guessed, values, ready)

        # Results.
        for result in self.results:
            with m.If(result.valid):
                m.d.sync += [values[result.tag].eq(result.value),
                             ready.bit_select(result.tag, 1).eq(1)]

        # Write-back, and allocation of new buffers.
        released = self._write_back(m, registers, newest, side, values)
        settled = Signal(32)    # `side`, after this cycle's resolution
        m.d.comb += settled.eq(Mux(self.accept, side ^ guessed, side))
        taken, guesses, tag = self._allocate(m, newest, settled, ready, head)

        allocated, committed = (sum(port.valid for port in ports)
                                for ports in (self.allocate, self.commit))
        unsure = sum(port.valid & port.speculative for port in self.allocate)
        with m.If((allocated != 0) | (committed != 0)):
            m.d.sync += [
                head.eq(tag),
                renamed.eq(renamed & ~released | taken), guessed.eq(guessed | guesses),
                used.eq(used + allocated - committed), doubtful.eq(doubtful + unsure),
            ]
        with m.If(self.accept):
            m.d.sync += [side.eq(settled), renamed.eq(renamed & ~released | guessed | taken),
                         guessed.eq(guesses), doubtful.eq(unsure)]
        with m.If(self.wrong & (doubtful != 0)):
            # None has been allocated in this cycle.
            m.d.sync += [
                guessed.eq(0), doubtful.eq(0), used.eq(used - doubtful - committed),
                head.eq(Mux(head >= doubtful, head - doubtful, head + self.renames - doubtful)),
            ]
        with m.If(self.flush):
            m.d.sync += [renamed.eq(0), guessed.eq(0), used.eq(0), doubtful.eq(0)]
        return m

    def _read_sources(self, m, registers, newest, row, renamed, values, ready):
        """What the older instruction of this cycle writes, the younger waits for."""
        for number, source in enumerate(self.sources):
            file = registers.read_port(domain="comb")
            where = newest.read_port(domain="comb")
            waiting = renamed.bit_select(source.reg, 1)
            have = ready.bit_select(where.data, 1)
            m.d.comb += [
                file.addr.eq(source.reg),
                where.addr.eq(Cat(row.bit_select(source.reg, 1), source.reg)),
                source.operand.tag.eq(where.data),
                source.operand.pending.eq(waiting & ~have),
                source.operand.value.eq(Mux(waiting, values[where.data], file.data)),
            ]
            for older in self.allocate[:number // 3 * self.destinations]:
                with m.If(older.valid & (older.reg == source.reg)):
                    m.d.comb += [source.operand.tag.eq(older.tag), source.operand.pending.eq(1)]

    def _write_back(self, m, registers, newest, side, values):
        """Write registers; returns those that no buffer is newer than."""
        released = Signal(32)
        for number, commit in enumerate(self.commit):
            where = newest.read_port(domain="comb")
            write = registers.write_port()
            m.d.comb += [
                where.addr.eq(Cat(side.bit_select(commit.reg, 1), commit.reg)),
                write.addr.eq(commit.reg),
                write.data.eq(values[commit.tag]),
                write.en.eq(commit.valid),
            ]
            for result in self.results:
                with m.If(result.valid & (result.tag == commit.tag)):
                    m.d.comb += write.data.eq(result.value)
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
        return released

    def _allocate(self, m, newest, side, ready, head):
        """Returns the registers that get buffers, those that get them after an unresolved
        prediction, and the next buffer."""
        taken = Signal(32)
        guesses = Signal(32)
        tag = head
        for number, port in enumerate(self.allocate):
            write = newest.write_port()
            m.d.comb += [
                port.tag.eq(tag), write.data.eq(port.tag), write.en.eq(port.valid),
                write.addr.eq(Cat(side.bit_select(port.reg, 1) ^ port.speculative, port.reg)),
            ]
            for newer in self.allocate[number + 1:]:
                with m.If(newer.valid & (newer.reg == port.reg)
                          & (newer.speculative == port.speculative)):
                    m.d.comb += write.en.eq(0)
            with m.If(port.valid):
                with m.If(port.speculative):
                    m.d.comb += guesses.bit_select(port.reg, 1).eq(1)
                with m.Else():
                    m.d.comb += taken.bit_select(port.reg, 1).eq(1)
                m.d.sync += ready.bit_select(port.tag, 1).eq(0)
            tag = Mux(port.valid, after(port.tag, 1, self.renames), port.tag)
        return taken, guesses, tag
