"""Both models of one machine: the same results, with and without time."""

import time

import pteg

for cpu in ("functional", "pipeline"):
    machine = pteg.Machine("g3", cpu=cpu, rom="first")
    machine.model.prepare()                     # compile first, then look at the clock
    begin = time.perf_counter()
    machine.run(until="processor", cycles=2_000_000)
    stats, seconds = machine.stats(), time.perf_counter() - begin
    text = machine.console.read().decode().strip().splitlines()[0]
    print(f"{cpu:10} {text!r}, {stats['instructions']:,} instructions, "
          f"cycles an instruction: {stats['cycles_per_instruction']}, "
          f"{stats['instructions'] / seconds:,.0f} instructions a second")
