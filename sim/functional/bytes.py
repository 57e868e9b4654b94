"""Numbers at host addresses, as compiled code reads and writes them: big-endian, or the host's.

RAM is reached by its address in the host: an array argument would be counted up and down atomically
at each call, which costs more than most instructions. The caller checks the range.
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["peek8", "peek16", "peek32", "peek64", "poke8", "poke16", "poke32", "poke64",
           "read_host", "write_host"]


def _pointer(builder, address, bits):
    return builder.inttoptr(address, ir.IntType(bits).as_pointer())


def _peek(bits, swapped=True):
    """A function of an address: the number there, as int64."""
    def peek(typingctx, address):
        def generate(context, builder, signature, args):
            value = builder.load(_pointer(builder, args[0], bits), align=1)
            if bits > 8 and swapped:
                value = builder.bswap(value)
            return builder.zext(value, ir.IntType(64)) if bits < 64 else value
        return types.int64(types.int64), generate
    peek.__name__ = f"peek{bits}"
    return intrinsic(peek)


def _poke(bits, swapped=True):
    """A function of an address and a number, whose low bits are stored."""
    def poke(typingctx, address, value):
        def generate(context, builder, signature, args):
            value = args[1] if bits == 64 else builder.trunc(args[1], ir.IntType(bits))
            if bits > 8 and swapped:
                value = builder.bswap(value)
            builder.store(value, _pointer(builder, args[0], bits), align=1)
            return context.get_dummy_value()
        return types.void(types.int64, types.int64), generate
    poke.__name__ = f"poke{bits}"
    return intrinsic(poke)


peek8, peek16, peek32, peek64 = map(_peek, (8, 16, 32, 64))
poke8, poke16, poke32, poke64 = map(_poke, (8, 16, 32, 64))
read_host, write_host = _peek(64, swapped=False), _poke(64, swapped=False)
