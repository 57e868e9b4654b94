"""Two machines that differ in one resource. Run it where lab.toml is: python probe.py"""

from pteg.labs.twins import RESOURCES, outcome, program_of


def main():
    """Execute one instruction: what happens, and does it depend on the time base?"""
    words = program_of("mfcr r3")
    for resource in (None, "TB"):
        done = outcome(words, resource)
        print(resource, done.vector.name, f"SRR1[10-15] = {done.cause:06b}",
              f"r3 = {done.registers.get('gpr', [0] * 32)[3]:08x}", sorted(done.resources))
    print(len(RESOURCES), "resources:", *RESOURCES)


if __name__ == "__main__":
    main()
