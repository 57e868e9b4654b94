"""The functional model beyond single results: errors, time, interrupts, ledger, limits."""

import numpy as np
import pytest

from pteg.components.dram import Dram
from pteg.cpu import Limits, Stop
from pteg.firmware.asm import assemble
from pteg.functional import FunctionalCpu
from pteg.functional import constants as isa
from pteg.hw.isa.instructions import INSTRUCTIONS, decode
from pteg.ledger import Kind
from pteg.lockstep.encoding import encode
from pteg.machine import Machine
from pteg.platform import Platform

ME, EE, SE = 0x1000, 0x8000, 0x400


class Bench:
    """A processor with RAM and nothing else."""

    def __init__(self):
        self.ram = Dram()
        self.cpu = FunctionalCpu(Platform([self.ram]))

    def start(self, words, *, pc=0x1000, **registers):
        self.ram.memory[:0x10000] = 0
        self.cpu.reset()
        self.put(pc, words)
        state = self.cpu.get_state()
        state["pc"], state["msr"] = pc, 0
        for name, value in registers.items():
            if name[0] == "r":
                state["gpr"][0][int(name[1:])] = value
            else:
                state[name] = value
        self.cpu.set_state(state)
        return self.cpu

    def put(self, address, words):
        data = b"".join(word.to_bytes(4, "big") for word in words)
        self.ram.memory[address:address + len(data)] = np.frombuffer(data, np.uint8)

    def get(self, name):
        return int(self.cpu.get_state()[name][0])

    def gpr(self, number):
        return int(self.cpu.get_state()["gpr"][0][number])


@pytest.fixture(scope="module")
def bench():
    return Bench()


def test_compiled_decoder_agrees_with_the_table():
    generator = np.random.default_rng(1)
    words = [int(w) for w in generator.integers(0, 1 << 32, 20000)]
    words += [row.match | int(w) & ~row.mask & 0xFFFFFFFF
              for row in INSTRUCTIONS for w in generator.integers(0, 1 << 32, 20)]
    for word in words:
        primary = word >> 26
        slot = isa.DECODE_BASE[primary] + (word >> 1 & int(isa.DECODE_EXTENDED[primary]))
        op = int(isa.OPS[slot])
        if word & int(isa.DECODE_ONES[op]) != isa.DECODE_ONES[op]:
            op = 0
        row = decode(word)
        assert op == (int(row.op) if row and row.implemented else 0), hex(word)


def test_load_from_nowhere_is_a_machine_check(bench):
    load = encode("lwz", rD=3, rA=4, d=0)
    cpu = bench.start([load], r4=0x40000000, msr=ME)
    cpu.run(Limits(cycles=1))
    assert (bench.get("pc"), bench.get("srr0"), bench.get("srr1")) == (0x200, 0x1000, 0x41000)
    assert bench.get("msr") == 0


def test_machine_check_without_me_is_a_checkstop(bench):
    cpu = bench.start([encode("lwz", rD=3, rA=4, d=0)], r4=0x40000000)
    assert cpu.run(Limits(instructions=5)) is Stop.CHECKSTOP
    assert bench.get("pc") == 0x1000


def test_decrementer_interrupts_when_it_passes_zero(bench):
    cpu = bench.start([encode("b", LI=0)], dec=2, msr=EE)
    cpu.run(Limits(address=0x900, cycles=1000))
    assert bench.get("pc") == 0x900
    assert cpu.cycle == 3 * 16
    assert bench.get("dec") == 0xFFFFFFFF


def test_time_base_counts_every_fourth_bus_clock(bench):
    cpu = bench.start([encode("b", LI=0)])
    cpu.run(Limits(cycles=800))
    assert bench.get("tb") == 50        # of four cycles each


def test_trace_follows_each_instruction(bench):
    cpu = bench.start([encode("addi", rD=3, rA=3, SIMM=1)] * 2, msr=SE)
    cpu.run(Limits(cycles=1))
    assert (bench.get("pc"), bench.get("srr0"), bench.gpr(3)) == (0xD00, 0x1004, 1)


def test_self_modifying_code_takes_effect(bench):
    patched = encode("addi", rD=3, rA=0, SIMM=7)
    cpu = bench.start([encode("stw", rS=5, rA=6, d=0), encode("addi", rD=3, rA=0, SIMM=1)],
                      r5=patched, r6=0x1004)
    cpu.run(Limits(instructions=2))
    assert bench.gpr(3) == 7


def test_misaligned_access_crosses_words(bench):
    cpu = bench.start([encode("stw", rS=5, rA=6, d=0), encode("lwz", rD=7, rA=6, d=-1)],
                      r5=0x12345678, r6=0x2FFF)
    cpu.run(Limits(instructions=2))
    assert bench.gpr(7) == 0x00123456


def test_ledger_tells_of_an_exception(bench):
    records = []
    cpu = bench.start([encode("sc")])
    cpu.ledger(lambda rows: records.extend(rows))
    cpu.run(Limits(cycles=1))
    cpu.ledger(None)
    assert [(r["kind"], r["cause"], r["pc"]) for r in records] == [
        (Kind.EXCEPTION, 0xC00, 0x1000)]


def test_limits_stop_where_they_say(bench):
    loop = [encode("addi", rD=3, rA=3, SIMM=1), encode("b", LI=-1)]
    cpu = bench.start(loop)
    assert cpu.run(Limits(instructions=1001)) is Stop.INSTRUCTIONS
    assert (cpu.instructions, bench.gpr(3)) == (1001, 501)
    assert cpu.run(Limits(address=0x1000)) is Stop.ADDRESS
    assert bench.get("pc") == 0x1000
    assert cpu.run(Limits(cycles=10)) is Stop.CYCLES


def test_a_run_in_pieces_ends_like_a_run_in_one(bench):
    loop = [encode("addi", rD=3, rA=3, SIMM=1), encode("mftb", rD=4, tbr=268),
            encode("add", rD=5, rA=5, rB=4), encode("b", LI=-3)]
    cpu = bench.start(loop)
    cpu.run(Limits(instructions=5000))
    whole = cpu.get_state()
    cpu = bench.start(loop)
    for count in (1, 7, 992, 4000):
        cpu.run(Limits(instructions=count))
    assert np.array_equal(whole, cpu.get_state())


@pytest.mark.parametrize("cpu", ["functional", "pipeline"])
def test_what_the_rom_holds_is_read_after_translations_were_forgotten(cpu):
    """Fetch and loads of one instruction all miss; `lmw` does so on two pages."""
    program = assemble("""
        .org 0xfff00100
_start: lis     r12, table@h
        ori     r12, r12, table@l
        li      r4, 0
        mtibatu 1, r4
        lwz     r5, 0(r12)
        mtibatu 1, r4
        lmw     r29, -4(r12)
        mtibatu 1, r4
        lwz     r6, 2(r12)
1:      b       1b
        .org 0xfff01ffc
        .long   0x11111111
table:  .long   0x22222222, 0x33333333
        """)
    machine = Machine("g3", cpu=cpu, rom=program.elf())
    machine.run(instructions=12)
    gpr = [int(machine.cpu.gpr[n]) for n in (5, 6, 29, 30, 31)]
    assert gpr == [0x22222222, 0x22223333, 0x11111111, 0x22222222, 0x33333333]
