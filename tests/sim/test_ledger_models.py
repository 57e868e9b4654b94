"""Both processor models write the same ledger."""

import numpy as np
import pytest

from pteg.firmware.asm import assemble
from pteg.hw.bus.enums import TransferType
from pteg.hw.isa.exceptions import Vector
from pteg.ledger import RECORD, AccessKind, Kind, Ledger, PteBits, SearchResult, describe, read
from pteg.machine import Machine

#: Each step names where to go on, in r30, if an exception is taken.
PROGRAM = """
        .macro  try
        bl      .+4
        mflr    r30
        addi    r30, r30, 12            # behind the instruction that follows
        .endm
        .macro  handler vector
        .org    \\vector
        mtsrr0  r30
        rfi
        .endm

        handler 0x200
        handler 0x300
        handler 0x400
        handler 0x600
        handler 0x700
        handler 0x800
        handler 0xc00
        .org    0xd00                   # trace: once
        mfsrr1  r29
        rlwinm  r29, r29, 0, 22, 20
        mtsrr1  r29
        rfi

        .org    0x1000
start:  lis     r3, 0x1                 # hash table: 64 KB at 0x10000
        mtsdr1  r3
        li      r4, 0x123
        mtsr    0, r4
        li      r3, 0xff                # IBAT0: 8 MB from 0, real = effective
        li      r4, 2
        mtibatl 0, r4
        mtibatu 0, r3
        lis     r3, 0x2000              # IBAT1, DBAT1: 128 KB where there is nothing
        ori     r4, r3, 2
        ori     r3, r3, 2
        mtibatl 1, r4
        mtibatu 1, r3
        mtdbatl 1, r4
        mtdbatu 1, r3
        lis     r3, 0x0c00              # DBAT0: the serial port, inhibited and guarded
        ori     r4, r3, 0x2a
        ori     r3, r3, 2
        mtdbatl 0, r4
        mtdbatu 0, r3
        li      r3, 0x1032              # ME, IR, DR, RI
        mtmsr   r3
        isync

        lis     r10, 0x40
        lwz     r5, 0(r10)              # miss, search, R
        lwz     r5, 4(r10)              # hit
        stw     r5, 0(r10)              # search, C
        stw     r5, 0x1000(r10)         # miss, search in the secondary PTEG, R, C
        try
        lwz     r5, 0x2000(r10)         # no PTE
        try
        stw     r5, 0x3000(r10)         # R, then protection
        try
        lwz     r5, 0xffe(r10)          # two pages
        tlbie   r10
        sync
        stw     r5, 8(r10)              # miss, search, no update

        lis     r11, 0x0c01
        li      r5, 0x55
        stb     r5, -0xff9(r11)         # scratch register
        lbz     r6, -0xff9(r11)
        lwz     r6, -0x1000(r11)        # registers 0 to 3

        try
        sc
        try
        .long   0
        try
        lwarx   r5, 0, r10              # aligned
        li      r7, 2
        try
        lwarx   r5, r7, r10             # not aligned
        try
        fadd    f1, f2, f3
        lis     r12, 0x2000
        try
        lwz     r5, 8(r12)              # transfer error
        try
        stb     r5, 3(r12)
        mtctr   r12
        try
        bctr                            # transfer error of a fetch
        lis     r12, 0x5000
        mtctr   r12
        try
        bctr                            # no PTE for a fetch
        lis     r12, 0x90
        mtctr   r12
        bctrl                           # a page of code

        mfmsr   r3
        ori     r4, r3, 0x400           # SE
        mtmsr   r4
        nop                             # trace
        nop

        lis     r3, 0x2000              # a hash table where nothing answers
        mtsdr1  r3
        try
        lwz     r5, 0x5000(r10)
        li      r3, 0
        mtmsr   r3
end:    b       end
"""

#: EA -> (primary PTEG or secondary, place in it, real page, PP)
PAGES = {0x0040_0000: (0, 2, 0x20000, 2), 0x0040_1000: (1, 5, 0x21000, 2),
         0x0040_3000: (0, 0, 0x22000, 3), 0x0090_0000: (0, 7, 0x7000, 2)}
VSID, TABLE = 0x123, 0x10000


def put_pte(machine, ea, secondary, place, real, pp):
    page = ea >> 12 & 0xFFFF
    hashed = (VSID ^ page) ^ (0x7FFFF if secondary else 0)
    address = TABLE + ((hashed & 0x3FF) << 6) + 8 * place
    machine.memory.write_word(address, 1 << 31 | VSID << 7 | secondary << 6 | page >> 10)
    machine.memory.write_word(address + 4, real | pp)


def run(cpu):
    """The records of a run of the program."""
    machine = Machine("g3", cpu=cpu)
    program = assemble(PROGRAM)
    machine.memory.write(0, program.image(0))
    machine.memory.write_word(0x7000, 0x4E800020)       # blr
    for ea, page in PAGES.items():
        put_pte(machine, ea, *page)
    ledger = Ledger()
    machine.model.ledger(ledger.add)
    state = machine.model.get_state()
    state["pc"], state["msr"] = program.symbols["start"], 0
    machine.model.set_state(state)
    assert machine.run(cycles=100_000, until=program.symbols["end"]) == "address"
    return ledger.records


@pytest.fixture(scope="module")
def functional():
    return run("functional")


@pytest.fixture(scope="module")
def pipeline():
    return run("pipeline")


def test_the_functional_model_records_what_the_program_does(functional):
    kinds = [Kind(kind) for kind in functional["kind"]]
    causes = {kind: [int(c) for c in functional["cause"][functional["kind"] == kind]]
              for kind in Kind}
    assert causes[Kind.EXCEPTION] == [
        Vector.DSI, Vector.DSI, Vector.SYSTEM_CALL, Vector.PROGRAM, Vector.ALIGNMENT,
        Vector.FP_UNAVAILABLE, Vector.MACHINE_CHECK, Vector.MACHINE_CHECK, Vector.MACHINE_CHECK,
        Vector.ISI, Vector.TRACE, Vector.MACHINE_CHECK]
    assert kinds.count(Kind.RETURN) == 12 and kinds.count(Kind.TLBIE) == 1
    assert causes[Kind.BUS_ERROR] == [
        AccessKind.LOAD, AccessKind.STORE, AccessKind.FETCH, AccessKind.LOAD]
    assert causes[Kind.WALK].count(SearchResult.SECONDARY) == 1
    assert causes[Kind.PTE_UPDATE] == [PteBits.R, PteBits.C, PteBits.R, PteBits.C, PteBits.R,
                                       PteBits.R]


def test_both_models_write_the_same_records(functional, pipeline):
    for name in RECORD.names:
        if name == "cycle":
            continue
        for left, right in zip(functional, pipeline, strict=False):
            assert left[name] == right[name], f"{name}:\n{describe(left)}\n{describe(right)}"
    assert len(functional) == len(pipeline)


def test_records_of_the_pipeline_carry_their_cycle(pipeline):
    assert (pipeline["cycle"] > 0).all()
    late = [Kind.TLB_MISS, Kind.PTE_UPDATE]      # written when the search is over
    ends = pipeline["cycle"][~np.isin(pipeline["kind"], late)]
    assert (np.diff(ends.astype(np.int64)) >= 0).all()
    misses = pipeline[pipeline["kind"] == Kind.TLB_MISS]
    walks = pipeline[np.flatnonzero(pipeline["kind"] == Kind.TLB_MISS) + 1]
    assert (walks["kind"] == Kind.WALK).all() and (walks["cycle"] > misses["cycle"]).all()


def test_the_second_bit_of_a_transfer_type_tells_reads_from_writes():
    reads = {TransferType.READ, TransferType.READ_ATOMIC, TransferType.READ_WITH_INTENT_TO_MODIFY,
             TransferType.EXTERNAL_CONTROL_WORD_READ}
    moving = [t for t in TransferType if t & 2 or t in (0b10100, 0b11100)]
    assert {t for t in moving if t & 8} == reads


def test_both_models_write_the_same_ledger_for_the_first_rom(tmp_path):
    found = {}
    for cpu in ("functional", "pipeline"):
        machine = Machine("g3", cpu=cpu, rom="first")
        with machine.ledger(tmp_path / cpu):
            assert machine.run(until="ready", cycles=3_000_000) == "console"
        found[cpu] = read(tmp_path / cpu)
        found[cpu]["cycle"] = 0
    assert len(found["functional"]) > 1000
    assert set(found["functional"]["kind"]) == set(Kind)
    for functional, pipeline in zip(found["functional"], found["pipeline"], strict=True):
        assert functional == pipeline, f"\n{describe(functional)}\n{describe(pipeline)}"
