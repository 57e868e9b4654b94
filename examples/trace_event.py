"""A waveform of one event: the first table search that sets C, with what led to it.

The machine runs the small ROM. Nothing is recorded until the walker is in the state UPDATE_C; the
file then has 40 cycles before and 20 after. `gtkwave update-c.gtkw` opens it.
"""

import pteg

machine = pteg.Machine("g3", rom="first")
machine.hand_over("functional")                 # to the first line of text, without timing
machine.run(until="translation", instructions=5_000_000)
machine.hand_over("pipeline")

with machine.trace("update-c.vcd", ["core.completion.*", "core.lsu.*", "mmu.walker.*"],
                   trigger="mmu.walker.state == UPDATE_C", before=40, after=20) as trace:
    while not trace.triggered and machine.cycle < 10_000_000:
        machine.run(cycles=20)
    place = machine.symbols.describe(machine.cpu.pc)
    machine.run(cycles=20)      # what is recorded after it

print(f"triggered in cycle {trace.triggered[0]}, at {place}")
