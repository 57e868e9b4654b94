"""An interrupted run and an uninterrupted one are the same, byte by byte.

Saved and restored at random cycles, in this process and in new ones, with what memory does not
have: code that was stored and never flushed, memory that is accessed cached and inhibited, an L2,
and DMA under way.
"""

import random
import subprocess
import sys

import numpy as np
import pytest

import pteg
from pteg.checkpoint import container
from pteg.components.copier import BUSY
from pteg.cpu import Stop
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0, Msr
from pteg.lockstep.random_programs import DATA, DATA_BYTES, STOP, Options, random_program
from pteg.state import differences

CPUS = ("functional", "pipeline")
L2CR = 0x92000000   # enabled, 256 KB, at the core's clock

#: Memory is mapped twice: cached from 0 on, inhibited from 0x80000000 on.
BATS = {"ibat0u": 0x3E, "ibat0l": 0x2, "dbat0u": 0x3E, "dbat0l": 0x2,
        "dbat1u": 0x0C000002, "dbat1l": 0x0C00002A, "dbat2u": 0x8000003E, "dbat2l": 0x22}
#: By the bits of a random number in r20: stores and loads both ways, copies by DMA, and changes the
#: code at 0x8000, hardly ever telling the caches. r3 depends on all of it.
WILD = assemble("""
        .org    0x1000
_start: lis     r10,0x0c00
        ori     r10,r10,0x6000
        lis     r11,2           # 128 KB from 0x20000 on
        lis     r12,0x8002      # the same, inhibited
        lis     r13,0x3863      # addi r3,r3,0
        lis     r21,0x19
        ori     r21,r21,0x660d
loop:   mullw   r20,r20,r21
        addis   r20,r20,0x3c6f
        addi    r20,r20,0x735f
        rlwinm  r4,r20,20,15,29
        andi.   r0,r20,0x8000
        beq     read
        andi.   r0,r20,0x4000
        beq     alias
        stwx    r20,r11,r4
        b       code
alias:  stwx    r3,r12,r4
        b       code
read:   andi.   r0,r20,0x4000
        beq     raw
        lwzx    r5,r11,r4
        b       taken
raw:    lwzx    r5,r12,r4
taken:  add     r3,r3,r5
code:   andi.   r0,r20,0x3000
        bne     call
        rlwimi  r13,r20,24,16,31
        rlwinm  r5,r20,14,27,29
        ori     r5,r5,0x8000
        stw     r13,0(r5)
        andi.   r0,r20,0x0c00
        bne     call
        andi.   r0,r20,0x0200
        beq     forget
        dcbst   0,r5
        sync
forget: icbi    0,r5
        isync
call:   andi.   r0,r20,0x0800
        beq     copy
        li      r5,0
        ori     r5,r5,0x8000
        mtctr   r5
        bctrl
copy:   andi.   r0,r20,0x0600
        bne     loop
        lwz     r5,12(r10)
        andi.   r5,r5,1
        bne     loop
        rlwinm  r5,r20,4,15,28
        add     r5,r5,r11
        add     r6,r4,r11
        stw     r5,0(r10)
        stw     r6,4(r10)
        li      r5,0x168
        stw     r5,8(r10)
        li      r5,1
        eieio
        stw     r5,12(r10)
        b       loop
        .org    0x8000
        .rept   8
        nop
        .endr
        blr
""", sections={".text": 0})


def machine(cpu, l2=0, **state):
    m = pteg.Machine("g3", cpu=cpu, ram="4M", dma=True, l2=l2, rom="none")
    with m.cpu.changed() as changed:
        changed["hid0"] = Hid0.ICE | Hid0.DCE | Hid0.BHT | Hid0.BTIC
        changed["l2cr"] = L2CR if l2 else 0
        for name, value in state.items():
            changed[name] = value
    return m


def wild(cpu, seed, l2=0):
    m = machine(cpu, l2, pc=0x1000, msr=Msr.IR | Msr.DR | Msr.ME, **BATS)
    m.memory.write(0, WILD.image(0))
    with m.cpu.changed() as state:
        state["gpr"][0][20] = seed
    return m


def random_one(cpu, seed, l2=0):
    """A random program, while DMA copies from one half of its data to the other."""
    choice = random.Random(seed)
    program = random_program(seed, Options(length=400, floating=choice.random() < 0.3))
    m = machine(cpu, l2, pc=program.pc, msr=program.msr)
    for address, data in program.memory.items():
        m.memory.write(address, data)
    dma = m.platform["copier"].state
    dma["source"] = dma["bus_address"] = DATA
    dma["destination"], dma["length"] = DATA + DATA_BYTES // 2, DATA_BYTES // 2
    dma["bus_size"], dma["control"] = 32, BUSY
    return m


def cut(m, cycles, chance, path, parts=6):
    """Run so many cycles, saved and restored some times."""
    end = m.cycle + cycles
    for cycle in sorted(chance.sample(range(m.cycle + 1, end), parts)):
        m.run(cycles=cycle - m.cycle)
        m.save(path)
        m = pteg.Machine.restore(path)
        assert m.restored == "exact"
    m.run(cycles=end - m.cycle)
    return m


def difference(one, other):
    """What is not the same in two files; "" if nothing is."""
    files = []
    for path in (one, other):
        with container.Reader(path) as file:
            files.append({name: file.section(name, size)
                          for name, size, *_ in file.manifest["sections"]} | file.manifest)
    return ", ".join(str(name) for name in files[0] if files[0][name] != files[1].get(name))


CASES = [(wild, "functional", 0), (wild, "pipeline", "256K"),
         pytest.param(wild, "pipeline", 0, marks=pytest.mark.slow),
         (random_one, "functional", 0),
         pytest.param(random_one, "pipeline", 0, marks=pytest.mark.slow),
         pytest.param(random_one, "pipeline", "256K", marks=pytest.mark.slow)]


@pytest.mark.parametrize("make, cpu, l2", CASES)
def test_an_interrupted_run_ends_as_an_uninterrupted_one(tmp_path, make, cpu, l2):
    for _ in range(2):
        seed = random.randrange(1 << 32)
        print("seed", seed)
        chance = random.Random(seed)
        uninterrupted = make(cpu, seed, l2)
        assert uninterrupted.run(cycles=12_000) is Stop.CYCLES
        uninterrupted.save(tmp_path / "one")
        cut(make(cpu, seed, l2), 12_000, chance, tmp_path / "m").save(tmp_path / "other")
        assert difference(tmp_path / "one", tmp_path / "other") == ""


@pytest.mark.parametrize("cpu", CPUS)
def test_memory_that_a_script_has_changed_is_as_changed_after_a_restore(tmp_path, cpu):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    one, other = wild(cpu, seed), wild(cpu, seed)
    for m in (one, other):
        m.run(cycles=5000)
        m.memory.write(0x8000, bytes.fromhex("38630001"))   # addi r3,r3,1
    other.save(tmp_path / "m")
    other = pteg.Machine.restore(tmp_path / "m")
    for m in (one, other):
        m.run(cycles=5000)
        m.memory.write(0x8004, bytes.fromhex("38630002"))
        m.run(cycles=5000)
    one.save(tmp_path / "one")
    other.save(tmp_path / "other")
    assert difference(tmp_path / "one", tmp_path / "other") == ""


@pytest.mark.parametrize("cpu", CPUS)
def test_another_process_goes_on_exactly(tmp_path, cpu):
    script = """if 1:
        import sys, pteg
        m = pteg.Machine.restore(sys.argv[1])
        assert m.restored == "exact"
        m.run(cycles=int(sys.argv[2]))
        m.save(sys.argv[3])
    """
    seed = random.randrange(1 << 32)
    print("seed", seed)
    cycles = random.Random(seed).randrange(1, 10_000)
    m = wild(cpu, seed, "256K" if cpu == "pipeline" else 0)
    m.run(cycles=cycles)
    m.save(tmp_path / "m")
    m.run(cycles=10_000)
    m.save(tmp_path / "one")
    subprocess.run([sys.executable, "-c", script, tmp_path / "m", "10000", tmp_path / "other"],
                   check=True, timeout=300)
    assert difference(tmp_path / "one", tmp_path / "other") == ""


def test_waveforms_of_both_runs_are_the_same(tmp_path):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    one = wild("pipeline", seed)
    one.run(cycles=random.Random(seed).randrange(1, 5_000))
    one.save(tmp_path / "m")
    for name, m in (("one", one), ("other", pteg.Machine.restore(tmp_path / "m"))):
        with m.trace(tmp_path / f"{name}.vcd"):
            m.run(cycles=300)
    waves = [(tmp_path / f"{name}.vcd").read_bytes() for name in ("one", "other")]
    assert waves[0] == waves[1] and len(waves[0]) > 50_000


UNFLUSHED = assemble("""
        .org    0x1000
_start: lis     r5,0x3860       # li r3,2
        ori     r5,r5,2
        li      r6,0x2000
        stw     r5,0(r6)
        sync
        mtctr   r6
jump:   bctr
        .org    0x2000
        li      r3,1
end:    b       end
""", sections={".text": 0})


def test_code_that_was_not_flushed_runs_only_where_caches_are_left_behind(tmp_path):
    m = machine("pipeline", pc=0x1000, msr=Msr.ME)
    m.memory.write(0, UNFLUSHED.image(0))
    m.run(until=UNFLUSHED.symbols["jump"], cycles=10_000)
    m.save(tmp_path / "m")
    assert m.memory.read_word(0x2000) == 0x38600002, "as the processor sees it"
    assert bytes(m.ram.memory[0x2000:0x2004]).hex() == "38600001"
    exact, other = (pteg.Machine.restore(tmp_path / "m", cpu=cpu) for cpu in (None, "functional"))
    for each, value in ((m, 1), (exact, 1), (other, 2)):
        each.run(until=UNFLUSHED.symbols["end"], cycles=10_000)
        assert each.cpu.gpr[3] == value, each.restored


def test_a_version_with_another_circuit_gets_what_the_caches_held(tmp_path, monkeypatch):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    m = wild("pipeline", seed, "256K")
    m.run(cycles=30_000)
    m.hand_over("functional")       # ends a transfer, if one is under way
    m.hand_over("pipeline")
    m.run(instructions=3_000)
    while not m.model.at_boundary:
        m.step()
    m.save(tmp_path / "m")
    expected = m.memory.read(0, 4 << 20)
    assert expected != m.ram.memory.tobytes(), "the caches have modified blocks"
    monkeypatch.setattr(type(m.model), "identity", "another")
    other = pteg.Machine.restore(tmp_path / "m")
    assert other.restored == "architectural"
    assert other.ram.memory.tobytes() == other.memory.read(0, 4 << 20) == expected
    # The first cycle of the new circuit may be one in which time base and decrementer tick.
    assert differences(other.cpu.state(), m.cpu.state(), ignore=("tb", "dec")) == []


@pytest.mark.parametrize("size", [33, 1 << 31])
def test_more_newer_bytes_than_a_block_has_are_refused(tmp_path, monkeypatch, size):
    m = machine("pipeline", pc=0x1000, msr=Msr.ME)
    m.memory.write(0, UNFLUSHED.image(0))
    m.run(until=UNFLUSHED.symbols["jump"], cycles=10_000)
    m.save(tmp_path / "m")
    with container.Reader(tmp_path / "m") as file:
        sections = {name: file.section(name, n) for name, n, *_ in file.manifest["sections"]}
        manifest = file.manifest
    newer = bytearray(sections["newer"])
    assert len(newer) >= 40
    newer[4:8] = size.to_bytes(4, "little")
    container.write(tmp_path / "m", manifest, sections | {"newer": bytes(newer)})
    with pytest.raises(pteg.UserError, match="newer than memory must have 32 bytes at most$"):
        pteg.Machine.restore(tmp_path / "m", cpu="functional")


# Hand-over --------------------------------------------------------------------------------------

def test_a_disabled_cache_hides_what_it_holds():
    program = assemble("""
        .org    0x1000
_start: li      r3,1
        li      r6,0x2000
        stw     r3,0(r6)
        sync
        mtspr   1008,r7
        isync
        li      r3,2
        stw     r3,0(r6)
        sync
end:    b       end
    """, sections={".text": 0})
    m = machine("pipeline", pc=0x1000, msr=Msr.ME)
    m.memory.write(0, program.image(0))
    m.run(until=program.symbols["end"], cycles=10_000)
    assert m.memory.read_word(0x2000) == 2
    m.hand_over("functional")
    assert m.memory.read_word(0x2000) == 2


TEXT = bytes(range(1, 9))   # five bits each, as the serial port is set after a reset


def transfer(write):
    """A machine whose DMA engine is to move a byte from RAM to the serial port, or back."""
    m = machine("pipeline", pc=0x1000, msr=Msr.ME)
    m.memory.write_word(0x1000, 0x48000000)     # b .
    uart, dma = m.platform["uart"], m.platform["copier"].state
    uart.state["fcr"] = 1       # with FIFOs, so that each character counts
    if write:
        m.memory.write(0x3000, TEXT)
    else:
        m.console.write(TEXT)
    m.run(cycles=200)
    source, destination = (0x3000, uart.base) if write else (uart.base, 0x3000)
    dma["source"] = dma["bus_address"] = source
    dma["destination"], dma["length"] = destination, 1
    dma["bus_size"], dma["control"] = 1, BUSY
    return m


@pytest.mark.parametrize("write", [0, 1])
def test_a_transfer_under_way_is_neither_lost_nor_made_twice_by_a_hand_over(write):
    m = transfer(write)
    port, begin = m.platform["uart"].state, m.cycle
    before = port.tobytes()
    while port.tobytes() == before:
        m.run(cycles=1)
    for cycles in range(m.cycle - begin - 2, m.cycle - begin + 3):
        m = transfer(write)
        m.run(cycles=cycles)
        m.hand_over("functional")
        m.run(cycles=1000)
        moved = m.console.read() if write else m.memory.read(0x3000, 1)
        assert moved == TEXT[:1], cycles


@pytest.mark.parametrize("l2", [0, "256K"])
def test_hand_over_at_random_points_keeps_memory(l2):
    """A flushing program's result is the same on one model and on both in turns."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    program = random_program(seed, Options(length=300))

    def make():
        m = machine("functional", l2, pc=program.pc, msr=program.msr)
        for address, data in program.memory.items():
            m.memory.write(address, data)
        return m

    alone, changing = make(), make()
    assert alone.run(until=STOP, cycles=1_000_000) is Stop.ADDRESS
    for _ in range(6):
        changing.hand_over(CPUS[changing.cpu_name == "functional"])
        if changing.run(until=STOP, cycles=chance.randrange(1, 2000)) is Stop.ADDRESS:
            break
    if changing.cpu.pc != STOP:
        assert changing.run(until=STOP, cycles=1_000_000) is Stop.ADDRESS
    assert np.array_equal(list(alone.cpu.gpr), list(changing.cpu.gpr))
    changing.hand_over("functional")
    assert alone.memory.read(0, 4 << 20) == changing.memory.read(0, 4 << 20)
