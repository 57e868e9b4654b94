"""Measures what docs/real-machines.md compares: `python docs/real_machines.py`.

Each program is the one that was run there, without the operating system around it.
"""

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0

CODE, STOP = 0x1000, 0x800
MMCR0_CYCLES = 1 << 6       # PMC1 counts cycles

#: The delay loop that Linux 2.4 and 2.6.8 count. r3: how often; then its cycles.
DELAY = """
_start: mfspr   r10,953
        mtctr   r3
1:      bdnz    1b
        mfspr   r11,953
        subf    r3,r10,r11
        blr
"""

#: Cycles of r3 ticks of the time base.
TICKS = """
_start: mftb    r4
1:      mftb    r5
        cmpw    r4,r5
        beq     1b
        mfspr   r10,953
        add     r4,r5,r3
2:      mftb    r5
        cmpw    r4,r5
        bne     2b
        mfspr   r11,953
        subf    r3,r10,r11
        blr
"""


def run(source, argument, **parameters):
    """Run a program on a machine with caches on; returns its r3."""
    machine = pteg.Machine("g3", rom="none", **parameters)
    machine.load(assemble(source, sections={".text": CODE}).elf())
    machine.cpu.spr["MMCR0"] = MMCR0_CYCLES
    with machine.cpu.changed() as state:
        state["gpr"][0, 3] = argument
        state["pc"], state["lr"], state["msr"] = CODE, STOP, 0
        state["hid0"] = Hid0.ICE | Hid0.DCE | Hid0.BTIC | Hid0.BHT
    assert machine.run(until=STOP, cycles=10_000_000) == "address"
    return machine.cpu.gpr[3]


def delay(**parameters):
    """Cycles of a round of Linux's delay loop."""
    rounds = 10_000
    return run(DELAY, rounds, **parameters) / rounds


def tick(**parameters):
    """Core cycles of a tick of the time base."""
    ticks = 1000
    return run(TICKS, ticks, **parameters) / ticks


def main():
    print(f"delay loop: {delay():.3f} cycles a round")
    for ratio in ("4:1", "6:1"):
        print(f"time base at {ratio}: {tick(ratio=ratio):.2f} cycles a tick")


if __name__ == "__main__":
    main()
