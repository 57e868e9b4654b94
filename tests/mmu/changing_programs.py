"""Software of ours that changes PTEs, each as a `Program` of omissions.py: how it starts, what it
comes to. A program must use what it has changed, or nothing is stale."""

import importlib.util
import sys
import tempfile
from pathlib import Path

import pteg
from pteg.firmware import cbuild
from pteg.firmware.asm import assemble
from pteg.firmware.guests.image import build as build_tiny_kernel
from pteg.labs import l7, l8
from pteg.labs.assembly import built
from pteg.labs.catalogue import LABS
from pteg.mol.guest import Guest
from pteg.mol.hostb import Flag, HostB

HERE = Path(__file__).parent
#: Of the tiny kernel: five words of each process, and where it ends.
RESULTS, RESULTS_SIZE, STOP = 0x3000, 4 * 5 * 4, 0x3F00


def module(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    found = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


Program = module(HERE / "omissions.py").Program
hosts = module(HERE.parent / "hosts" / "conftest.py")


def example():
    """pte_update.s: PEM's sequence, with translation on."""
    return _round_trips("example", assemble(
        HERE / "pte_update.s", sections={".vectors": 0x300, ".text": 0x1000}))


def lab_8():
    """The solution of L8, with translation on."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in LABS["L8"].solution(0).items():
            (Path(folder) / name).write_text(text)
        return _round_trips("L8", built("L8", Path(folder), "update.s", l8.numbers_of(0)))


def _round_trips(name, program):
    """Two pages change places under one address; r20 counts what is wrong."""
    elf = program.elf()

    def start(seed):
        machine = pteg.Machine("g3", cpu="functional", rom="none", ram="4M", adversary=seed)
        machine.load(elf)
        machine.cpu.pc, machine.cpu.msr = program.symbols["_start"], 0
        return machine

    def run(machine):
        assert machine.run(until=program.symbols["done"], instructions=20_000) == "address"
        return machine.cpu.gpr[20]

    return Program(name, start, run)


def lab_7(solution):
    """The pager of L7, with the solutions of L4 and L8 in it."""
    name, text = solution
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_text(text)
        parts = l7.parts_of(Path(folder), l7.numbers_of(0))

    def start(seed):
        machine, _ = l7.loaded(parts, 0, seed)
        return machine

    def run(machine):
        done = parts[0].symbols["done"]
        assert machine.run(until=done, instructions=3_000_000) == "address"
        return machine.cpu.gpr[23]      # accesses; what they read was right

    return Program(f"L7, {name}", start, run, references=True)


def lab_7_in_assembly():
    return lab_7(*LABS["L7"].solution(0).items())


def lab_7_in_c():
    return lab_7(("pager.c", (l7.folder_of("L7") / "solution.c").read_text()))


def first_rom():
    """Its self-tests."""
    def start(seed):
        return pteg.Machine("g3", cpu="functional", rom="first", adversary=seed)

    def run(machine):
        assert machine.run(until="pteg: ready", instructions=400_000) == "console"
        return machine.console.read()

    return Program("first ROM", start, run)


#: A page is mapped to two places in turn, from Open Firmware's prompt.
REMAP = [
    "hex : there ( n -- phys ) 1 and if 501000 else 500000 then ;",
    ": into ( n -- ) there 40000000 1000 12 map-range ;",
    ": wrong ( n -- f ) 40000000 @ swap there <> ;",
    "500000 500000 ! 501000 501000 !",
    ": turn ( bad n -- bad ) dup into dup wrong rot + swap 1+ 40000004 ! ;",
    "0 c 0 do i turn loop . 40000000 1000 unmap-range",
]


def open_firmware():
    def start(seed):
        return pteg.Machine("g3", cpu="functional", rom="openfirmware", adversary=seed)

    def run(machine):
        assert machine.run(until="0 > ", instructions=3_000_000) == "console"
        machine.console.read()
        for line in REMAP:
            machine.console.write(line.encode() + b"\r")
            assert machine.run(until="0 > ", instructions=500_000) == "console"
        return machine.console.read()

    return Program("Open Firmware", start, run)


def tiny_kernel():
    """Four processes; each time they give their memory up, R, C and faults are added up."""
    elf = build_tiny_kernel()

    def start(seed):
        machine = pteg.Machine("g3", cpu="functional", rom="none", ram="4M", adversary=seed)
        machine.cpu.pc, machine.cpu.msr = machine.load(elf), 0
        return machine

    def run(machine):
        assert machine.run(until=STOP, instructions=3_000_000) == "address"
        return machine.memory.read(RESULTS, RESULTS_SIZE)

    return Program("tiny kernel", start, run)


def hypervisor():
    """HostB and MOL with the tiny kernel as guest; the host takes pages away."""
    guest = Guest.of(build_tiny_kernel(), STOP)

    def start(seed):
        session = HostB(guest, adversary=seed, tick=2_000_000, flags=Flag.SWAP_AT_TICK)
        session.machine.session = session
        return session.machine

    def run(machine):
        session = machine.session
        assert session.run(60_000_000) == "address"
        return session.read(RESULTS, RESULTS_SIZE)

    return Program("HostB", start, run)


def host(name, build, checker, commands):
    """HostL or HostX with a page table that is too small, and not enough memory."""
    elf = build("mem=1M swap=2M hash=64K", hosts.PROGRAMS)

    def start(seed):
        session = hosts.Session(elf=elf, prompt=False, adversary=seed, checker=checker)
        session.machine.session = session
        return session.machine

    def run(machine):
        session = machine.session
        session.read(4_000_000)
        printed = [session(command, 4_000_000) for command in commands]
        session.check()
        return printed

    def physical(pc):
        return pc & 0x0FFFFFFF if pc >= 0xC0000000 else pc

    return Program(name, start, run, physical)


def hostl():
    return host("HostL", hosts.image.build, hosts.Checker, ["evict", "stress 2 60 40"])


def hostx():
    return host("HostX", hosts.hostx_image.build, hosts.hostx_checker.Checker,
                ["evict", "stress 2 60 40"])


IN_ASSEMBLY = {"example": example, "L8": lab_8, "L7, pager.s": lab_7_in_assembly,
               "first ROM": first_rom, "Open Firmware": open_firmware}
IN_C = {"L7, pager.c": lab_7_in_c, "tiny kernel": tiny_kernel, "HostB": hypervisor,
        "HostL": hostl, "HostX": hostx}
PROGRAMS = IN_ASSEMBLY | IN_C


def can_build(name):
    return name in IN_ASSEMBLY or bool(cbuild.compilers())
