"""What a hypervisor must get right, one by one.

Interface, shadow translation, what the host takes away, the guest's hash table, world switch, time,
devices. Each is compared with the bare machine too, unless the architecture allows several results.
"""

import pytest

from pteg.boot.loader import read_elf
from pteg.firmware.hosts.hostb.image import build
from pteg.lockstep.encoding import as_bytes, encode, to_spr
from pteg.mol.guest import bare
from pteg.mol.hostb import Flag, HostB, Option

TEST_DEVICE = 0x0E000000
#: Effective address of the test device, in a data BAT.
DEVICE = """
        load    r3, 0x0e00002a
        mtspr   dbat2l, r3
        load    r3, 0xe0000003
        mtspr   dbat2u, r3
        isync
        lis     r30, 0xe000
"""
END = """
        li      r3, 0
        stw     r3, 8(r30)
"""


@pytest.fixture(scope="session")
def small(small_guests):
    return small_guests


def agree(differential, guest, limit=100_000, **session):
    """The session, after the comparison with the bare machine."""
    found, hosted = differential.compare(guest, limit=limit, **session)
    assert not found
    return hosted


def hosted(guest, limit=3_000_000, **session):
    session = HostB(guest, **session)
    assert session.run(limit) == "address"
    return session


def finished(guest, limit=3_000_000, **session):
    """A session that the guest has ended."""
    session = HostB(guest, **session)
    assert session.run(limit, until=session.ended) == "address"
    return session


# -- Interface and isolation -----------------------------------------------------------------------

def test_an_entry_with_a_wrong_magic_disables_mol(small):
    """Scenario 1."""
    session = finished(small.guest(""), flags=Flag.BAD_MAGIC)
    assert session.result("status") == 103      # EMOLSECURITY
    assert session.counters()["mtsr_"] == 0     # the guest has executed nothing


def test_unknown_ioctls_change_nothing(small):
    """Scenario 2."""
    session = HostB(small.guest(""), flags=Flag.UNKNOWN_IOCTLS)
    address = session.machine.symbols.address
    assert session.run(3_000_000, until=address("hostb_before")) == "address"
    before = session.machine.memory.read(session.kvars, 0x6000)
    assert session.run(3_000_000, until=address("hostb_after")) == "address"
    assert session.machine.memory.read(session.kvars, 0x6000) == before
    assert session.run(3_000_000, until=session.ended) == "address"
    assert session.result("status") == 256 - 18


def test_the_host_is_as_before_when_the_session_has_ended(small):
    """Scenarios 4 and 28: vectors, segments, BATs, SPRGs; no PTE is left."""
    session = HostB(small.guest(DEVICE + END))
    machine = session.machine
    assert session.run(1_000_000, until=machine.symbols.address("user_main")) == "address"
    names = [f"{side}BAT{n}{half}" for side in "ID" for n in range(4) for half in "UL"]
    names += ["SPRG2", "SPRG3", "SDR1"]
    before = [machine.cpu.spr[name] for name in names], list(machine.cpu.sr)
    vectors = machine.memory.read(0, 0x3000)
    assert session.run(1_000_000, until=small.STOP) in ("address", "instructions")
    session = finished(small.guest(DEVICE + END))
    machine = session.machine
    assert machine.memory.read(0, 0x3000) == vectors
    image = read_elf(build(), "HostB")
    assert vectors[0x200:0x2000] == image.segments[0].data[0x200:0x2000]
    assert ([machine.cpu.spr[name] for name in names], list(machine.cpu.sr)) == before
    table = machine.cpu.spr["SDR1"] & 0xFFFF0000
    vsids = {machine.memory.read_word(table + at) >> 7 & 0xFFFFFF for at in range(0, 0x10000, 8)
             if machine.memory.read_word(table + at) >> 31}
    assert vsids <= {register & 0xFFFFFF for register in machine.cpu.sr}


def test_vectors_are_taken_over_and_continue_with_the_displaced_word(small):
    session = hosted(small.guest(""))
    memory, address = session.machine.memory, session.machine.symbols.address
    original = read_elf(build(), "HostB").segments[0].data
    for vector in (0x300, 0x700, 0x900, 0xC00):
        word = memory.read_word(vector)
        assert word >> 26 == 18
        assert vector + (word & 0x03FFFFFC) == address(f"mol_vector_{vector:#x}")
        place = address(f"mol_continue_{vector:#x}")
        assert memory.read(place, 4) == original[vector:vector + 4]


# -- Shadow translation ----------------------------------------------------------------------------

FIRST_TOUCH = """
        load    r20, 0x50001008
        lwz     r3, 0(r20)
        lwz     r3, 4(r20)
        {store}
        lwz     r5, 0(r20)
"""


def test_first_load_and_first_store_fault_once_each(differential, small):
    """Scenario 6: then R and C of the guest's entry are as on the bare machine."""
    faults = []
    for store in ("nop", "stw r20, 0(r20)", "stw r20, 0(r20)\n        stw r20, 8(r20)"):
        guest = small.guest(FIRST_TOUCH.format(store=store), [small.pte(5, 0x50001000, 0x40000)])
        session = agree(differential, guest)
        faults.append(session.counters()["dsi"])
        entry = int.from_bytes(session.read(small.pte_at(5, 0x50001000) + 4, 4), "big")
        assert entry & 0x180 == (0x100 if store == "nop" else 0x180)
    assert faults == [1, 2, 2]


@pytest.mark.parametrize("user", [False, True])
def test_protection_is_the_architectures(differential, small, user):
    """Scenario 7: loads and stores with both keys and all PP bits."""
    text, words = "", []
    for segment, keys in ((5, 0), (6, 1), (7, 2), (8, 3)):
        text += f"        lis r3, {keys << 29 >> 16:#x}\n        ori r3, r3, {segment}\n"
        text += f"        mtsr {segment}, r3\n        isync\n"
        for pp in range(4):
            ea = segment << 28 | pp << 12
            words.append(small.pte(segment, ea, 0x40000 + 4096 * pp, pp))
    text += "        load r3, in_state\n        mtsrr0 r3\n"
    state = 0x5032 if user else 0x1032
    text += f"        li r3, {state}\n        mtsrr1 r3\n        rfi\nin_state:\n"
    for segment in (5, 6, 7, 8):
        for pp in range(4):
            text += f"        load r20, {segment << 28 | pp << 12 | 16:#x}\n"
            text += "        lwz r4, 0(r20)\n        stw r20, 0(r20)\n        lwz r5, 0(r20)\n"
    # The block that maps the code is valid in both states.
    agree(differential, small.guest(text, words))


def test_one_flush_by_the_host_removes_all_aliases(small):
    """Scenario 8: three addresses under two VSIDs show a page that the host moves."""
    eas = (0x50001000, 0x50002000, 0x60003000)
    touch = "".join(f"        load r20, {ea:#x}\n        lwz r{4 + n}, 0(r20)\n"
                    for n, ea in enumerate(eas))
    text = (DEVICE + touch.replace("lwz r4, 0(r20)", "stw r20, 0(r20)\n        lwz r4, 0(r20)")
            + "mark:\n        load r3, 0x40000\n        stw r3, 0x18(r30)\n" + touch)
    words = [small.pte(ea >> 28, ea, 0x40000) for ea in eas]
    session = hosted(small.guest(text, words))
    assert session.result("swaps") == 1
    counters = session.counters()
    assert counters["do_flush"] == 1
    # The mappings that existed, by address; each comes back with one fault.
    assert [session.machine.cpu.gpr[4 + n] for n in range(3)] == [eas[0]] * 3
    without = hosted(small.guest(text.replace("stw r3, 0x18(r30)", "nop"), words)).counters()
    assert counters["ptes_zeroed"] - without["ptes_zeroed"] == 3
    assert counters["page_fault_ctr"] - without["page_fault_ctr"] == 3


def test_segments_are_looked_up_when_they_are_used(differential, small):
    """Scenario 9: 16 new VSIDs, of which two are used."""
    text = "".join(f"        li r3, {0x700 + n}\n        mtsr {n}, r3\n" for n in range(1, 16))
    text += ("        isync\n        load r20, 0x50001000\n        lwz r3, 0(r20)\n"
             "        load r20, 0x60001000\n        lwz r3, 0(r20)\n")
    words = [small.pte(0x700 + s, s << 28 | 0x1000, 0x40000) for s in (5, 6)]
    plain = agree(differential, small.guest("")).counters()
    counters = agree(differential, small.guest(text, words)).counters()
    assert counters["vsid_missing"] - plain["vsid_missing"] == 15
    assert counters["fix_sr"] - plain["fix_sr"] == 2


@pytest.mark.parametrize("keys, shadows", [(0x6000, 1), (0x0000, 1), (0x2000, 2)])
def test_states_with_the_same_key_share_shadow_entries(differential, small, keys, shadows):
    """Scenario 10."""
    text = f"""
        lis     r3, {keys:#x}
        ori     r3, r3, 5
        mtsr    5, r3
        isync
        load    r20, 0x50001000
        lwz     r4, 0(r20)
        load    r3, in_user
        mtsrr0  r3
        li      r3, 0x5032
        mtsrr1  r3
        rfi
in_user:
        {{use}}
"""
    words = [small.pte(5, 0x50001000, 0x40000)]
    used, unused = (agree(differential, small.guest(text.format(use=use), words)).counters()
                    for use in ("lwz r5, 0(r20)", "nop"))
    assert used["page_fault_ctr"] - unused["page_fault_ctr"] == shadows - 1


def test_contexts_that_run_out_begin_again(differential, small):
    """Scenario 11: 100 address spaces with 64 contexts, twice."""
    text = """
        li      r10, 2
again:  li      r4, 0x300
        li      r5, 100
        mtctr   r5
        load    r20, 0x50001000
space:  mtsr    5, r4
        isync
        lwz     r6, 0(r20)
        add     r7, r7, r6
        stw     r4, 0(r20)
        addi    r4, r4, 1
        bdnz    space
        addic.  r10, r10, -1
        bne     again
"""
    words = [small.pte(0x300 + n, 0x50001000, 0xA0000 + 4096 * n) for n in range(100)]
    session = agree(differential, small.guest(text, words), options={Option.CONTEXT_LIMIT: 64})
    assert session.counters()["context_wrap"] > 2
    roomy = agree(differential, small.guest(text, words))
    assert roomy.counters()["context_wrap"] == 0


@pytest.mark.parametrize("sdr1", [0x40000000, 0x00200000, 0x00080005, 0xFFFF01FF])
def test_a_hash_table_outside_memory_is_refused(small, sdr1):
    """Scenario 12: 64 KB at 0 instead; nothing of the host changes."""
    text = f"""
        load    r3, {sdr1:#x}
        mtsdr1  r3
        isync
        load    r20, 0x50001000
        lwz     r3, 0(r20)
        stw     r3, 0(r20)
        mfspr   r7, sdr1
"""
    session = HostB(small.guest(text))
    machine = session.machine
    size = machine.symbols.address("rodata_end") - 0x4000
    assert session.run(1_000_000, until=machine.symbols.address("mac_entry")) == "address"
    before = machine.memory.read(0x4000, size)
    assert session.run(3_000_000) == "address"
    assert session.counters()["bad_sdr1"] >= 1
    assert machine.cpu.gpr[7] == sdr1 & 0xFFFF01FF
    assert machine.memory.read(0x4000, size) == before


# -- What the host takes away ----------------------------------------------------------------------

CHECKSUM = """
        li      r10, 6
        li      r3, 0
round:  load    r20, 0x50000ffc
        lis     r4, 2
        mtctr   r4
word:   lwzu    r5, 4(r20)
        add     r3, r3, r5
        xori    r3, r3, 0x5a
        stw     r3, 0(r20)
        bdnz    word
        addic.  r10, r10, -1
        bne     round
"""


@pytest.fixture(scope="session")
def checksum(small):
    """A guest that reads and writes 512 KB through pages."""
    return small.guest(CHECKSUM, [small.pte(5, 0x50001000 + 4096 * n, 0xA0000 + 4096 * n)
                                  for n in range(128)], size=2 << 20)


def test_evicted_entries_come_back(differential, checksum):
    """Scenario 13: the records are used again."""
    quiet = agree(differential, checksum, limit=10_000_000).counters()
    session = agree(differential, checksum, limit=10_000_000, tick=20_000,
                    flags=Flag.EVICT_AT_TICK)
    assert session.result("ticks") > 5
    assert session.counters()["pte_reused"] > quiet["pte_reused"] + 100


@pytest.mark.parametrize("options", [{}, {Option.PRIVATE_HASH: 1}], ids=["shared", "private"])
def test_all_memory_moves_twice_during_a_checksum(differential, checksum, options):
    """Scenario 17: every page gets another frame; what was in the old ones is not used any more."""
    session = agree(differential, checksum, limit=10_000_000, tick=120_000,
                    flags=Flag.SWAP_AT_TICK, options=options)
    assert session.result("swaps") >= 2 * 512
    assert session.counters()["do_flush"] >= 2 * 512


# -- The guest's hash table ------------------------------------------------------------------------

CHANGE = """
        load    r20, 0x50001000
        lwz     r4, 0(r20)
        load    r21, {entry:#x}
        load    r22, 0x41012
        {store}
        lwz     r5, 0(r20)
"""


def changed(small, store, **session):
    """A guest that changes an entry in use without tlbie; r4 and r5 are what it reads there."""
    entry = small.pte_at(5, 0x50001000)
    text = CHANGE.format(entry=entry, store=store)
    words = [small.pte(5, 0x50001000, 0x40000), {0x40000: 0x11, 0x41000: 0x22}]
    session = hosted(small.guest(text, words), **session)
    return session, session.machine.cpu.gpr[4], session.machine.cpu.gpr[5]


def test_a_changed_entry_takes_effect_without_tlbie(small):
    """Scenario 19."""
    session, before, after = changed(small, "stw r22, 4(r21)")
    assert (before, after) == (0x11, 0x22)
    assert session.counters()["pt_intercept_taken"] == 1


def test_stores_to_unused_entries_stay_in_assembly(small):
    """Scenario 20."""
    text = """
        load    r21, 0x8ff00
        stw     r21, 0(r21)
        {loop}
"""
    loop = """li r3, 1000
        mtctr   r3
1:      stw     r3, 0(r21)
        bdnz    1b
"""
    many, one = (hosted(small.guest(text.format(loop=code))).counters() for code in (loop, ""))
    assert many["pt_intercept_not_taken"] - one["pt_intercept_not_taken"] == 1000
    for name in ("kernel_calls", "ptes_zeroed", "pt_intercept_taken"):
        assert many[name] == one[name]


STORES = {
    "stb": "li r23, 0x10\n        stb r23, 6(r21)", "sth": "li r23, 5\n        sth r23, 4(r21)",
    "stwu": "stwu r22, 4(r21)", "stwx": "li r23, 4\n        stwx r22, r21, r23",
    "stbu": "li r23, 0x10\n        stbu r23, 6(r21)",
    "sthx": "li r23, 4\n        li r24, 5\n        sthx r24, r21, r23",
    "stwbrx": "li r23, 4\n        load r24, 0x12100400\n        stwbrx r24, r21, r23",
    "stwcx.": "li r23, 4\n        lwarx r24, r21, r23\n        stwcx. r22, r21, r23",
    "stswi": "mr r23, r22\n        addi r24, r21, 4\n        stswi r23, r24, 4",
}


@pytest.mark.parametrize("store", STORES)
def test_every_store_to_an_entry_is_noticed(small, store):
    """Scenario 21."""
    session, before, after = changed(small, STORES[store])
    assert session.counters()["pt_intercept_taken"] == 1
    assert before == 0x11 and after != 0x11


def block_guest(small, store):
    """Four entries of one cache block are in use; `store` clears them all."""
    eas = [0x50001000, 0x50401000, 0x50801000, 0x50C01000]
    text = "".join(f"        load r20, {ea:#x}\n        lwz r3, 0(r20)\n" for ea in eas)
    text += f"        load r21, {small.pte_at(5, eas[0]):#x}\n        {store}\n"
    text += "".join(f"        load r20, {ea:#x}\n        li r{10 + n}, 0\n"
                    f"        lwz r{10 + n}, 0(r20)\n" for n, ea in enumerate(eas))
    words = [small.pte(5, ea, 0x40000, slot=n) for n, ea in enumerate(eas)] + [{0x40000: 0x11}]
    return small.guest(text, words)


CLEAR_BLOCK = {"dcbz": "dcbz 0, r21",
               "stmw": "".join(f"li r{n}, 0\n        " for n in range(24, 32)) + "stmw r24, 0(r21)"}


@pytest.mark.parametrize("store", CLEAR_BLOCK)
def test_block_stores_flush_every_entry(small, store):
    """Scenario 21: dcbz and stmw; with the fault of the original, stale mappings are left."""
    for options in ({}, {Option.BLOCK_INTERCEPT: 1}):
        session = hosted(block_guest(small, CLEAR_BLOCK[store]), options=options)
        seen = [session.machine.cpu.gpr[10 + n] for n in range(4)]
        assert (0x11 in seen) == bool(options)
        assert (session.counters()["mac_page_fault"] == 4) == (not options)


def test_a_device_that_writes_the_hash_table_is_noticed(small):
    """Scenario 22: the user part announces what its devices write."""
    store = """load r3, 0x113724fa
        load    r9, 0x77810f9b
        mr      r10, r4
        mr      r4, r9
        li      r5, 40
        addi    r6, r21, 4
        load    r7, 0x42000
        li      r8, 4
        sc
        mr      r4, r10
"""
    entry = small.pte_at(5, 0x50001000)
    words = [small.pte(5, 0x50001000, 0x40000), {0x40000: 0x11, 0x41000: 0x22, 0x42000: 0x41012}]
    session = hosted(small.guest(CHANGE.format(entry=entry, store=store), words))
    assert session.machine.cpu.gpr[3] == 0
    assert (session.machine.cpu.gpr[4], session.machine.cpu.gpr[5]) == (0x11, 0x22)


def test_a_storm_of_tlbie_flushes_nothing(differential, small):
    """Scenario 23: KVM's policy flushes; both are right."""
    text = """
        load    r20, 0x50001000
        li      r10, 100
1:      li      r3, 64
        mtctr   r3
        load    r21, 0x50000000
2:      tlbie   r21
        addi    r21, r21, 0x1000
        bdnz    2b
        sync
        lwz     r3, 0(r20)
        add     r4, r4, r3
        addic.  r10, r10, -1
        bne     1b
"""
    words = [small.pte(5, 0x50001000, 0x40000), {0x40000: 3}]
    quiet = agree(differential, small.guest("", words)).counters()
    mol = agree(differential, small.guest(text, words)).counters()
    kvm = agree(differential, small.guest(text, words),
                options={Option.TLBIE_FLUSHES: 1}).counters()
    assert mol["tlbie"] == kvm["tlbie"] == 6400
    assert mol["ptes_zeroed"] == quiet["ptes_zeroed"]
    assert kvm["ptes_zeroed"] - quiet["ptes_zeroed"] >= 100


@pytest.mark.parametrize("hack", [False, True])
def test_stale_blocks_appear_only_with_the_bat_hack(differential, small, hack):
    """After 256 changes of BATs the original stopped to flush."""
    text = """
        li      r3, 0x12
        mtspr   dbat0l, r3
        lis     r4, 0x5000
        ori     r4, r4, 3
        li      r5, 200
        mtctr   r5
1:      mtspr   dbat0u, r4
        li      r6, 0
        mtspr   dbat0u, r6
        bdnz    1b
        lis     r3, 4
        ori     r3, r3, 0x12
        mtspr   dbat0l, r3
        mtspr   dbat0u, r4
        isync
        load    r20, 0x50000000
        lwz     r7, 0x1000(r20)
        mtspr   dbat0u, r6
        lis     r3, 6
        ori     r3, r3, 0x12
        mtspr   dbat0l, r3
        mtspr   dbat0u, r4
        isync
        lwz     r9, 0(r20)
        lwz     r8, 0x1000(r20)
"""
    guest = small.guest(text, [{0x41000: 0x11, 0x61000: 0x22}])
    if hack:
        session = hosted(guest, options={Option.BAT_HACK: 1})
        assert [session.machine.cpu.gpr[n] for n in (7, 8)] == [0x11, 0x11]
    else:
        session = agree(differential, guest)
        assert [session.machine.cpu.gpr[n] for n in (7, 8)] == [0x11, 0x22]
    assert session.counters()["do_mtbat"] > 256


# -- Exceptions, time, floating point, devices -----------------------------------------------------

EXCEPTIONS = {
    0x300: "lis r20, 0x7000\n        lwz r3, 0(r20)",
    0x400: "lis r20, 0x7000\n        mtctr r20\n        bctrl",
    0x600: "li r20, 0x2002\n        lwarx r3, 0, r20",
    0x700: "twi 31, r3, 0",
    0x800: "fadd f1, f1, f1",
    0xC00: "sc",
    0xD00: "load r3, 0x1432\n        mtmsr r3\n        nop\n        mfmsr r4\n        nop\n"
           "        li r3, 0x1032\n        mtmsr r3",
}


@pytest.mark.parametrize("vector", EXCEPTIONS, ids=hex)
def test_exceptions_of_the_guest_are_those_of_the_bare_machine(differential, small, vector):
    """Scenario 32: SRR0, SRR1, DAR and DSISR are in the log, which is compared."""
    session = agree(differential, small.guest(f"        {EXCEPTIONS[vector]}\n"))
    assert int.from_bytes(session.read(0x20000, 4), "big") == vector
    assert session.counters()["mac_trap"] > 0


def test_privileged_registers_read_as_on_the_bare_machine(differential, small):
    """Scenario 33."""
    text = """
        mfpvr   r4
        mfspr   r5, hid0
        mfspr   r6, hid1
        mfmsr   r7
        mfsr    r8, 5
        mfspr   r9, sdr1
        li      r3, 0x7f
        mtspr   ear, r3
        mfspr   r10, ear
        mtsprg  1, r7
        mfsprg  r11, 1
        mfspr   r12, dbat3u
"""
    session = agree(differential, small.guest(text))
    assert session.machine.cpu.gpr[4] == 0x00080301


DECREMENTER = """
        li      r10, 0
        mftb    r11
        li      r3, 400
        mtdec   r3
        load    r3, 0x9032
        mtmsr   r3
1:      mftb    r12
        subf    r12, r11, r12
        cmpwi   r12, 4000
        blt     1b
        li      r3, 0x1032
        mtmsr   r3
"""


def counting(small, text):
    """Vector 0x900 counts in r10 and sets the decrementer again."""
    guest = small.guest(text)
    guest.memory[0x900] = as_bytes([encode("addi", rD=10, rA=10, SIMM=1),
                                    encode("addi", rD=13, rA=0, SIMM=399), to_spr("DEC", 13),
                                    encode("rfi")])
    return guest


def test_the_decrementer_interrupts_as_often_as_on_the_bare_machine(differential, small):
    """Scenario 34, in time of the time base; no interrupt while EE = 0, one afterwards."""
    guest = counting(small, DECREMENTER)
    judge = bare(guest)
    assert judge.run(instructions=1_000_000, until=small.STOP) == "address"
    for tick in (0, 150):
        session = hosted(guest, tick=tick)
        assert abs(session.machine.cpu.gpr[10] - judge.cpu.gpr[10]) <= 1
        assert judge.cpu.gpr[10] >= 8
    waiting = """
        li      r10, 0
        li      r3, 20
        mtdec   r3
        mftb    r11
1:      mftb    r12
        subf    r12, r11, r12
        cmpwi   r12, 2000
        blt     1b
        mr      r14, r10
        load    r3, 0x9032
        mtmsr   r3
        nop
        mr      r15, r10
        li      r3, 0x1032
        mtmsr   r3
"""
    session = hosted(counting(small, waiting))
    assert [session.machine.cpu.gpr[n] for n in (14, 15)] == [0, 1]
    assert session.counters()["DEC_exception"] == 1


def test_floating_point_registers_are_the_guests(differential, small):
    """Scenario 35, one side: the processor's registers stay loaded over many exits."""
    text = """
        load    r3, 0x3032
        mtmsr   r3
        li      r20, 0x2100
        lis     r3, 0x4009
        stw     r3, 0(r20)
        stw     r3, 4(r20)
        lfd     f1, 0(r20)
        li      r4, 20
        mtctr   r4
1:      fadd    f2, f2, f1
        fmul    f3, f2, f1
        mfmsr   r5
        mtsr    9, r4
        bdnz    1b
        stfd    f3, 8(r20)
"""
    for tick in (0, 150):
        session = agree(differential, small.guest(text), tick=tick)
        assert session.counters()["enable_fpu"] == 1


MMIO = [("stb r4, 0x100(r30)", "write 0e000100 00001100 00000001 00000044"),
        ("sth r4, 0x102(r30)", "write 0e000102 00001100 00000002 00003344"),
        ("stw r4, 0x104(r30)", "write 0e000104 00001100 00000004 11223344"),
        ("addi r20, r30, 0x100\n        stwu r4, 8(r20)",
         "write 0e000108 00001108 00000004 11223344"),
        ("li r20, 0x110\n        stwbrx r4, r30, r20", "write 0e000110 00001110 00000004 44332211"),
        ("li r20, 0x112\n        sthbrx r4, r30, r20", "write 0e000112 00001110 00000002 00004433"),
        ("li r20, 0x118\n        stbx r4, r30, r20", "write 0e000118 00001118 00000001 00000044")]
LOADS = [("lwz r4, 0x100(r30)", 0x01020304), ("lhz r4, 0x100(r30)", 0x0102),
         ("lbz r4, 0x100(r30)", 0x01), ("lha r4, 0x107(r30)", None),
         ("li r20, 0x100\n        lwbrx r4, r30, r20", 0x04030201),
         ("li r20, 0x100\n        lhbrx r4, r30, r20", 0x0201),
         ("addi r20, r30, 0xf8\n        lwzu r4, 8(r20)", 0x01020304)]


def test_devices_see_address_size_and_value(small):
    """Scenario 36: the cookie is that of the 8 bytes."""
    text = DEVICE + "        load r4, 0x11223344\n"
    text += "".join(f"        {code}\n" for code, _ in MMIO) + END
    session = finished(small.guest(text))
    lines = session.machine.console.read().decode().splitlines()
    assert lines == [line for _, line in MMIO]
    assert session.counters()["io_read_write"] >= len(MMIO)


def test_devices_are_read(small):
    """Scenario 36: loads, with update and byte-reversed."""
    for code, value in LOADS:
        session = hosted(small.guest(DEVICE + f"        {code}\n"))
        if value is not None:
            assert session.machine.cpu.gpr[4] == value, code
        if "u r4" in code:
            assert session.machine.cpu.gpr[20] == 0xE0000100


@pytest.mark.parametrize("access", ["stw r4, 0(r29)", "lwz r4, 0(r29)"])
def test_nobody_answers_at_an_address(small, access):
    """A machine check, whatever instruction has left the guest before."""
    before = "lwz r5, 4(r30)" if access.startswith("s") else "stw r5, 4(r30)"
    text = DEVICE + """
        load    r3, 0x0f00002a
        mtspr   dbat1l, r3
        load    r3, 0xd0000003
        mtspr   dbat1u, r3
        isync
        lis     r29, 0xd000
"""
    session = hosted(small.guest(f"{text}        {before}\n        {access}\n        nop\n"))
    assert session.machine.console.read() == b""
    log = [int.from_bytes(session.read(0x20000 + at, 4), "big") for at in (0, 32)]
    assert log == [0x200, 0]


def test_hypercalls(small):
    """Scenario 37: without the magics sc is the guest's own."""
    call = """
        load    r3, 0x113724fa
        load    r4, 0x77810f9b
        li      r5, {selector}
        li      r6, {argument}
        sc
        mr      r{result}, r3
"""
    text = (call.format(selector=0, argument=4, result=20)
            + call.format(selector=0, argument=99, result=21)
            + call.format(selector=4, argument=ord("!"), result=22)
            + call.format(selector=99, argument=0, result=23)
            + call.format(selector=4, argument=ord("?"), result=24).replace("77810f9b", "77810f9a"))
    session = hosted(small.guest(text))
    gpr = session.machine.cpu.gpr
    assert [gpr[n] for n in (20, 21, 23)] == [1, 0, 0xFFFFFFFF]
    assert session.machine.console.read() == b"!MOL: unknown hypercall 00000063\n"
    assert int.from_bytes(session.read(0x20000, 4), "big") == 0xC00


def test_a_dozing_guest_wakes_by_its_decrementer(small):
    """Scenario 40."""
    text = """
        li      r10, 0
        lis     r3, 0x80
        mfspr   r4, hid0
        or      r4, r4, r3
        mtspr   hid0, r4
        li      r3, 500
        mtdec   r3
        load    r3, 0x49032
        sync
        mtmsr   r3
        isync
        mr      r14, r10
        mfmsr   r15
"""
    session = hosted(counting(small, text))
    assert session.machine.cpu.gpr[14] == 1
    assert session.machine.cpu.gpr[15] & 0x40000 == 0
