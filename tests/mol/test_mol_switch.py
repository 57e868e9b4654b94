"""World switches, looked at from both sides (scenarios 27, 28, 31, 32)."""

import random
from collections import Counter

import numpy as np
import pytest

from pteg.firmware.disasm import disassemble
from pteg.firmware.hosts.hostx.image import build_with_mol
from pteg.hw.isa.registers import Msr
from pteg.mol.guest import bare
from pteg.mol.hostb import GUEST_IN, HostB, Option
from pteg.mol.hostl import HostL
from pteg.mol.scenarios import devices, exceptions, modes
from pteg.mol.scenarios.sessions import counting
from pteg.mol.small import guest, pte
from pteg.mol.ways import elf
from pteg.state import differences

#: Each class of instructions, in loops; r20 points to a page of the guest's page table.
CLASSES = """
        load    r3, 0x3032              # FP
        mtmsr   r3
        load    r20, 0x50001000
        lfd     f1, 0(r20)
        li      r22, 100
3:      mfsprg  r8, 2
        mtsprg  2, r4
        mfmsr   r9
        mtsr    9, r4
        li      r21, 60
1:      mulli   r4, r21, 7
        divw    r5, r4, r21
        stwu    r4, 4(r20)
        lhz     r6, 2(r20)
        stmw    r28, 64(r20)
        lmw     r28, 64(r20)
        lwarx   r7, 0, r20
        fmadd   f2, f1, f1, f1
        stfd    f2, 128(r20)
        mtxer   r4
        mcrxr   cr3
        dcbf    0, r20
        dcbz    0, r20
        sync
        isync
        rlwinm. r10, r4, 3, 0, 15
        crxor   7, 6, 2
        bl      2f
2:      mflr    r11
        mtctr   r21
        addic.  r21, r21, -1
        addi    r20, r20, -4
        bne     1b
        addic.  r22, r22, -1
        bne     3b
"""
#: Where HostB has the time between two ticks (struct hostb_options).
TICK = 0x3010
#: Of a state, what the host's side of a switch does not promise: time, and what is the guest's.
PASSING = ("pc", "msr", "srr0", "srr1", "sprg0", "sprg1", "dar", "dsisr", "tb", "dec",
           "reservation", "gpr", "fpr", "fpscr", "cr", "lr", "ctr", "xer")


def address(session, name):
    found = session.machine.symbols.address(name)
    assert found is not None, name
    return found


def snapshot(session):
    """The guest's registers, all of which are in the processor's at this moment."""
    state = session.machine.model.get_state()
    return {name: state[name].copy() for name in ("gpr", "fpr", "fpscr", "cr", "lr", "ctr", "xer")}


@pytest.mark.parametrize("options", [{}, {Option.PRIVATE_HASH: 1}], ids=["shared", "private"])
def test_the_host_believes_that_its_process_was_interrupted(options):
    """Scenario 27: SRR0 and SRR1 in the host's handler; the guest is bit-identical afterwards."""
    session = HostB(guest(CLASSES, [pte(5, 0x50001000, 0x40000)]), tick=23, options=options)
    machine, cpu = session.machine, session.machine.cpu
    vector, goes_on = (address(session, f"mol_{what}_0x900") for what in ("vector", "continue"))
    process, seen, choice = address(session, "left"), Counter(), random.Random(27)
    while session.run(1_000_000, until=vector) == "address":
        if not (cpu.spr["SPRG2"] == GUEST_IN and cpu.spr["SRR1"] & Msr.PR):
            machine.step()                      # MOL's user part, or its kernel part
            continue
        if cpu.spr["SRR0"] == session.guest.stop:
            break
        nip, before, mode = cpu.spr["SRR0"], snapshot(session), session.variable("xMSR")
        machine.memory.write_word(TICK, choice.randrange(11, 80))
        assert session.run(2_000, until=goes_on) == "address"
        if session.variable("xIN_GUEST"):
            continue                            # the guest's own decrementer
        assert cpu.spr["SRR0"] == process and cpu.spr["SRR1"] & Msr.PR
        assert cpu.spr["SPRG2"] != GUEST_IN
        assert cpu.spr["SDR1"] == session.variable("xEMULATOR_SDR1")
        assert session.run_guest(50_000, nip) == "address"
        after = snapshot(session)
        assert all(np.array_equal(before[name], after[name]) for name in before), hex(nip)
        assert session.variable("xMSR") == mode
        word = session.guest_word(nip)
        seen[disassemble(word, nip).split()[0]] += 1
    assert len(seen) > 20 and sum(seen.values()) > 200
    for name in ("stwu", "lmw", "stmw", "fmadd", "mfmsr", "mtsr", "dcbz", "bl", "mulli"):
        assert seen[name], (name, seen)


def kept_by_switches(session, most):
    """How often the guest was left each way; all of the host's state was that of the entry."""
    machine, ways = session.machine, Counter()
    leave = address(session, "leave_guest") - session.base
    out = {address(session, name) - session.base: name
           for name in ("host_call_kernel", "mol_continue_0x900")}
    while (sum(ways.values()) < most
           and session.run(20_000_000, until=session.entry) == "address"):
        before = machine.model.get_state().copy()
        assert session.run(1_000_000, until=leave) == "address"
        while machine.cpu.pc not in out and not machine.cpu.msr & Msr.PR:
            machine.step()
        after, name = machine.model.get_state().copy(), out.get(machine.cpu.pc, "left")
        ways[name] += 1
        changed = [row for row in differences(before, after)
                   if row[0].split("[")[0] not in PASSING]
        assert not changed, (name, changed)
        deadline = [int(state["dec"][0]) + int(state["tb"][0]) for state in (before, after)]
        # DEC is read before the time base at the entry, and written after it at the end.
        assert (deadline[1] - deadline[0]) % (1 << 32) <= 2, name
    return ways


@pytest.mark.parametrize("options", [{}, {Option.PRIVATE_HASH: 1}], ids=["shared", "private"])
def test_each_switch_restores_the_host(options):
    """Scenario 28: all registers of the host, at each entry and at each way out. Split mode, where
    DBAT0 is MOL's; accesses of a device."""
    ways = kept_by_switches(HostB(modes.modes(4), tick=400, options=options), 60)
    accesses = guest(devices.DEVICE + "        stw r3, 4(r30)\n        lwz r3, 4(r30)\n" * 10)
    ways += kept_by_switches(HostB(accesses, tick=400, options=options), 40)
    assert all(ways[name] > 5 for name in ("left", "host_call_kernel", "mol_continue_0x900")), ways


@pytest.mark.parametrize("letters, way", [("-v", "host_call_kernel"), ("-ivckt", "left"),
                                          ("-vcw", "left")])
def test_each_switch_restores_hostx(letters, way):
    """Scenario 28: SPRG2, the segments and SDR1 are HostX's again, however C is called."""
    def begun(guest):
        return HostL({"guest": guest}, ["insmod mol", "insmod molport", f"mol {letters} guest 2"],
                     build=build_with_mol)

    calls = kept_by_switches(begun(counting("L", 30)), 40)
    ticks = kept_by_switches(begun(elf(modes.modes(100))), 30)
    assert calls[way] > 20 and ticks["mol_continue_0x900"] > 5, (calls, ticks)


@pytest.mark.parametrize("host", [{}, {"tick": 150}, {"options": {Option.PRIVATE_HASH: 1}}],
                         ids=str)
def test_all_modes_of_both_states(agree, host):
    """Scenario 31: loads, stores and fetches in all [PR IR DR]; data in the segment of the code;
    another segment."""
    session = agree(modes.all_modes(), **host)
    counters = session.counters()
    assert counters["split_prepared"] > 8 and counters["splitm_access"] > 8
    # Each turn adds where it was fetched, and what it found there as data.
    assert session.machine.cpu.gpr[4] == modes.ALL_MODES_SUM


def test_an_external_interrupt_is_taken_as_on_the_bare_machine(hosted):
    """Scenario 32: vector 0x500. The line is the serial port's on the bare board, or that of the
    user part's test device."""
    session = hosted(exceptions.external(True))
    other = exceptions.external(False)
    judge = bare(other)
    assert judge.run(instructions=10_000, until=other.stop) == "address"
    found = [list(cpu.gpr)[14:18] for cpu in (session.machine.cpu, judge.cpu)]
    assert found[0] == found[1]
    srr0, srr1, msr, count = found[0]
    assert (srr1, msr, count) == (0x9032, 0x1000, 1)
    assert session.guest_word(srr0 - 4) == 0x7C600124       # mtmsr r3
