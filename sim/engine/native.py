"""Native code: object files -> functions that Python and numba code call.

A :class:`NativeFunction` is called as `function(state)`, from Python or inside `@njit` code that
got it *as an argument*:

    @njit(cache=True)
    def run(step, state, cycles):
        for _ in range(cycles):
            step(state)

    run(native.step, state, 1000)

Only the address travels, so the compiled driver does not depend on the design: numba may cache it,
and another design, or another process, uses the same machine code. (Used as a global or closure
variable the address would be frozen into the driver; numba refuses that with a TypingError.)
"""

import contextlib
import ctypes
import functools
import itertools
import threading
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import llvmlite.ir
import numpy as np
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.core.typing import signature
from numba.extending import (
    NativeValue,
    lower_builtin,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numpy.typing import NDArray

from pteg.engine.objects import host_machine

__all__ = ["NativeFunction", "load_object"]


@functools.cache
def _linker():
    return llvm.create_lljit_compiler(host_machine())


_serial = itertools.count()
#: Threads load one after the other: of two copies of an object, one would go, with its addresses.
_loading = threading.Lock()


def load_object(code, functions):
    """Load an object file when one of its functions is used for the first time.

    Parameters
    ----------
    code : callable
        Returns the bytes of the object file. If another process makes them, it has a method `done`.
    functions : dict of str to int
        Symbols and the number of array arguments of each.

    Returns
    -------
    dict of str to NativeFunction
    """
    @functools.cache
    def library():
        builder = llvm.JITLibraryBuilder().add_current_process().add_object_img(code())
        for name in functions:
            builder.export_symbol(name)
        return builder.link(_linker(), f"pteg{next(_serial)}")

    def loaded():
        with _loading:
            return library()

    done = getattr(code, "done", None)
    return {name: NativeFunction(name, arity, loaded, done)
            for name, arity in functions.items()}


class NativeFunction:
    """A compiled function of one to three arrays of 64-bit words.

    It may still be being compiled: numba knows its type at once and takes the address at the call.
    """

    def __init__(self, name: str, arity: int, library: Callable[[], Any],
                 done: Callable[[], bool] | None = None):
        self.name = name
        self.arity = arity
        self._library = library
        self._done = done

    @property
    def is_complete(self) -> bool:
        """Whether it is compiled, so that the first call need not wait for another process."""
        return self._done is None or self._done()

    @functools.cached_property
    def address(self) -> int:
        """Where the function is in memory."""
        return self._library()[self.name]

    @functools.cached_property
    def call_raw(self) -> Callable[..., None]:
        """The function of addresses, unchecked; valid while this object exists."""
        return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * self.arity)(self.address)

    def __call__(self, *arrays: NDArray[np.uint64]) -> None:
        for array in arrays:
            if array.dtype != np.uint64 or array.ndim != 1 or not array.flags.c_contiguous:
                raise TypeError("a native function takes C-contiguous 1-D uint64 arrays, "
                                f"not {array.dtype}[{array.ndim}-D]")
        self.call_raw(*(array.ctypes.data for array in arrays))

    def __repr__(self):
        return f"<NativeFunction {self.name}>"


# numba: a NativeFunction is a callable value, represented by its address -------------------------

_ARRAY = types.Array(types.uint64, 1, "C")


class _NativeFunctionType(types.Callable):
    """The numba type of a :class:`NativeFunction` with a certain number of arguments."""

    def __init__(self, arity):
        self.arity = arity
        super().__init__(name=f"NativeFunction({arity})")

    def get_call_type(self, context, args, kws):
        if kws or tuple(args) != (_ARRAY,) * self.arity:
            raise TypingError(f"a native function takes {self.arity} C-contiguous 1-D uint64 "
                              f"arrays, not {tuple(args)}")
        return signature(types.none, *args, recvr=self)

    def get_call_signatures(self):
        return [signature(types.none, *[_ARRAY] * self.arity)], False

    def get_impl_key(self, sig):
        return _NativeFunctionType


@typeof_impl.register(NativeFunction)
def _typeof(value, context):
    if context.purpose.name == "constant":
        raise TypingError("pass a NativeFunction to @njit code as an argument")
    return _NativeFunctionType(value.arity)


@register_model(_NativeFunctionType)
class _Model(models.PrimitiveModel):
    def __init__(self, manager, fe_type):
        super().__init__(manager, fe_type, llvmlite.ir.IntType(8).as_pointer())


@unbox(_NativeFunctionType)
def _unbox(typ, obj, c):
    found = cgutils.alloca_once_value(c.builder, c.context.get_constant_null(types.voidptr))
    with contextlib.ExitStack() as stack:
        address = c.pyapi.object_getattr_string(obj, "address")
        with cgutils.early_exit_if_null(c.builder, stack, address):
            pass    # the code could not be loaded: there is an error
        c.builder.store(c.pyapi.long_as_voidptr(address), found)
        c.pyapi.decref(address)
    return NativeValue(c.builder.load(found),
                       is_error=cgutils.is_not_null(c.builder, c.pyapi.err_occurred()))


@lower_builtin(_NativeFunctionType, _NativeFunctionType, types.Array)
@lower_builtin(_NativeFunctionType, _NativeFunctionType, types.Array, types.Array)
@lower_builtin(_NativeFunctionType, _NativeFunctionType, types.Array, types.Array, types.Array)
def _lower(context, builder, sig, args):
    """Call the address with the data pointers of the arrays."""
    ir = llvmlite.ir
    pointers = [context.make_array(typ)(context, builder, value).data
                for typ, value in zip(sig.args[1:], args[1:], strict=True)]
    kind = ir.FunctionType(ir.VoidType(), [pointer.type for pointer in pointers])
    builder.call(builder.bitcast(args[0], kind.as_pointer()), pointers)
    return context.get_dummy_value()
