"""A page table made by hand: a load, a store and a page fault, told by the ledger.

Page 0x40000000 is mapped to 0x200000, the page after it is not. The load finds no TLB entry, so the
walker searches the hash table and sets R. The store needs C, which the entry does not have: another
search sets it. The last load finds no PTE at all.
"""

import struct

import pteg
from pteg import ledger
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Msr

PROGRAM = """
_start: lis     r4,0x4000
        lwz     r5,0(r4)
        stw     r5,4(r4)
        lwz     r6,0x1000(r4)
"""
TABLE, PAGE, FRAME, VSID = 0x10_0000, 0x4000_0000, 0x20_0000, 0x123

machine = pteg.Machine("g3", rom="none")
machine.cpu.pc = machine.load(assemble(PROGRAM, sections={".text": 0x1000}).elf())
machine.cpu.sr[PAGE >> 28] = VSID
machine.cpu.spr["SDR1"] = TABLE                 # 64 KB at 1 MB
machine.memory.write(TABLE, bytes(0x1_0000))
machine.memory.write(FRAME, struct.pack(">I", 42))

# The PTE: V, VSID and the upper bits of the page index; then the frame, M and PP = 2 (writable).
group = machine.mmu.groups(PAGE)[0][0].address
machine.memory.write(group, struct.pack(">II", 1 << 31 | VSID << 7 | PAGE >> 22 & 0x3F,
                                        FRAME | 0x12))
machine.cpu.msr = int(Msr.DR)                   # translate data, not instructions
print(machine.mmu.walk(PAGE))

with machine.ledger("page-fault.jsonl"):
    stop = machine.run(until=0x300, cycles=10_000)

print(f"\nstopped: {stop}, r5 = {machine.cpu.gpr[5]}, DAR = {machine.cpu.spr['DAR']:#x}")
for record in ledger.read("page-fault.jsonl"):
    print(ledger.describe(record, machine.symbols))
