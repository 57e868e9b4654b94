"""Loads and stores in time: what MPC750 UM 6.4.4 and table 6-8 say of accesses that hit."""

import pytest

import pteg
from pteg.firmware.asm import assemble

CODE, DATA = 0x1000, 0x8000
ROUNDS = (40, 240)

TEXT = """
    .org 0x1000
        lis     3, 0
        ori     3, 3, 0x8000
        stw     3, 0(3)
loop:   {body}
        bdnz    loop
done:   b       done
"""


def cycles_a_round(body, hid0=0xC000, delay=60):
    """Cycles that a loop around `body` takes when the caches are warm."""
    image = assemble(TEXT.format(body="\n        ".join(body)), sections={".text": CODE})
    machine = pteg.Machine("g3", cpu="pipeline", ram="1M")
    machine.memory.write(CODE, image.image(CODE))
    taken = []
    for rounds in ROUNDS:
        machine.reset()
        machine.cpu.msr, machine.cpu.spr["HID0"] = 0x1000, hid0
        machine.cpu.ctr, machine.cpu.pc = rounds, CODE
        machine.run(until=image.symbols["done"], cycles=100_000)
        taken.append(machine.cycle)
    return (taken[1] - taken[0]) / (ROUNDS[1] - ROUNDS[0])


@pytest.mark.parametrize("body, cycles", [
    (["lwz 3, 0(3)"] * 16, 32),                                     # each waits for the one before
    ([f"lwz {n % 8 + 4}, {4 * n}(3)" for n in range(16)], 16),      # none waits
    ([f"stw {n % 8 + 4}, {4 * n + 32}(3)" for n in range(16)], 16),
])
def test_hits_take_two_cycles_and_one_begins_each_cycle(body, cycles):
    assert cycles_a_round(body) == pytest.approx(cycles, abs=1)


def test_a_load_waits_for_an_older_store_to_the_same_bytes_only():
    other = cycles_a_round(["stw 5, 8(3)", "lwz 6, 16(3)"] * 8)
    same = cycles_a_round(["stw 5, 8(3)", "lwz 6, 8(3)"] * 8)
    assert other <= 17 and same >= other + 8


def test_a_load_of_another_block_is_not_held_up_by_a_miss():
    """Blocks 4 KB apart, nine of one set: each is a miss, and a hit is behind each."""
    misses = [f"lwz 4, {0x1000 * n - 0x8000}(7)" for n in range(9)]
    alone = cycles_a_round(["addi 7, 3, 0", *misses])
    beside = cycles_a_round(["addi 7, 3, 0", *(
        line for miss in misses for line in (miss, "lwz 5, 32(3)", "lwz 6, 40(3)"))])
    assert beside <= alone + 9
