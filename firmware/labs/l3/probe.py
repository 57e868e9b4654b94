"""Your unknown machine. Run it where lab.toml is: python probe.py"""

from pteg.labs.l3 import Unknown

machine = Unknown.of("lab.toml")

# Which loads miss? The TLB is empty at first.
print(machine.loads([0x1000, 0x2000, 0x1000]))
