"""Your unknown machine. Run it where lab.toml is: python probe.py"""

from pteg.labs.l3 import Unknown, cycles


def main():
    """Ask the machine: which loads miss? The TLB is empty at first."""
    machine = Unknown.of("lab.toml")
    print(machine.loads([0x1000, 0x2000, 0x1000]))
    # A 750, whose TLB you know: how many cycles do such loads take?
    print(cycles([0x1000, 0x2000, 0x1000]))


if __name__ == "__main__":
    main()
