"""Blocks change nothing but the speed: random programs run with and without them.

After every few instructions both processors must have the same registers, TLBs, counts and events,
and at the end the same memory.
"""

import random

import numpy as np
import pytest

from pteg.components.dram import Dram
from pteg.components.rom import Rom
from pteg.cpu import Limits, Stop
from pteg.functional import FunctionalCpu
from pteg.hw.isa.instructions import FIELDS
from pteg.hw.isa.registers import SPR_BY_NAME, Msr
from pteg.lockstep.encoding import encode
from pteg.lockstep.random_programs import STOP, Options, random_program
from pteg.platform import Platform
from pteg.state import differences

CODE, COPY, TABLE, DATA = 0x40000, 0x60000, 0x100000, 0x200000
KEPT = ("tlb_tag", "tlb_word", "tlb_order", "cycles", "time_synced", "decrementer", "uncompleted",
        "exceptions", "walks", "walk_ptes")


class Side:
    """A processor with memory of its own."""

    def __init__(self, blocks):
        self.ram, self.rom = Dram(size=4 << 20), Rom()
        self.cpu = FunctionalCpu(Platform([self.ram, self.rom]), blocks=blocks)
        self.events = []

    def start(self, memory, state):
        self.ram.memory[:] = 0
        for address, data in memory.items():
            place, offset = ((self.rom, address - self.rom.base) if address >= self.rom.base
                             else (self.ram, address))
            place.memory[offset:offset + len(data)] = np.frombuffer(data, np.uint8)
        self.cpu.reset()
        self.events.clear()
        self.cpu.set_state(state)

    def log(self):
        self.cpu.ledger(lambda rows: self.events.extend(map(tuple, rows)))


class Pair:
    """The same machine twice, with and without blocks."""

    def __init__(self):
        self.sides = Side(True), Side(False)

    def start(self, memory, *, pc, msr=0, gpr=(), logged=True, **registers):
        state = self.sides[0].cpu.get_state()
        state[:] = 0
        state["pc"], state["msr"] = pc, msr
        for name, value in registers.items():
            state[name] = value
        for number, value in gpr:
            state["gpr"][0, number] = value
        for side in self.sides:
            side.cpu.ledger(None)
            side.start(memory, state)
            if logged:
                side.log()

    def run(self, limits, what):
        stops = [side.cpu.run(limits) for side in self.sides]
        (fast, slow), (ours, theirs) = self.sides, [side.cpu for side in self.sides]
        assert stops[0] == stops[1], what
        assert not differences(ours.get_state(), theirs.get_state()), (what, ours.cycle)
        for name in KEPT:
            assert np.array_equal(ours._model[name], theirs._model[name]), (what, name)
        assert fast.events == slow.events, what
        return stops[0]

    def same_memory(self):
        return np.array_equal(*(side.ram.memory for side in self.sides))


@pytest.fixture(scope="module")
def pair():
    return Pair()


def words(values):
    return b"".join(value.to_bytes(4, "big") for value in values)


def spr(name):
    return SPR_BY_NAME[name].number


@pytest.mark.parametrize("seed", range(60))
def test_whole_instruction_set(pair, seed):
    options = Options(user=seed % 3 == 1, translation=seed % 4 != 3, time=seed % 2 == 0,
                      floating=seed % 5 == 0, breakpoints=seed % 3 == 0,
                      conditions=seed % 2 == 1)
    program = random_program(seed, options)
    generator = random.Random(seed)
    pair.start(program.memory, pc=program.pc, msr=program.msr)
    for _ in range(2000):  # flushing the data cache takes long
        count = generator.choice((1, 2, 5, 30, 200))
        if pair.run(Limits(instructions=count, address=STOP), seed) is Stop.ADDRESS:
            break
    else:
        pytest.fail(f"program {seed} does not end")
    assert pair.same_memory()


class Mutant:
    """A loop that stores instructions into itself and changes how it is mapped.

    The loop is at 0x10040000 or, in real mode, at `CODE`. Segment 1 has one of two VSIDs, whose
    pages are `CODE` and `COPY`; an instruction BAT may cover them; the PTE of the first VSID is
    changed too. All copies have branches at the same places.
    """

    LENGTH = 2040   # words: the loop fills nearly two pages

    def __init__(self, seed, translated):
        self.random = random.Random(seed)
        self.translated = translated
        self.new = [encode("addi", rD=5, rA=5, SIMM=9), encode("xor", rA=6, rS=6, rB=5),
                    encode("rlwinm", rA=7, rS=6, SH=7, MB=0, ME=31),
                    encode("lwz", rD=8, rA=30, d=8),
                    encode("mfspr", rD=9, spr=spr("CTR")), encode("b", LI=2),
                    encode("mfmsr", rD=10), encode("bc", BO=12, BI=2, BD=2)]

    def instruction(self):
        choose = self.random.choice
        kind = self.random.randrange(20)
        at = 4 * self.random.randrange(self.LENGTH - 4)
        if kind == 0:
            # r20: where the code is for stores; r21, r22: the same inside the other page.
            return encode("stw", rS=choose(range(12, 20)), rA=20, d=at)
        if kind == 1:
            return encode(choose(("stb", "sth")), rS=5, rA=20, d=at + 2)
        if kind == 2:
            return encode("stwu", rS=choose(range(12, 20)), rA=29, d=4)
        if kind == 3 and self.translated:
            return choose([encode("mtsr", SR=1, rS=choose((23, 24))),
                           encode("stw", rS=choose((25, 26)), rA=27, d=4),
                           encode("tlbie", rB=28),
                           encode("mtspr", spr=spr("IBAT2U"), rS=choose((0, 11)))])
        if kind < 8:
            return encode("b", LI=choose((1, 2, 3)))
        if kind < 11:
            return encode("bc", BO=choose((4, 12)), BI=choose(range(8)), BD=choose((1, 2, 5)))
        if kind == 11:
            return encode("cmpi", crfD=choose((0, 1)), rA=5, SIMM=choose(range(99)))
        return choose([encode("addi", rD=5, rA=5, SIMM=choose(range(-99, 99))),
                       encode("add", rD=6, rA=6, rB=5, Rc=choose((0, 1))), *self.new[:4],
                       encode("stw", rS=6, rA=30, d=choose(range(0, 64, 4))),
                       encode("lbz", rD=7, rA=30, d=choose(range(64)))])

    def memory(self):
        copies = {}
        body = [self.instruction() for _ in range(self.LENGTH)]
        for base in (CODE, COPY):
            # The same loop with other constants here and there.
            own = [self.instruction() if self.random.random() < 0.1 else word for word in body]
            copies[base] = words([*own, encode("b", LI=-self.LENGTH)])
        for vsid, page in ((1, CODE), (2, COPY)):
            for number in range(2):
                index = 0x40 + number
                group = TABLE + (((vsid ^ index) & 0x3FF) << 6)
                pte = words([0x80000000 | vsid << 7, page + 4096 * number | 0x102])
                copies[group + 8 * (vsid + 2 * number)] = pte
        # After any exception: go on a little further than the last time.
        handler = words([encode("addi", rD=31, rA=31, SIMM=64),
                         encode("mtspr", spr=spr("SRR0"), rS=31),
                         encode("mtspr", spr=spr("SRR1"), rS=4), encode("rfi")])
        return copies | {vector: handler for vector in (0x200, 0x300, 0x400, 0x600, 0x700)}

    def registers(self):
        group = TABLE + ((1 ^ 0x40) << 6) + 8
        start = 0x10040000 if self.translated else CODE
        values = {4: int(Msr.IR) if self.translated else 0, 31: start, 5: 77,
                  11: 0x10000002 | 0xFFC, 20: CODE, 23: 1, 24: 2, 25: CODE | 0x102,
                  26: COPY | 0x102, 27: group, 28: 0x10040000, 29: CODE, 30: DATA}
        values |= dict(zip(range(12, 20), self.new, strict=True))
        return values


@pytest.mark.parametrize("translated", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_self_modifying_and_remapped_code(pair, seed, translated):
    mutant = Mutant(seed, translated)
    pair.start(mutant.memory(), pc=0x10040000 if translated else CODE,
               msr=int(Msr.IR) if translated else 0, gpr=mutant.registers().items(),
               sr=[0, 1, *[0] * 14], sdr1=TABLE, ibat2l=COPY & 0xFFFE0000 | 2, logged=seed % 2)
    for _ in range(150):
        pair.run(Limits(cycles=mutant.random.choice((1, 3, 17, 100, 800))), seed)
    assert pair.sides[0].cpu.instructions > 500
    assert pair.same_memory()


def test_interrupt_inside_a_block_comes_at_the_same_instruction(pair):
    loop = [*[encode("addi", rD=3, rA=3, SIMM=1)] * 50, encode("b", LI=-50)]
    handler = [encode("addi", rD=4, rA=4, SIMM=1), encode("mfspr", rD=5, spr=spr("SRR0")),
               encode("add", rD=6, rA=6, rB=5), encode("mtspr", spr=spr("DEC"), rS=7),
               encode("rfi")]
    pair.start({CODE: words(loop), 0x900: words(handler)}, pc=CODE, msr=int(Msr.EE), dec=13,
               gpr=[(7, 11)])
    for count in (1, 100, 999, 3000):
        pair.run(Limits(instructions=count), count)
    assert int(pair.sides[0].cpu.get_state()["gpr"][0, 4]) > 15


@pytest.mark.parametrize("limit", [{"instructions": 333}, {"cycles": 333}, {"address": CODE + 44},
                                   {"address": CODE}])
def test_limits_inside_blocks(pair, limit):
    loop = [*[encode("addi", rD=3, rA=3, SIMM=1)] * 50, encode("b", LI=-50)]
    pair.start({CODE: words(loop)}, pc=CODE)
    for _ in range(5):
        pair.run(Limits(**limit), limit)


def test_code_in_rom_copied_and_executed(pair):
    base = 0xFFF00000
    program = [encode("addis", rD=3, rA=0, SIMM=-16), encode("addi", rD=4, rA=0, SIMM=0x4000),
               encode("addi", rD=5, rA=0, SIMM=64), encode("mtspr", spr=spr("CTR"), rS=5),
               encode("lwz", rD=6, rA=3, d=0), encode("stw", rS=6, rA=4, d=0),
               encode("addi", rD=3, rA=3, SIMM=4), encode("addi", rD=4, rA=4, SIMM=4),
               encode("bc", BO=16, BI=0, BD=-4), encode("b", AA=1, LI=0x4000 // 4 + 11),
               encode("b", LI=0), encode("addi", rD=7, rA=7, SIMM=1), encode("b", LI=-1)]
    for logged in (False, True):
        pair.start({base: words(program)}, pc=base, logged=logged)
        pair.run(Limits(instructions=1000), "ROM")
        assert int(pair.sides[0].cpu.get_state()["gpr"][0, 7]) > 300


def test_page_table_outside_ram(pair):
    """The answers to a search are not taken for those to the access that comes after it."""
    base = 0xFFF00000
    number = base >> 12 & 0xFFFF
    entry = words([0x80000000 | number >> 10, 0xFFF00000 | 0x182])
    table = {base + ((number & 0x3FF) << 6) + 8: entry}
    program = [encode("lmw", rD=20, rA=3, d=0), encode("b", LI=0)]
    pair.start({CODE: words(program), base + 0x800: words(range(1, 13))} | table, pc=CODE,
               msr=int(Msr.DR), gpr=[(3, base + 0x800)], sdr1=base,
               sr=[0] * 16)
    pair.run(Limits(instructions=3), "table")
    assert list(pair.sides[0].cpu.get_state()["gpr"][0, 20:]) == list(range(1, 13))


def test_memory_written_from_outside_is_executed(pair):
    loop = [encode("addi", rD=3, rA=3, SIMM=1), encode("b", LI=-1)]
    pair.start({CODE: words(loop)}, pc=CODE)
    pair.run(Limits(instructions=100), "before")
    patched = np.frombuffer(words([encode("addi", rD=3, rA=3, SIMM=5)]), np.uint8)
    for side in pair.sides:
        side.ram.memory[CODE:CODE + 4] = patched
        side.cpu.memory_changed(CODE, patched.tobytes())
    pair.run(Limits(instructions=100), "after")
    assert int(pair.sides[0].cpu.get_state()["gpr"][0, 3]) == 50 + 250


def test_fields_of_known_bits_lie_in_the_word():
    from pteg.functional.forms import FORMS

    assert "spr" in FIELDS
    for form in FORMS[2:]:
        assert form.bits & ~form.known == 0
