"""Two processors that get in each other's way come to an end, whenever each has begun: a lock that
goes to and fro, and invalidations of TLB entries without the lock that all systems have for them.
"""

import pytest
from pages import TRANSLATE, enter

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0

WORD, COUNTER, TIMES = 0x8000, 0x8040, 12
PAGE, EA = 0x20000, 0x40003000

#: After a delay each increments a counter so many times, under a lock.
LOCK = """
_start: mtctr   r26
1:      bdnz    1b
        mtctr   r5
2:      {spin}
        lwarx   r6, 0, r3
        cmpwi   r6, 0
        bne-    2b
        stwcx.  r31, 0, r3
        bne-    2b
        isync
        lwz     r7, 64(r3)
        addi    r7, r7, 1
        stw     r7, 64(r3)
        sync
        stw     r10, 0(r3)
        bdnz    2b
end:    b       end
"""
SPIN = {"lwarx": "", "lwz": "lwz r6, 0(r3)\n cmpwi r6, 0\n bne- 2b"}
#: Each stores to its block of a page that both use, and invalidates the page's TLB entries, so that
#: its own next store and the other one's need a table search; `r24` is the block.
TLBIE = f"""
_start:
{TRANSLATE}
        mtctr   r26
1:      bdnz    1b
        mtctr   r5
1:      mfctr   r6
        stw     r6, 0(r24)
        sync
        tlbie   r24
        sync
        tlbsync
        sync
        addi    r20, r20, 1
        bdnz    1b
end:    b       end
"""


@pytest.fixture(scope="module")
def machine():
    return pteg.Machine("g3", rom="none", processors=2, ram="1M")


def cycles_until_both_end(machine, program, delays, limit):
    """Both begin in the same cycle, and wait so many turns of a loop. The limit bounds how long
    either can be kept from going on."""
    machine.reset()
    machine.load(program)
    machine.memory.write(WORD, bytes(128))
    machine.memory.write(PAGE, bytes(4096))
    enter(machine, EA, PAGE)
    machine.model.set_held(1, False)
    for number, (cpu, delay) in enumerate(zip(machine.cpus, delays, strict=True)):
        with cpu.changed() as state:
            state["pc"], state["msr"] = program.symbols["_start"], 0
            state["hid0"] = Hid0.ICE | Hid0.DCE | Hid0.ABE
            for register, value in ((3, WORD), (5, TIMES), (10, 0), (20, 0),
                                    (24, EA + 64 * number), (26, delay), (31, 1)):
                state["gpr"][0][register] = value
    begin = machine.cycle
    while any(cpu.pc != program.symbols["end"] for cpu in machine.cpus):
        assert machine.cycle - begin < limit, f"delays {delays}: no end"
        machine.run(cycles=200)
    return machine.cycle - begin


def sweep(machine, source, offsets, limit, check):
    program = assemble(source, sections={".text": 0x1000})
    longest = 0
    for offset in offsets:
        delays = (1 + max(offset, 0), 1 + max(-offset, 0))
        longest = max(longest, cycles_until_both_end(machine, program, delays, limit))
        check(delays)
    print("at most", longest, "cycles")


FEW = range(-8, 9, 4)
MANY = [pytest.param(FEW, id="few"),
        pytest.param(range(-64, 65), id="many", marks=pytest.mark.slow)]


@pytest.mark.parametrize("offsets", MANY)
@pytest.mark.parametrize("spin", SPIN)
def test_a_lock_goes_from_one_to_the_other_at_all_offsets(machine, spin, offsets):
    def check(delays):
        assert machine.memory.read_word(COUNTER) == 2 * TIMES, delays
        assert machine.memory.read_word(WORD) == 0, delays

    # Some 500 cycles from one owner to the next.
    sweep(machine, LOCK.format(spin=SPIN[spin]), offsets, 2 * TIMES * 700, check)


@pytest.mark.parametrize("offsets", MANY)
def test_invalidations_by_two_processors_without_a_lock_end(machine, offsets):
    def check(delays):
        assert [cpu.gpr[20] for cpu in machine.cpus] == [TIMES, TIMES], delays
        # The last store of each, through a translation that was searched again.
        assert [machine.memory.read_word(PAGE + 64 * n) for n in range(2)] == [1, 1], delays

    sweep(machine, TLBIE, offsets, TIMES * 500, check)
