"""Looking inside a Linux boot: where the kernel is, what it has mapped, who calls what.

    python linux.py vmlinux board.dtb

The kernel is one for preset g3 (docs/linux.md). The first part of the boot runs in the functional
model, then the pipeline model continues.
"""

import sys

import pteg

if len(sys.argv) != 3:
    sys.exit("usage: linux.py VMLINUX DTB")
kernel, dtb = sys.argv[1:]

machine = pteg.Machine("g3", cpu="functional", rom="none")
machine.boot_linux(kernel, dtb)
stop = machine.run(until="Memory:", instructions=100_000_000)
print(machine.console.read().decode(errors="replace"))
print(f"stopped: {stop}, at {machine.symbols.describe(machine.cpu.pc)}")
print(machine.mmu.bats())
print(machine.mmu.walk(machine.cpu.pc, "fetch"))

machine.hand_over("pipeline")
with machine.profile() as profile:
    machine.run(cycles=200_000)
for row in profile.by_symbol().rows[:10]:
    print(f"{row['symbol']:24} {row['cycles']:8,} cycles, {row['data_miss']:8,} of data misses")
