"""A replacement policy of our own for the TLBs, in the whole machine.

Three pages share a set of two entries and are used in turn. LRU, the policy of the 750, always
replaces the page that is needed next, so every access misses. A policy that replaces the entry
that was used last keeps the other one.
"""

import struct

from amaranth.hdl import Module, Mux, Signal

import pteg
from pteg.components.dram import Dram
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Msr
from pteg.hw.mmu.mmu import Mmu
from pteg.hw.mmu.replacement import Lru, Replacement, one_bit
from pteg.platform import Platform


class MostRecent(Replacement):
    """Replaces the way that was used last, in a TLB of two ways; but fills an empty one first."""

    def elaborate(self, platform):
        m = Module()
        # Words with a bit for each set.
        last = Signal(self.sets)                # the way that was used last
        filled = [Signal(self.sets, name=f"filled{way}") for way in range(2)]
        one = one_bit(self.used_index, self.sets)
        first_filled, second_filled = (word.bit_select(self.index, 1) for word in filled)
        m.d.comb += self.victim.eq(Mux(first_filled & second_filled,
                                       last.bit_select(self.index, 1), first_filled))
        with m.If(self.used):
            m.d.sync += last.eq(Mux(self.used_way, last | one, last & ~one))
            with m.If(self.used_way):
                m.d.sync += filled[1].eq(filled[1] | one)
            with m.Else():
                m.d.sync += filled[0].eq(filled[0] | one)
        return m


def own_mmu(parameters):
    """The processor's MMU; `pteg.Machine` compiles what this returns."""
    return Mmu(parameters.tlb_sets, parameters.tlb_ways, MostRecent)


def usual_mmu(parameters):
    return Mmu(parameters.tlb_sets, parameters.tlb_ways, Lru)


PROGRAM = """
_start: li      r5,100
        mtctr   r5
1:      lwz     r6,0(r7)        # three pages that are 64 pages apart: the same set
        lwz     r6,0(r8)
        lwz     r6,0(r9)
        bdnz    1b
done:   b       done
"""
TABLE, PAGES = 0x1_0000, (0x4_0000, 0x8_0000, 0xC_0000)


def misses(mmu):
    """TLB misses of the 300 loads."""
    machine = pteg.Machine(Platform([Dram(size=1 << 20)], mmu=mmu))
    machine.cpu.pc = machine.load(assemble(PROGRAM, sections={".text": 0x1000}).elf())
    machine.cpu.spr["SDR1"] = TABLE
    for register, page in zip((7, 8, 9), PAGES, strict=True):
        machine.cpu.gpr[register] = page
        group = machine.mmu.groups(page)[0][0].address
        machine.memory.write(group, struct.pack(">II", 1 << 31 | page >> 22, page | 0x192))
    machine.cpu.msr = int(Msr.DR)
    machine.run(until=machine.symbols.address("done"), cycles=200_000)
    return machine.stats()["mmu"]["data"]["tlb_misses"]


if __name__ == "__main__":
    print("least recently used:", misses(usual_mmu), "misses of 300 loads")
    print("most recently used: ", misses(own_mmu), "misses of 300 loads")
