"""The decorators of the functions of models and devices, and how they are compiled.

numba optimises each function together with all functions that it calls, and generates machine code.
A function that only compiled code calls does not need that, and for all functions together it takes
much longer than compiling the model once. So the code of a compiled function is translated but not
optimised; it is optimised once, as part of the function that Python calls. This uses numba's
internals; its version is fixed.
"""

from collections.abc import Callable

from numba import _dynfunc, njit
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import LoweringPass, register_pass
from numba.core.dispatcher import Dispatcher
from numba.core.typed_passes import NativeLowering

__all__ = ["compiled", "inlined", "part"]


class _Library(JITCodeLibrary):
    """Code of one function and of those that it calls, not optimised."""

    def finalize(self):
        for library in dict.fromkeys(self._linking_libraries):
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True


@register_pass(mutates_CFG=False, analysis_only=False)
class _Register(LoweringPass):
    """Let other functions call it, though it has no machine code."""

    _name = "pteg_register"

    def __init__(self):
        LoweringPass.__init__(self)

    def run_pass(self, state):
        result = state["cr"]
        stands_for = _dynfunc.make_function(
            result.fndesc.lookup_module(), result.fndesc.qualname, "compiled", 0, result.env, ())
        state.targetctx.insert_user_function(stands_for, result.fndesc, [state.library])
        state["cr"] = result._replace(cfunc=stands_for)
        return True


class _Compiler(CompilerBase):
    """numba's own passes, except for the last steps."""

    def define_pipelines(self):
        state = self.state
        state.library = _Library(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        passes = DefaultPassBuilder.define_nopython_pipeline(state)
        passes.add_pass_after(_Register, NativeLowering)
        passes.finalize()
        return [passes]


#: No reference counting, which numba would do, atomically, for each view of an array in a record:
#: these functions create no arrays. No checks for division by zero. No entry points for Python.
_OPTIONS = {"_nrt": False, "error_model": "numpy", "no_cpython_wrapper": True,
            "no_cfunc_wrapper": True, "pipeline_class": _Compiler}


def compiled(function: Callable) -> Dispatcher:
    """Compile `function` when a compiled function first calls it. No recursion: numba's cache
    would lose the link."""
    return njit(**_OPTIONS)(function)


def part(function: Dispatcher) -> Dispatcher:
    """The same as a function of `njit`, for compiled functions: without machine code of its own."""
    return compiled(function.py_func)


def inlined(function: Callable) -> Dispatcher:
    """A function that is compiled into each of its callers, for the constants that they give."""
    return njit(forceinline=True, **_OPTIONS)(function)
