"""Blocks of decoded instructions, executed without looking at anything between them.

What must be the same after each instruction is made sure of before a block begins: time, interrupts
and limits are looked at between blocks only, and a block that would go past the next look, or over
the stop address, is left to `step`. Inside a block only soft translations are used: an instruction
that needs more is left to `step` too, before it has done anything that matters.
"""

from llvmlite import ir
from numba import typeof, types
from numba.extending import intrinsic

from pteg.functional import constants as isa
from pteg.functional.branch import branch, condition
from pteg.functional.bytes import read_host
from pteg.functional.decoded import PLACE, code_row, decode_block
from pteg.functional.forms import FORMS
from pteg.functional.integer import arithmetic, compare, logic
from pteg.functional.kernel import inlined, kernel
from pteg.functional.memory import load_store, multiple
from pteg.functional.operands import MASK32
from pteg.functional.system import system
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
           (Op.LFS, load_store, "sm"), (Op.LWARX, multiple, "sm")]


@intrinsic
def execute_form(typingctx, s, m, pc, form, word):
    """Execute an instruction of a form, and return its outcome; STEP if it has none.

    A jump by `form`, behind which the `Op` and the known bits of each are constants.
    """
    number = types.int64
    given = {"s": s, "m": m, "p": number}
    functions = {}
    for _, function, arguments in _GROUPS:
        kind = typeof(function)
        argument_types = (*(given[name] for name in arguments), number, number)
        functions[function] = kind, typingctx.resolve_function_type(kind, argument_types, {})

    def generate(context, builder, signature, args):
        values = dict(zip("smp", args[:3], strict=True))
        form, word = args[3:]
        integer = ir.IntType(64)
        other, end = (builder.append_basic_block(name) for name in ("other", "end"))
        outcomes = [(integer(isa.OUT_STEP), other)]
        switch = builder.switch(form, other)
        for place, each in enumerate(FORMS):
            if each is None:
                continue
            function, arguments = next(group[1:] for group in _GROUPS if each.op < group[0])
            case = builder.append_basic_block(f"form{place}")
            switch.add_case(integer(place), case)
            builder.position_at_end(case)
            known = builder.or_(builder.and_(word, integer(~each.known)), integer(each.bits))
            call = context.get_function(*functions[function])
            outcome = call(builder, [*(values[name] for name in arguments), integer(each.op), known])
            outcomes.append((outcome, builder.block))
            builder.branch(end)
        builder.position_at_end(other)
        builder.branch(end)
        builder.position_at_end(end)
        result = builder.phi(integer)
        for outcome, block in outcomes:
            result.add_incoming(outcome, block)
        return result

    return number(s, m, number, number, number), generate


@kernel
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
        m.tlb_lru[0, m.soft_set[isa.KIND_FETCH, soft]] = m.soft_way[isa.KIND_FETCH, soft]
        base = m.soft_base[isa.KIND_FETCH, soft]
        row = code_row(m, base)
        page = pc & ~0xFFF
        while pc & ~0xFFF == page:
            # A block.
            place = first = row + ((pc & 0xFFF) >> 2) * PLACE
            length = read_host(place) >> 32 & 0xFFFF
            if not length:
                length = decode_block(base, row, (pc & 0xFFF) >> 2)
            if (not length or m.cycles + length > m.look
                    or address - pc & MASK32 < 4 * length):
                m.blocks = 0
                return isa.OUT_STEP
            outcome = isa.OUT_NEXT
            while outcome == isa.OUT_NEXT:
                # An instruction.
                decoded = read_host(place)
                outcome = execute_form(s, m, page + (place - row >> 1), decoded >> 48,
                                       decoded & MASK32)
                place += PLACE
            m.cycles += place - first >> 3
            if outcome != isa.OUT_JUMP:
                s.pc = page + (place - row >> 1) - 4 & MASK32
                if outcome == isa.OUT_STEP:
                    m.cycles -= 1
                m.blocks = 0
                return outcome
            pc = 0 | s.pc
    m.blocks = 0
    return isa.OUT_STEP
