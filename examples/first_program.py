"""The first program: assemble it, run it, look at the registers."""

import pteg
from pteg.firmware.asm import assemble

PROGRAM = """
_start: li      r3,0            # the sum
        li      r4,10
1:      add     r3,r3,r4
        addic.  r4,r4,-1
        bne     1b
done:   b       done
"""

machine = pteg.Machine("g3", rom="none")
machine.cpu.pc = machine.load(assemble(PROGRAM, sections={".text": 0x1000}).elf())
machine.cpu.msr = 0                             # real mode, exception vectors at 0

stop = machine.run(until=machine.symbols.address("done"), cycles=10_000)
print(f"stopped: {stop}, r3 = {machine.cpu.gpr[3]}")
print(f"{machine.instructions} instructions in {machine.cycle} cycles")
