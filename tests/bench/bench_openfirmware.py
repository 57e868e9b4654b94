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
#: A client program, which prints a mark before, between and behind so many calls of each service.
CALLS, MARKS = 100, "<|>"
SERVICES = ("peer", "getprop")
CLIENT = f"""
        .org    0x800000
_start: mr      r30, r5                 # the client interface
        lis     r28, 0x80
        ori     r3, r28, find@l
        bl      call
        lwz     r4, find + 16 - 0x800000(r28)
        stw     r4, stdout + 12 - 0x800000(r28)
        stw     r4, getprop + 12 - 0x800000(r28)
        ori     r3, r28, stdout@l
        bl      call
        lwz     r4, handle - 0x800000(r28)
        stw     r4, write + 12 - 0x800000(r28)
        bl      mark
        ori     r27, r28, peer@l
        bl      many
        bl      mark
        ori     r27, r28, getprop@l
        bl      many
        bl      mark
1:      b       1b
call:   mtctr   r30
        bctr
many:   mflr    r31
        li      r29, {CALLS}
1:      mr      r3, r27
        bl      call
        subic.  r29, r29, 1
        bne     1b
        mtlr    r31
        blr
mark:   mflr    r31
        ori     r3, r28, write@l
        bl      call
        lwz     r4, write + 16 - 0x800000(r28)
        addi    r4, r4, 1               # the next one
        stw     r4, write + 16 - 0x800000(r28)
        mtlr    r31
        blr
        .balign 4
find:   .long   s_find, 1, 1, s_chosen, 0
stdout: .long   s_getprop, 4, 1, 0, s_stdout, handle, 4, 0
write:  .long   s_write, 3, 1, 0, marks, 1, 0
peer:   .long   s_peer, 1, 1, 0, 0
getprop: .long  s_getprop, 4, 1, 0, s_name, buffer, 32, 0
handle: .long   0
buffer: .space  32
s_find: .asciz  "finddevice"
s_chosen: .asciz "/chosen"
s_getprop: .asciz "getprop"
s_stdout: .asciz "stdout"
s_name: .asciz  "name"
s_write: .asciz "write"
s_peer: .asciz  "peer"
marks:  .ascii  "{MARKS}"
"""


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


def client_rows(folder, *machine, **options):
    """A call of the client interface, from the client's branch to its return."""
    client = Path(folder, "client")
    client.write_bytes(assemble(CLIENT).elf())
    machine = pteg.Machine(*machine, **options)
    machine.preload(client)
    _, *between = (counts(machine, mark) for mark in MARKS)
    return {f"a client's call of {service}": tuple(n // CALLS for n in count)
            for service, count in zip(SERVICES, between, strict=True)}


def openbios_rows(folder):
    """What OpenBIOS needs; none if its file is not here."""
    which = {"cpu": "functional", "rom": "openbios"}
    try:
        machine = pteg.Machine("mac99", **which)
    except UserError:
        return {}
    rows = {"reset to prompt": counts(machine, "0 > "),
            "a typed character": counts(machine, "x", b"x"),
            **client_rows(folder, "mac99", **which)}
    return {f"OpenBIOS: {name}": count for name, count in rows.items()}


def main():
    with tempfile.TemporaryDirectory() as folder:
        measure(folder, loader_disk(folder))


def measure(folder, disk):
    print(f"{'':55}{'instructions':>12}{'cycles':>12}")
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
            rows |= client_rows(folder, preset, cpu=cpu, rom="openfirmware")
            if preset == "mac99":
                rows |= disk_rows(machine)
            if preset == "mac99" and cpu == "functional":
                rows |= openbios_rows(folder)
            for name, (instructions, cycles) in rows.items():
                shown = f"{cycles:,}" if cpu == "pipeline" else ""
                print(f"{preset:6}{cpu:11}{name:38}{instructions:>12,}{shown:>12}")


if __name__ == "__main__":
    main()
