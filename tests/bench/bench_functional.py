"""The functional model against QEMU and Unicorn: the same code, interleaved, medians of CPU time.

Small programs run in real mode from the same bytes and must leave the same registers. Then time to
the prompt of OpenBIOS, where the machines are alike but not the same. QEMU is run with a counted
clock (`-icount`) and without; its time to the prompt includes its start, ours does not.
What is not installed is left out.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "functional"))

from qemu import PROGRAM, Qemu  # noqa: E402

from pteg.errors import UserError  # noqa: E402
from pteg.firmware.asm import assemble  # noqa: E402
from pteg.machine import Machine  # noqa: E402

#: The end is in another page: near a breakpoint, QEMU translates one instruction at a time.
ORIGIN, END = 0x10000, 0x12000
#: Each is the body of a loop that runs `TURNS` times; r31 points to data.
TURNS = 5_000_000
PROGRAMS = {
    "arithmetic": """
        add 4, 4, 5
        xor 5, 4, 6
        rlwinm 6, 5, 7, 0, 31
        mullw 7, 6, 4
        subf 8, 7, 5
        addi 9, 8, 77
        and. 10, 9, 4
        srawi 11, 10, 3
    """,
    "memory": """
        lwz 4, 0(31)
        addi 4, 4, 1
        stw 4, 0(31)
        rlwinm 5, 4, 2, 16, 29
        lwzx 6, 31, 5
        stwx 4, 31, 5
        lbz 7, 3(31)
        sth 7, 8(31)
        add 8, 8, 6
    """,
    "calls": """
        bl function
        b after
    function:
        stwu 1, -32(1)
        mflr 0
        stw 0, 36(1)
        cmpwi 4, 100
        blt small
        li 4, 0
    small:
        addi 4, 4, 1
        lwz 0, 36(1)
        mtlr 0
        addi 1, 1, 32
        blr
    after:
        add 5, 5, 4
    """,
}
TEXT = """
    .org {origin:#x}
    lis 1, 0x30
    lis 31, 0x20
    lis 3, {high}
    ori 3, 3, {low}
    mtctr 3
again:
    {body}
    bdnz again
    b end
    .org {end:#x}
end:
    b end
"""


def program(body):
    """Return the bytes of a program, which goes to `END`."""
    text = TEXT.format(origin=ORIGIN, end=END, body=body, high=TURNS >> 16, low=TURNS & 0xFFFF)
    return bytes(assemble(text, sections={".text": ORIGIN}).image(ORIGIN))


def seconds_of(pid):
    """CPU time of another process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ours(code):
    """Return seconds, r4 to r11, and instructions."""
    machine = Machine("g3", cpu="functional")
    machine.load(code, at=ORIGIN)
    machine.cpu.pc = ORIGIN
    machine.step()
    begin = time.process_time()
    machine.run(until=END)
    seconds = time.process_time() - begin
    return seconds, [machine.cpu.gpr[n] for n in range(4, 12)], machine.instructions


def unicorn(code):
    import unicorn
    from unicorn import ppc_const

    emulator = unicorn.Uc(unicorn.UC_ARCH_PPC, unicorn.UC_MODE_PPC32 | unicorn.UC_MODE_BIG_ENDIAN)
    emulator.mem_map(0, 4 << 20)
    emulator.mem_write(ORIGIN, code)
    begin = time.process_time()
    emulator.emu_start(ORIGIN, END)
    seconds = time.process_time() - begin
    return seconds, [emulator.reg_read(ppc_const.UC_PPC_REG_0 + n) for n in range(4, 12)]


def qemu(code, *options):
    with Qemu(*options) as emulator:
        emulator.write(ORIGIN, code)
        emulator.set_register("pc", ORIGIN)
        emulator.breakpoint(END)
        begin = seconds_of(emulator.process.pid)
        emulator.run(timeout=100)
        seconds = seconds_of(emulator.process.pid) - begin
        return seconds, [emulator.register(f"r{n}") for n in range(4, 12)]


def engines():
    found = {"pteg": lambda code: ours(code)[:2]}
    if shutil.which(PROGRAM):
        found["QEMU"] = qemu
        found["QEMU -icount"] = lambda code: qemu(code, "-icount", "shift=0")
    try:
        import unicorn as _  # noqa: F401
        found["Unicorn"] = unicorn
    except ImportError:
        print("Unicorn is not installed: left out")
    return found


def compare_programs(rounds):
    found = engines()
    for name, body in PROGRAMS.items():
        code = program(body)
        count = ours(code)[2]
        times = {engine: [] for engine in found}
        for _ in range(rounds):
            results = {}
            for engine, run in found.items():
                seconds, results[engine] = run(code)
                times[engine].append(seconds)
            for engine, result in results.items():
                if result != results["pteg"]:
                    raise AssertionError(f"{name}: {engine} has other results")
        print(f"-- {name}: {count / 1e6:.1f} million instructions")
        for engine, spent in times.items():
            print(f"{engine:14} {count / 1e6 / statistics.median(spent):8.1f} MIPS")


def prompt_of_ours():
    machine = Machine("mac99", cpu="functional", rom="openbios")
    machine.step()
    begin = time.process_time()
    machine.run(until="0 >")
    return time.process_time() - begin, machine.instructions


def prompt_of_qemu(*options):
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(
            [PROGRAM, "-M", "mac99,via=pmu", "-cpu", "750", "-display", "none", "-vga", "none",
             "-net", "none", "-serial", "stdio", "-prom-env", "auto-boot?=false", *options],
            cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL) as process:
        text = b""
        while b"0 >" not in text:
            data = os.read(process.stdout.fileno(), 4096)
            if not data:
                raise EOFError("QEMU has ended")
            text += data
        seconds = seconds_of(process.pid)
        process.kill()
        return seconds


def compare_boots(rounds):
    try:
        prompt_of_ours()
    except UserError as error:
        print(f"OpenBIOS: left out: {error}")
        return
    runs = {"pteg": lambda: prompt_of_ours()[0]}
    if shutil.which(PROGRAM):
        runs["QEMU"] = prompt_of_qemu
        runs["QEMU -icount"] = lambda: prompt_of_qemu("-icount", "shift=2")
    times = {engine: [] for engine in runs}
    for _ in range(rounds):
        for engine, run in runs.items():
            times[engine].append(run())
    count = prompt_of_ours()[1]
    print(f"-- OpenBIOS to the prompt: {count / 1e6:.1f} million instructions of ours")
    for engine, spent in times.items():
        rate = f"{count / 1e6 / statistics.median(spent):8.1f} MIPS" if engine == "pteg" else ""
        print(f"{engine:14} {statistics.median(spent):8.2f} s {rate}")


def main(rounds=5):
    compare_programs(rounds)
    compare_boots(rounds)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
