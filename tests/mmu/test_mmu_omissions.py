"""Omissions planted in our own programs: an oracle names them, adversaries break them.

`omissions.py` finds the steps of the changes of PTEs that each program makes, and leaves them out
or exchanges them. What may be left out without effect is in `EXCEPTIONS`, with the reason.
"""

import importlib.util
import re
from functools import cache
from pathlib import Path

import pytest

import pteg
from pteg.firmware import cbuild
from pteg.firmware.asm import assemble
from pteg.firmware.guests.image import build as build_tiny_kernel

HERE = Path(__file__).parent
SEEDS = 200
#: For what has no effect, by its reason.
FEW = range(30)


def module(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


omissions = module(HERE / "omissions.py")
hosts = module(HERE.parent / "hosts" / "conftest.py")


# -- Programs -------------------------------------------------------------------------------------

def example():
    """pte_update.s: PEM's sequence, with translation on."""
    program = assemble(HERE / "pte_update.s", sections={".vectors": 0x300, ".text": 0x1000})
    elf = program.elf()

    def start(seed):
        machine = pteg.Machine("g3", cpu="functional", rom="none", ram="4M", adversary=seed)
        machine.load(elf)
        machine.cpu.pc, machine.cpu.msr = program.symbols["start"], 0
        return machine

    def run(machine):
        assert machine.run(until=program.symbols["done"], instructions=20_000) == "address"
        return machine.cpu.gpr[20]

    return omissions.Program("example", start, run)


def first_rom():
    """Its self-tests."""
    def start(seed):
        return pteg.Machine("g3", cpu="functional", rom="first", adversary=seed)

    def run(machine):
        assert machine.run(until="pteg: ready", instructions=400_000) == "console"
        return machine.console.read()

    return omissions.Program("first ROM", start, run)


def tiny_kernel():
    """Four processes; each time they give their memory up, R, C and faults are added up."""
    elf = build_tiny_kernel()

    def start(seed):
        machine = pteg.Machine("g3", cpu="functional", rom="none", ram="4M", adversary=seed)
        machine.cpu.pc, machine.cpu.msr = machine.load(elf), 0
        return machine

    def run(machine):
        stop = machine.symbols.address("stop")
        assert machine.run(until=stop, instructions=3_000_000) == "address"
        return machine.memory.read(machine.symbols.address("results"), 4 * 5 * 4)

    return omissions.Program("tiny kernel", start, run)


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

    return omissions.Program(name, start, run, physical)


def hostl():
    return host("HostL", hosts.image.build, hosts.Checker, ["evict", "stress 2 60 40"])


def hostx():
    return host("HostX", hosts.hostx_image.build, hosts.hostx_checker.Checker,
                ["evict", "stress 2 60 40"])


#: Of these, each omission is judged; the hosts only have to bear adversaries.
JUDGED = {"example": example, "first ROM": first_rom, "tiny kernel": tiny_kernel}
PROGRAMS = JUDGED | {"HostL": hostl, "HostX": hostx}


# -- What may be left out -------------------------------------------------------------------------

#: Program, place and step (a regular expression), what adversaries can show (`broken`: another
#: result, `named`: by the oracle; None: it depends on the seed), and why.
EXCEPTIONS = [
    ("first ROM|tiny kernel", "(clear_tlbs|start).*", (False, False),
     "after a reset, before translation is on: the TLBs hold nothing"),
    ("first ROM", "(make_hash_table|probe_memory).*", (False, False),
     "no PTE is changed there: barriers behind stores that clear or probe memory"),
    ("first ROM", "pte_(insert|store).* (INVALIDATE|SYNC|EIEIO_STORES)", (False, False),
     "translation is off: nothing is searched for until it is on, and a sync comes before"),
    ("first ROM", "pte_insert.* (TLBIE|EIEIO|TLBSYNC|SYNC_TLBSYNC)", (None, None),
     "the evicted page stays where it is: its TLB entry is not wrong (docs/mmu.md), but the ROM "
     "counts evictions"),
    ("first ROM", "pte_change.* SYNC_TLBSYNC", (False, False),
     "the sync after V = 1 ends the tlbsync, before the page is used"),
    ("first ROM", "pte_change.* SYNC LATE SYNC", (None, None),
     "a window of one instruction, once in a run: 200 seeds may miss it"),
    ("tiny kernel", ".* (SYNC|EIEIO_STORES|INVALIDATE)", (False, False),
     "translation is off: nothing is searched for until it is on, and a sync comes before"),
    ("tiny kernel", r"unmap_all\+0x(18|1c|20|24|28|2c|30) .*", (False, False),
     "the first page of data is unmapped next: its tlbie clears the same TLB set"),
    ("tiny kernel", "unmap_all.* SYNC_TLBSYNC", (False, False),
     "the process comes back through a fault of its text, whose map() has a sync"),
    ("tiny kernel", "unmap_all.* (EIEIO|TLBSYNC)", (None, True),
     "the page is mapped to the same frame again: most often the sums are the same"),
]


def expected(program, mutant):
    """Whether a mutant gives another result, whether the oracle names it; and why, if not."""
    text = f"{mutant} {mutant.missing.name}"
    return next((found, reason) for programs, pattern, found, reason in (
        *EXCEPTIONS, (".*", ".*", (True, True), "")) if re.fullmatch(programs, program.name)
        and re.fullmatch(pattern, text))


@cache
def prepared(name):
    """A program, what it comes to, and its mutants."""
    if name != "example" and name != "first ROM" and not cbuild.compilers():
        pytest.skip("needs a C compiler: the extra cc, or gcc-powerpc-linux-gnu")
    program = PROGRAMS[name]()
    return program, program.run(program.start(None)), list(omissions.mutants(program))


def judged(name, seeds=range(SEEDS)):
    """What is not as it must be with the mutants of a program."""
    program, right, mutants = prepared(name)
    problems = []
    for mutant in mutants:
        wanted, reason = expected(program, mutant)
        if wanted == (None, None):
            continue
        outcome = omissions.judge(program, mutant, right, seeds if True in wanted else FEW,
                                  until_broken=wanted[0] is not None)
        found = outcome.broken is not None, mutant.missing in outcome.named
        if any(need is not None and need != is_so
               for need, is_so in zip(wanted, found, strict=True)):
            problems.append(f"{mutant}: {mutant.missing.name} is missing; {reason}; {outcome}")
    return problems


@pytest.mark.parametrize("name", [
    "example", "first ROM", *(pytest.param(name, marks=pytest.mark.slow)
                              for name in PROGRAMS if name not in ("example", "first ROM"))])
def test_correct_programs_bear_adversaries(name):
    program, right, _ = prepared(name)
    for seed in range(10):
        machine = program.start(seed)
        oracle = machine.oracle()
        assert program.run(machine) == right, f"seed {seed}"
        assert oracle.uses == [], f"seed {seed}: {oracle.uses[0].text(machine.symbols)}"


@pytest.mark.parametrize("name", [
    "example", *(pytest.param(name, marks=pytest.mark.slow)
                 for name in JUDGED if name != "example")])
def test_each_step_is_needed_or_has_a_reason(name):
    problems = judged(name)
    assert not problems, "\n".join(problems)
