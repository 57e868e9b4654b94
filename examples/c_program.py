"""A C program: compiled with `zig cc`, run, and its variables read by name.

It needs a compiler: `pip install 'pteg[cc]'`, or Debian's gcc-powerpc-linux-gnu.
"""

from pathlib import Path

import pteg
from pteg.firmware.cbuild import build
from pteg.firmware.cdata import Data

FOLDER = Path(__file__).with_name("c_program")

program = build([FOLDER / "start.S", FOLDER / "sieve.c"], FOLDER / "link.ld")
machine = pteg.Machine("g3", rom="none")
machine.cpu.pc = machine.load(program)
machine.cpu.msr = 0
with machine.profile() as profile:
    stop = machine.run(until=machine.symbols.address("finished"), cycles=2_000_000)

variables = Data(program, machine.memory.read)
print(f"stopped: {stop}, {variables.primes} primes below 1000, {machine.cycle:,} cycles")
print(*(f"{row['symbol']}: {row['cycles']:,} cycles" for row in profile.by_symbol()), sep="\n")
