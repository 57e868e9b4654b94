"""Open Firmware: instructions and cycles from reset to the prompt, and of what is done there."""

import subprocess
import tempfile
from pathlib import Path

import pteg

#: Bytes of the loader that is read from a disk.
LOADER = 200_000
MODELS = ("functional", "pipeline")


def counts(machine, until, typed=b""):
    """Instructions and cycles until a text is printed."""
    before = machine.instructions, machine.cycle
    machine.console.write(typed)
    stop = machine.run(until=until, instructions=300_000_000)
    assert stop == "console", stop
    return machine.instructions - before[0], machine.cycle - before[1]


def loader_disk(folder):
    """A disk with an ext2 file system, which a tool of others has made, and a loader in it."""
    tree, disk = Path(folder, "tree"), Path(folder, "disk")
    tree.mkdir()
    (tree / "loader").write_bytes(bytes(LOADER))
    subprocess.run(["/sbin/mke2fs", "-q", "-t", "ext2", "-b", "1024", "-d", tree, disk, "4096k"],
                   check=True, capture_output=True)
    return disk


def disk_rows(machine):
    """Opening a file on a disk, and loading it."""
    counts(machine, "0 > ", b"0 value loader\r")
    return {"a file on a disk opened": counts(
                machine, "0 > ", b'" hd:,\\loader" open-dev to loader\r'),
            f"{LOADER:,} bytes loaded from it": counts(
                machine, f"{LOADER:x}  ok", b'400000 " load" loader $call-method .\r')}


def main():
    with tempfile.TemporaryDirectory() as folder:
        measure(loader_disk(folder))


def measure(disk):
    print(f"{'':49}{'instructions':>12}{'cycles':>12}")
    for preset in ("g3", "mac99"):
        for cpu in MODELS:
            machine = pteg.Machine(preset, cpu=cpu, rom="openfirmware")
            if preset == "mac99":
                machine.attach_disk(disk)
            rows = {"reset to prompt": counts(machine, "0 > ")}
            rows["a typed character"] = counts(machine, "x", b"x")
            counts(machine, "0 > ", b"\r")
            rows["2 3 + ."] = counts(machine, "0 > ", b"2 3 + .\r")
            empty = counts(machine, "0 > ", b"       \r")
            rows["a word looked up and executed"] = tuple(
                full - bare for full, bare in zip(counts(machine, "0 > ", b"noop   \r"), empty,
                                                  strict=True))
            if preset == "mac99":
                rows |= disk_rows(machine)
            for name, (instructions, cycles) in rows.items():
                shown = f"{cycles:,}" if cpu == "pipeline" else ""
                print(f"{preset:6}{cpu:11}{name:32}{instructions:>12,}{shown:>12}")


if __name__ == "__main__":
    main()
