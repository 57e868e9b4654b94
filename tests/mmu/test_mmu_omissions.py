"""Omissions planted in our own programs: an oracle names them, adversaries break them.

`omissions.py` finds the steps of the changes of PTEs that each program makes, and leaves them out
or exchanges them. What may be left out without effect is in `EXCEPTIONS`, with the reason.
"""

import importlib.util
import re
import sys
from functools import cache
from pathlib import Path

import pytest

from pteg.firmware.asm import assemble_word

HERE = Path(__file__).parent
SEEDS = 200
#: For what has no effect, by its reason.
FEW = range(30)

_SPEC = importlib.util.spec_from_file_location("changing_programs", HERE / "changing_programs.py")
programs = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(programs)
omissions = sys.modules["omissions"]


# -- What may be left out -------------------------------------------------------------------------

#: Program, place and step (a regular expression), what adversaries can show (`broken`: another
#: result, `named`: by the oracle; None: it depends on the seed), and why.
EXCEPTIONS = [
    ("first ROM|Open Firmware|tiny kernel|Host[LX]", "(clear_tlbs|start|moved|bats).*",
     (False, False), "after a reset, before translation is on: the TLBs hold nothing"),
    ("first ROM|Open Firmware", "(make_hash_table|make_vectors|probe_memory).*", (False, False),
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
    ("L7, pager.c", "(free|pte_remove).*", (None, None), "the same code as with pager.s"),
    ("L7, pager.s", "pte_remove.* OMITTED INVALIDATE", (True, False),
     "htab_insert takes another entry: the page table still maps the page as before, and what is "
     "used agrees with it"),
    ("L7.*", "(free|pte_remove).* (SYNC|EIEIO_STORES)", (False, False),
     "translation is off in the handler: nothing is searched for until rfi, behind a sync"),
    ("L7.*", "pte_remove.* SYNC_TLBSYNC", (False, False),
     "the sync of htab_insert ends the tlbsync, before the page is used"),
    ("L7.*", "(turn|new_frame).* TLBIE", (None, True),
     "the clock takes other pages: what they hold is right"),
    ("L7.*", "(turn|new_frame).*", (False, False),
     "R = 0 in a PTE that stays; pte_remove of another page follows, whose steps order this tlbie"),
    ("L7.*", ".*", (None, True), "what is read in time is right"),
    ("Open Firmware", "page_fault.* EIEIO_STORES", (False, False),
     "translation is off in the handler: nothing is searched for until rfi, behind a sync"),
    ("Open Firmware", "page_fault.* SYNC_VALID", (None, True),
     "a page fault too many: the handler stores the same PTE again"),
    ("Open Firmware", "unmap-page.* INVALIDATE", (True, False),
     "the page table still maps the page as before, and what is used agrees with it"),
    ("Open Firmware", "unmap-page.* SYNC LATE SYNC", (None, None),
     "a window of one instruction"),
    ("Open Firmware", "install_environment.*", (False, False),
     "the client has the same segments: no TLB entry is wrong"),
    ("HostB", "zero_pte.* (TLBIE (OMITTED|ELSEWHERE) TLBIE|TLBSYNC OMITTED TLBSYNC)", (None, True),
     "the guest's pages are most often the same again"),
    ("HostB", "store_pte.* OMITTED INVALIDATE", (False, False),
     "the same page with another PP, R = C = 1: a search has nothing to mix up, nothing to write"),
    ("HostB", ".*", (None, None),
     "translation is off, most pages were in no TLB, and a sync of host or guest follows"),
    ("HostL", "insert(?!.* EIEIO_STORES$).*", (None, None),
     "the page was flushed before, and the one whose entry is taken has the same TLB set"),
    ("HostX", "slot_take(?!.* EIEIO_STORES$).*", (None, None),
     "the page was flushed before, and the one whose entry is taken has the same TLB set"),
    ("Host[LX]", "(flush_hash_pages|slot_free).* OMITTED INVALIDATE", (True, False),
     "the page table still maps the page as before, and what is used agrees with it"),
    ("Host[LX]", "(flush_hash_pages|slot_free).* SYNC_TLBSYNC", (None, None),
     "the next change of the table has a sync, before the page is used"),
    ("HostX", "slot_free.* SYNC", (None, None),
     "the sync behind tlbsync shows V = 0, before the page is searched for"),
    ("Host[LX]", ".*", (None, True), "the hosts check their own tables, not each load"),
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
    if not programs.can_build(name):
        pytest.skip("needs a C compiler: the extra cc, or gcc-powerpc-linux-gnu")
    program = programs.PROGRAMS[name]()
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


def parameters(quick):
    """All programs; those that are not quick are for long runs."""
    return [pytest.param(name, marks=[] if name in quick else [pytest.mark.slow])
            for name in programs.PROGRAMS]


@pytest.mark.parametrize("store, left", [
    ("stw r4,8(r5)", "nop"), ("stwx r4,r5,r6", "nop"), ("stwu r4,-8(r5)", "addi r5,r5,-8"),
    ("stwux r4,r27,r26", "add r27,r27,r26"), ("tlbie r4", "nop")])
def test_what_is_left_out_is_the_act_alone(store, left):
    """A compiler may have the address in the same instruction."""
    assert omissions.left_of(assemble_word(store)) == assemble_word(left)


@pytest.mark.parametrize("name", parameters(["example", "L8", "L7, pager.s", "first ROM"]))
def test_correct_programs_bear_adversaries(name):
    program, right, _ = prepared(name)
    for seed in range(10):
        machine = program.start(seed)
        oracle = machine.oracle(references=program.references)
        assert program.run(machine) == right, f"seed {seed}"
        assert oracle.uses == [], f"seed {seed}: {oracle.uses[0].text(machine.symbols)}"


@pytest.mark.parametrize("name", parameters(["example", "L8"]))
def test_each_step_is_needed_or_has_a_reason(name):
    problems = judged(name)
    assert not problems, "\n".join(problems)


@pytest.mark.slow
def test_a_hundred_omissions_are_named():
    """Those that matter, of which `test_each_step_is_needed_or_has_a_reason` sees that the oracle
    names the step."""
    named = [mutant for name in programs.PROGRAMS for program, _, mutants in [prepared(name)]
             for mutant in mutants if expected(program, mutant)[0][1]]
    assert len(named) >= 100
