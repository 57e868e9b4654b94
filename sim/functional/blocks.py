"""Blocks of decoded instructions, executed without checks between the instructions.

Time, interrupts and limits are checked only between blocks. A block that would run past the next
check, or past the stop address, is left to `step`. Inside a block only soft translations are used.
An instruction that needs more is left to `step` too, before it has had any effect.
"""

from llvmlite import ir
from numba import typeof, types
from numba.extending import intrinsic

from pteg.compiled import compiled, inlined
from pteg.functional import constants as isa
from pteg.functional.branch import branch, condition
from pteg.functional.bytes import read_host
from pteg.functional.decoded import PLACE, code_row, decode_block
from pteg.functional.float_unit import floating_point
from pteg.functional.floating import floating_access
from pteg.functional.forms import FORMS
from pteg.functional.integer import arithmetic, compare, logic
from pteg.functional.memory import load_store, multiple
from pteg.functional.operands import MASK32
from pteg.functional.system import system
from pteg.functional.tlb import touch
from pteg.hw.isa.instructions import Op

__all__ = ["run_blocks"]


@inlined
def branch_at(s, pc, op, word):
    """A branch always ends the block."""
    s.pc = pc
    if branch(s, op, word) == isa.OUT_NEXT:
        s.pc = pc + 4 & MASK32
    return isa.OUT_JUMP


#: The meaning of an instruction by its group, up to the `Op` that begins the next one, and the
#: arguments before `op` and `word`.
_GROUPS = [(Op.ORI, arithmetic, "s"), (Op.CMPI, logic, "s"), (Op.B, compare, "sm"),
           (Op.CRAND, branch_at, "sp"), (Op.SC, condition, "s"), (Op.LWZ, system, "sm"),
           (Op.LFS, load_store, "sm"), (Op.LMW, floating_access, "sm"),
           (Op.LWARX, multiple, "sm"), (len(Op), floating_point, "sm")]


@intrinsic
def run_block(typingctx, s, m, place, origin):
    """Execute instructions from `place` on, up to one whose outcome is not NEXT.

    Threaded code: the address of each form's code is taken from a table, in which the compiler
    gives each its own jump to the next one, because the host predicts many jumps better than one.
    The `Op` and the known bits are constants there.

    Parameters
    ----------
    place : int
        Of a decoded instruction.
    origin : int
        `place // 2 - origin` is the effective address of the instruction.

    Returns
    -------
    (int, int)
        Place of the last instruction, and its outcome; STEP if it has no form.
    """
    number = types.int64
    given = {"s": s, "m": m, "p": number}
    functions = {}
    for _, function, arguments in _GROUPS:
        kind = typeof(function)
        argument_types = (*(given[name] for name in arguments), number, number)
        functions[function] = kind, typingctx.resolve_function_type(kind, argument_types, {})

    def generate(context, builder, signature, args):
        s, m, first, origin = args
        integer, byte = ir.IntType(64), ir.IntType(8)
        before = builder.block
        jump, other, end = map(builder.append_basic_block, ("jump", "other", "end"))
        cases = [builder.append_basic_block(form.op.name) if form else other for form in FORMS]
        addresses = ir.ArrayType(byte.as_pointer(), len(cases))
        table = ir.GlobalVariable(builder.module, addresses, builder.function.name + ".forms")
        table.initializer = addresses([ir.BlockAddress(builder.function, case) for case in cases])
        table.global_constant, table.linkage = True, "private"

        builder.branch(jump)
        builder.position_at_end(jump)
        place = builder.phi(integer)
        place.add_incoming(first, before)
        following = builder.add(place, integer(PLACE))
        decoded = builder.load(builder.inttoptr(place, integer.as_pointer()))
        word = builder.and_(decoded, integer(MASK32))
        form = builder.lshr(decoded, integer(48))
        dispatch = builder.branch_indirect(builder.load(builder.gep(table, [integer(0), form])))
        for case in dict.fromkeys(cases):
            dispatch.add_destination(case)

        outcomes = [(integer(isa.OUT_STEP), other)]
        for form, case in zip(FORMS, cases, strict=True):
            if form is None:
                continue
            builder.position_at_end(case)
            function, arguments = next(group[1:] for group in _GROUPS if form.op < group[0])
            known = builder.or_(builder.and_(word, integer(~form.known)), integer(form.bits))
            values = {"s": s, "m": m}
            if "p" in arguments:
                values["p"] = builder.sub(builder.lshr(place, integer(1)), origin)
            outcome = context.get_function(*functions[function])(
                builder, [*(values[name] for name in arguments), integer(form.op), known])
            outcomes.append((outcome, builder.block))
            place.add_incoming(following, builder.block)
            builder.cbranch(builder.icmp_signed("==", outcome, integer(isa.OUT_NEXT)), jump, end)
        builder.position_at_end(other)
        builder.branch(end)
        builder.position_at_end(end)
        result = builder.phi(integer)
        for outcome, block in outcomes:
            result.add_incoming(outcome, block)
        return context.make_tuple(builder, signature.return_type, [place, result])

    return types.UniTuple(number, 2)(s, m, number, number), generate


@compiled
def run_blocks(s, m, address):
    """Execute whole blocks up to the next look, but none with an instruction at `address`.

    Returns STEP before an instruction that is left to `step`, or the outcome of the last
    instruction if there is something to settle.
    """
    m.blocks = 1
    while True:
        # A page.
        pc = 0 | s.pc
        soft = pc >> 12 & 255
        if m.soft_tag[isa.KIND_FETCH, soft] != m.fetch_mode | pc >> 12:
            break
        touch(m, 0, isa.KIND_FETCH, soft)
        base = m.soft_base[isa.KIND_FETCH, soft]
        row = code_row(m, base)
        page = pc & ~0xFFF
        while pc & ~0xFFF == page:
            # A block.
            first = row + ((pc & 0xFFF) >> 2) * PLACE
            length = read_host(first) >> 32 & 0xFFFF
            if not length:
                length = decode_block(base, row, (pc & 0xFFF) >> 2)
            if (not length or m.cycles + length > m.look
                    or address - pc & MASK32 < 4 * length):
                m.blocks = 0
                return isa.OUT_STEP
            place, outcome = run_block(s, m, first, (row >> 1) - page)
            m.cycles += place - first >> 3
            if outcome != isa.OUT_STEP:
                m.cycles += 1
            if outcome != isa.OUT_JUMP:
                s.pc = page + (place - row >> 1) & MASK32
                m.blocks = 0
                return outcome
            pc = 0 | s.pc
    m.blocks = 0
    return isa.OUT_STEP
