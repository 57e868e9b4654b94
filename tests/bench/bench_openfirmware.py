"""Open Firmware: instructions and cycles from reset to the prompt, and of what is done there."""

import pteg

MODELS = ("functional", "pipeline")


def counts(machine, until, typed=b""):
    """Instructions and cycles until a text is printed."""
    before = machine.instructions, machine.cycle
    machine.console.write(typed)
    stop = machine.run(until=until, instructions=300_000_000)
    assert stop == "console", stop
    return machine.instructions - before[0], machine.cycle - before[1]


def main():
    print(f"{'':49}{'instructions':>12}{'cycles':>12}")
    for preset in ("g3", "mac99"):
        for cpu in MODELS:
            machine = pteg.Machine(preset, cpu=cpu, rom="openfirmware")
            rows = {"reset to prompt": counts(machine, "0 > ")}
            rows["a typed character"] = counts(machine, "x", b"x")
            counts(machine, "0 > ", b"\r")
            rows["2 3 + ."] = counts(machine, "0 > ", b"2 3 + .\r")
            empty = counts(machine, "0 > ", b"       \r")
            rows["a word looked up and executed"] = tuple(
                full - bare for full, bare in zip(counts(machine, "0 > ", b"noop   \r"), empty,
                                                  strict=True))
            for name, (instructions, cycles) in rows.items():
                shown = f"{cycles:,}" if cpu == "pipeline" else ""
                print(f"{preset:6}{cpu:11}{name:32}{instructions:>12,}{shown:>12}")


if __name__ == "__main__":
    main()
