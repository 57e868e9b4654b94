"""What each load, store and cache instruction does to memory: made from the instruction table.

PEM 4.2.3, 4.3; alignment rules MPC750 UM 4.5.6.
"""

from amaranth.hdl import Cat, Module, Mux
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType
from pteg.hw.cache.enums import DataOp
from pteg.hw.core.enums import Moves
from pteg.hw.isa.instructions import INSTRUCTIONS, Op, Unit
from pteg.hw.isa.registers import Field
from pteg.hw.named import Named

__all__ = ["Access", "AccessDecoder", "alignment_dsisr"]


class Access(data.Struct):
    """One instruction's access."""

    moves: Named(Moves)
    op: Named(DataOp)     # what the data cache is asked to do
    store: 1       # for translation, also dcbz and dcbi
    size: 4        # bytes of a register
    reverse: 1     # byte-reversed
    algebraic: 1   # sign-extended
    single: 1      # converts between single and double
    aligned: 1     # the address must be a multiple of 4
    type: Named(TransferType)


_TYPES = {
    Op.LWARX: TransferType.READ_ATOMIC,
    Op.STWCX_DOT: TransferType.WRITE_WITH_FLUSH_ATOMIC,
    Op.DCBZ: TransferType.WRITE_WITH_KILL,
    Op.ECIWX: TransferType.EXTERNAL_CONTROL_WORD_READ,
    Op.ECOWX: TransferType.EXTERNAL_CONTROL_WORD_WRITE,
    Op.SYNC: TransferType.SYNC,
    Op.EIEIO: TransferType.EIEIO, Op.TLBIE: TransferType.TLB_INVALIDATE,
    Op.TLBSYNC: TransferType.TLBSYNC, Op.ICBI: TransferType.ICBI,
}
_MOVES = {
    Op.LMW: Moves.MULTIPLE, Op.STMW: Moves.MULTIPLE,
    Op.LSWI: Moves.STRING, Op.LSWX: Moves.STRING,
    Op.STSWI: Moves.STRING, Op.STSWX: Moves.STRING,
    Op.DCBST: Moves.BLOCK, Op.DCBF: Moves.BLOCK, Op.DCBI: Moves.BLOCK, Op.ICBI: Moves.BLOCK,
    Op.DCBZ: Moves.ZEROS, Op.DCBT: Moves.TOUCH, Op.DCBTST: Moves.TOUCH,
    Op.SYNC: Moves.BARRIER, Op.EIEIO: Moves.BARRIER,
}
_OPS = {
    Op.DCBST: DataOp.CLEAN, Op.DCBF: DataOp.FLUSH, Op.DCBI: DataOp.INVALIDATE,
    Op.DCBZ: DataOp.ZERO, Op.DCBT: DataOp.TOUCH, Op.DCBTST: DataOp.TOUCH,
    Op.SYNC: DataOp.BARRIER, Op.EIEIO: DataOp.BARRIER,
    # If they are broadcast.
    Op.TLBIE: DataOp.BARRIER, Op.TLBSYNC: DataOp.BARRIER, Op.ICBI: DataOp.BARRIER,
}
_ALIGNED = (Op.LWARX, Op.STWCX_DOT, Op.ECIWX, Op.ECOWX)


def _access(row):
    """The fields of `Access` for a row of the table."""
    is_float = row.syntax[:1] in (("frD",), ("frS",))
    moves = _MOVES.get(row.op, Moves.NOTHING if row.size == 0 else
                       Moves.FLOAT if is_float else Moves.REGISTER)
    return {
        "moves": moves, "op": _OPS.get(row.op, DataOp.STORE if row.store else DataOp.LOAD),
        "store": row.store, "size": row.size if row.size <= 8 else 0,
        "reverse": "br" in row.name, "algebraic": row.name.startswith("lha"),
        "single": row.name.startswith(("lfs", "stfs")),
        "aligned": moves in (Moves.FLOAT, Moves.MULTIPLE) or row.op in _ALIGNED,
        "type": _TYPES.get(row.op, TransferType.WRITE_WITH_FLUSH if row.store
                           else TransferType.READ),
    }


class AccessDecoder(wiring.Component):
    """Second decoder, in front of the load/store unit."""

    op: In(Op)
    access: Out(Access)

    def elaborate(self, platform):
        m = Module()
        same = {}
        for row in INSTRUCTIONS:
            if row.unit is Unit.LSU:
                same.setdefault(tuple(_access(row).items()), []).append(row.op)
        with m.Switch(self.op):
            for fields, ops in same.items():
                with m.Case(*ops):
                    m.d.comb += self.access.eq(Access.const(dict(fields)))
        return m


def alignment_dsisr(insn):
    """DSISR after an alignment exception tells about the instruction (PEM table 6-9)."""
    def bits(first, last=None):
        return insn[Field(first, last).slice]

    indexed = bits(0, 5) == 31
    return Cat(
        bits(11, 15),                                     # 27-31: rA
        bits(6, 10),                                      # 22-26: rD or rS
        Mux(indexed, bits(21, 24), bits(1, 4)),           # 18-21
        Mux(indexed, bits(25), bits(5)),                  # 17
        Mux(indexed, bits(29, 30), 0),                    # 15-16
    )
