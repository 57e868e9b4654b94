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


def test_loads_do_not_wait_for_the_data_of_an_older_store():
    chain = ["lwz 6, 0(3)", "lwz 6, 0(6)", "lwz 6, 0(6)"]
    alone = cycles_a_round(["divw 4, 3, 3", *chain])
    beside = cycles_a_round(["divw 4, 3, 3", "stw 4, 8(3)", *chain])
    assert beside <= alone + 2


_STORED = {     # what each store makes of 0x00020304, most significant byte first
    "stb": "04", "sth": "0304", "stw": "00020304", "sthbrx": "0403", "stwbrx": "04030200"}


@pytest.mark.parametrize("store", _STORED)
def test_a_store_gets_data_that_are_computed_late_in_the_right_bytes(store):
    """At each offset in a double word; the second store waits until the first has its data."""
    size = len(_STORED[store]) // 2
    offsets = range(0, 9 - size)
    lines = []
    for number, offset in enumerate(offsets):
        for place in (64 * number + offset, 64 * number + 32 + offset):
            lines += ["mullw 8, 5, 6",
                      f"{store} 8, 4, 9" if store.endswith("x") else f"{store} 8, {place}(3)",
                      "lwz 10, 1024(3)"]
            if store.endswith("x"):
                lines[-3:-2] = [f"addi 9, 3, {place - 0x100}", "li 4, 0x100", "mullw 8, 5, 6"]
    found = _memory_after(lines)
    for number, offset in enumerate(offsets):
        for start in (64 * number, 64 * number + 32):
            assert found[start:start + 8].hex() == \
                ("ff" * offset + _STORED[store]).ljust(16, "f"), (start, offset)


def test_a_store_is_not_written_before_its_data_are_there():
    """What it stores is computed when it could retire: in the cycle in which that is the oldest."""
    found = _memory_after([line for n in range(16) for line in (
        "lwz 8, 1024(3)", "addi 8, 5, 0" if n % 2 else "add 8, 5, 8",
        *["lwz 10, 1032(3)"] * (n // 2), f"stw 8, {8 * n}(3)",
        "lwz 9, 1028(3)", f"add 9, 9, {5 if n % 2 else 6}", f"stw 9, {8 * n + 4}(3)")])
    for n in range(16):
        first, second = (0x20304, 0x20303) if n % 2 else (0x20303, 0)
        assert found[8 * n:8 * n + 8].hex() == f"{first:08x}{second:08x}", n


def test_a_store_that_waits_for_data_is_dropped_with_a_wrong_path():
    """The branch is predicted wrongly; its path stores in between what both paths store."""
    found = _memory_after([
        "mullw 8, 5, 6", "stw 8, 0(3)",
        "divw. 9, 5, 6", "beq+ wrong", "mullw 8, 5, 5", "stw 8, 8(3)", "b done",
        "wrong: mullw 8, 5, 6", "stw 8, 4(3)", "mullw 8, 5, 6", "stw 8, 8(3)"])
    assert found[:12].hex() == "00020304" + "ffffffff" + f"{0x20304 ** 2 & 0xFFFFFFFF:08x}"


def _memory_after(lines):
    """Bytes at DATA, all FF before, after lines that find 0x20304 in r5, 1 in r6."""
    text = TEXT.format(body="\n        ".join(lines)).replace("        stw     3, 0(3)\n", "")
    image = assemble(text, sections={".text": CODE})
    machine = pteg.Machine("g3", cpu="pipeline", ram="1M")
    machine.memory.write(CODE, image.image(CODE))
    machine.memory.write(DATA, b"\xff" * 2048)
    machine.reset()
    machine.cpu.msr, machine.cpu.spr["HID0"] = 0x1000, 0xC000
    machine.cpu.ctr, machine.cpu.pc = 1, CODE
    machine.cpu.gpr[5], machine.cpu.gpr[6] = 0x20304, 1
    machine.run(until=image.symbols["done"], cycles=100_000)
    return machine.memory.read(DATA, 1024)
