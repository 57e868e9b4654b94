"""Instructions that compiled words are made of; kernel/inner.s says what they mean.

The same sequences are compiled at the prompt by forth/compiler.fs. A test compares the two.
"""

from pteg.firmware.asm import assemble_word

__all__ = ["call", "jump", "literal", "load", "branch", "BRANCH_REACH",
           "ENTER", "EXIT", "PUSH", "POP_TEST", "DOES_ENTER", "data_word",
           "local_fetch", "local_store", "locals_enter", "locals_leave"]

_words = [assemble_word(text) for text in (
    "mflr r0", "stwu r0,-4(r1)", "lwz r0,0(r1)", "addi r1,r1,4", "mtlr r0", "blr",
    "stwu r3,-4(r30)", "lwz r3,0(r30)", "addi r30,r30,4", "cmpwi r3,0")]
_MFLR, _PUSH_LINK, _POP_LINK, _DROP_LINK, _MTLR, _BLR, PUSH, _TOP, _DROP, _TEST = _words

#: Begin and end of a colon definition.
ENTER = [_MFLR, _PUSH_LINK]
EXIT = [_POP_LINK, _DROP_LINK, _MTLR, _BLR]
#: Begin of the code behind DOES>, which gets the operand in r3.
DOES_ENTER = [PUSH, *ENTER]
#: Take the top item and compare it with 0, for a conditional branch.
POP_TEST = [_TOP, _DROP, _TEST]
#: Opcodes of branches; the conditional ones reach 32 KB.
_BRANCHES = {"b": 0x48000000, "beq": 0x41820000, "bne": 0x40820000}
BRANCH_REACH = {"b": 1 << 25, "beq": 1 << 15, "bne": 1 << 15}

_ABSOLUTE, _LINK = 2, 1


def call(xt):
    """`bla xt`: everything is in the lowest or in the highest 32 MB."""
    return jump(xt) | _LINK


def jump(xt):
    """`ba xt`"""
    return 0x48000000 | xt & 0x03FFFFFC | _ABSOLUTE


def branch(kind, distance):
    """A relative branch: `b`, `beq` or `bne`."""
    mask = 0x03FFFFFC if kind == "b" else 0xFFFC
    return _BRANCHES[kind] | distance & mask


def load(number):
    """r3 = number, always two instructions: lis, ori."""
    number &= 0xFFFFFFFF
    return [0x3C600000 | number >> 16, 0x60630000 | number & 0xFFFF]


def literal(number):
    """Push a number: one or two instructions and the store."""
    number &= 0xFFFFFFFF
    if number < 0x8000 or number >= 0xFFFF8000:
        return [0x38600000 | number & 0xFFFF, PUSH]
    return [*load(number), PUSH]


def data_word(operand, behaviour):
    """A variable, constant, value, …: operand in r3, branch to its behaviour."""
    return [*load(operand), jump(behaviour)]


def local_fetch(index):
    """Push local number `index`, counted from the last that was taken from the stack."""
    return [0x807D0000 | 4 + 4 * index, PUSH]


def local_store(index):
    """Take the top item into a local."""
    return [_TOP, _DROP, 0x907D0000 | 4 + 4 * index]


def locals_enter(taken, count, routine):
    """Make the frame of `count` locals, `taken` of them from the stack."""
    return [0x38600000 | taken, 0x38800000 | 4 * count, call(routine)]


def locals_leave(count, routine):
    """Drop the frame."""
    return [0x38800000 | 4 * count, call(routine)]
