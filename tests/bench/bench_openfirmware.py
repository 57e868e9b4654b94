"""Open Firmware: instructions and cycles from reset to the prompt, and of what is done there."""

import subprocess
import tempfile
from pathlib import Path

import pteg
from pteg.errors import UserError
from pteg.firmware.asm import assemble

#: Bytes of the loader that is read from a disk.
LOADER = 200_000
MODELS = ("functional", "pipeline")
#: A client program and its array: it calls `count` times.
CLIENT, ARRAY, CALLS = 0x200000, 0x200100, 100
PROGRAM = f"""
        .org    {CLIENT:#x}
        mflr    r31
        mr      r30, r5
        lis     r28, {CLIENT >> 16:#x}
        lwz     r29, 0xFC(r28)          # count
loop:   ori     r3, r28, {ARRAY & 0xFFFF:#x}
        mtctr   r30
        bctrl
        subic.  r29, r29, 1
        bne     loop
        mtlr    r31
        blr
"""
#: Services that clients call most: arguments behind the name.
SERVICES = {"peer": (0,), "getprop": (None, "name", 0x200200, 32)}


def counts(machine, until, typed=b""):
    """Instructions and cycles until a text is printed."""
    before = machine.instructions, machine.cycle
    machine.console.write(typed)
    stop = machine.run(until=until, instructions=600_000_000)
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


def client_rows(machine):
    """A call of the client interface, from the client's branch to its return."""
    counts(machine, "0 > ", b'" /chosen" find-package drop 2001fc l!\r')
    node = int.from_bytes(machine.memory.read(0x2001FC, 4), "big")
    (code,) = (section for section in assemble(PROGRAM).sections if section.data)
    machine.memory.write(CLIENT, code.data)
    rows = {}
    for service, arguments in SERVICES.items():
        cells, texts = [0x200180, len(arguments), 1], service.encode() + b"\0"
        for argument in arguments:
            if isinstance(argument, str):
                argument, texts = 0x200180 + len(texts), texts + argument.encode() + b"\0"
            cells.append(node if argument is None else argument)
        machine.memory.write(ARRAY, b"".join(cell.to_bytes(4, "big") for cell in cells))
        machine.memory.write(0x200180, texts)
        many, one = (_run_client(machine, count) for count in (CALLS + 1, 1))
        rows[f"a client's call of {service}"] = tuple(
            (a - b) // CALLS for a, b in zip(many, one, strict=True))
    return rows


def _run_client(machine, count):
    machine.memory.write(CLIENT + 0xFC, count.to_bytes(4, "big"))
    counts(machine, "0 > ", f"0 0 0 0 {CLIENT:x} init-state\r".encode())
    return counts(machine, "0 > ", b"go\r")


def openbios_rows():
    """What OpenBIOS needs; none if its file is not here."""
    try:
        machine = pteg.Machine("mac99", cpu="functional", rom="openbios")
    except UserError:
        return {}
    return {"OpenBIOS: reset to prompt": counts(machine, "0 > "),
            "OpenBIOS: a typed character": counts(machine, "x", b"x")}


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
            rows |= client_rows(machine)
            if preset == "mac99":
                rows |= disk_rows(machine)
            if preset == "mac99" and cpu == "functional":
                rows |= openbios_rows()
            for name, (instructions, cycles) in rows.items():
                shown = f"{cycles:,}" if cpu == "pipeline" else ""
                print(f"{preset:6}{cpu:11}{name:32}{instructions:>12,}{shown:>12}")


if __name__ == "__main__":
    main()
