"""Calls of parts that are compiled apart, by their address."""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["ask_devices", "execute_floating_point", "complete_instruction"]


def _call(builder, address, arguments, result):
    """A call with records, as pointers, and numbers."""
    pointer = ir.IntType(8).as_pointer()
    arguments = [builder.bitcast(argument, pointer) if argument.type.is_pointer else argument
                 for argument in arguments]
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(builder.inttoptr(address, kind.as_pointer()), arguments)


@intrinsic
def ask_devices(typingctx, address, request):
    """See `pteg.devices`."""
    def generate(context, builder, signature, args):
        _call(builder, args[0], args[1:], ir.VoidType())
        return context.get_dummy_value()
    return types.void(types.int64, request), generate


@intrinsic
def execute_floating_point(typingctx, address, s, m, op, word):
    """See `pteg.functional.float_unit`."""
    def generate(context, builder, signature, args):
        return _call(builder, args[0], args[1:], ir.IntType(64))
    return types.int64(types.int64, s, m, types.int64, types.int64), generate


@intrinsic
def complete_instruction(typingctx, address, s, m, vector):
    """See `pteg.functional.lockstep`."""
    def generate(context, builder, signature, args):
        return _call(builder, args[0], args[1:], ir.IntType(64))
    return types.int64(types.int64, s, m, types.int64), generate
