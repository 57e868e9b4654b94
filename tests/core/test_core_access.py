"""What the second decoder says of each load, store and cache instruction."""

from amaranth.sim import Simulator

from pteg.hw.bus.enums import TransferType
from pteg.hw.core.access import AccessDecoder, alignment_dsisr
from pteg.hw.core.enums import Moves
from pteg.hw.isa.instructions import BY_NAME, FIELDS, INSTRUCTIONS, Unit


def accesses():
    decoder, found = AccessDecoder(), {}

    async def testbench(ctx):
        for row in INSTRUCTIONS:
            if row.unit is Unit.LSU:
                ctx.set(decoder.op, row.op)
                found[row.name] = ctx.get(decoder.access)

    simulator = Simulator(decoder)
    simulator.add_testbench(testbench)
    simulator.run()
    return found


def test_accesses_follow_the_table_and_the_mnemonic():
    for name, access in accesses().items():
        row = BY_NAME[name]
        assert access.store == row.store
        assert access.size == (row.size if row.size <= 8 else 0)
        assert access.reverse == (name in ("lhbrx", "lwbrx", "sthbrx", "stwbrx"))
        assert access.algebraic == (name in ("lha", "lhau", "lhax", "lhaux"))
        writes = TransferType(access.type) in (
            TransferType.WRITE_WITH_FLUSH, TransferType.WRITE_WITH_KILL,
            TransferType.WRITE_WITH_FLUSH_ATOMIC, TransferType.EXTERNAL_CONTROL_WORD_WRITE)
        assert writes == row.store


def test_kinds_of_move():
    moves = {name: Moves(access.moves) for name, access in accesses().items()}
    assert {n for n in moves if moves[n] is Moves.NOTHING} == {"tlbsync", "tlbie"}
    assert {n for n in moves if moves[n] is Moves.BARRIER} == {"sync", "eieio"}
    assert {n for n in moves if moves[n] is Moves.TOUCH} == {"dcbt", "dcbtst"}
    assert {n for n in moves if moves[n] is Moves.BLOCK} == {"dcbst", "dcbf", "dcbi", "icbi"}
    assert {n for n in moves if moves[n] is Moves.STRING} == {"lswi", "lswx", "stswi", "stswx"}
    assert all((moves[n] is Moves.FLOAT) == (n[:3] in ("lfs", "lfd") or n.startswith("stf"))
               for n in moves)


def test_dsisr_of_an_alignment_exception():
    """PEM table 6-9: lwarx r5,r6,r7 and lmw r5,4(r6)."""
    results = []

    async def testbench(ctx):
        for word in (BY_NAME["lwarx"].match | FIELDS["rB"].put(7), BY_NAME["lmw"].match | 4):
            word |= FIELDS["rD"].put(5) | FIELDS["rA"].put(6)
            ctx.set(insn, word)
            results.append(ctx.get(dsisr))

    from amaranth.hdl import Module, Signal

    m, insn, dsisr = Module(), Signal(32), Signal(32)
    m.d.comb += dsisr.eq(alignment_dsisr(insn))
    simulator = Simulator(m)
    simulator.add_testbench(testbench)
    simulator.run()
    # lwarx: XO 0000010100, insn[25] is bit 4 of it; lmw: opcode 101110.
    xo = 20
    indexed = (xo & 3) << 15 | (xo >> 5 & 1) << 14 | (xo >> 6) << 10 | 5 << 5 | 6
    opcode = 46
    plain = (opcode & 1) << 14 | (opcode >> 1 & 15) << 10 | 5 << 5 | 6
    assert results == [indexed, plain]
