"""LLVM text -> object files; a large one in a process of its own.

LLVM needs seconds for a processor. Meanwhile numba compiles, in this process, the loop that calls
the processor. (A thread would not help: llvmlite allows one call at a time.)
"""

import functools
import sys

import llvmlite
import llvmlite.binding as llvm

from pteg.background import Background

__all__ = ["Job", "compile_object", "host_machine", "target_name"]

# The cheap passes that always pay; the planner has done what the others would do. (The combiner of
# instructions would make a constant of every "anything" of a guard, which then costs a move.)
PASSES = ("simplify_cfg", "sinking")

#: Characters of text for which all of LLVM's passes pay: they take three times as long. PicoRV32
#: then runs 1.3 times as fast, the 750 not at all.
OPTIMISED = range(50_000, 600_000)

#: Characters of text that LLVM compiles in the time in which a process starts.
SMALL = 100_000

#: The sections of an object may be mapped more than 2 GB apart, when much else has been mapped.
_CODE_MODEL = "large"


@functools.cache
def host_machine():
    """Return LLVM's description of this machine."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(),
        opt=2, reloc="pic", codemodel=_CODE_MODEL, jit=True)


def target_name():
    """Return what compiled code depends on beside its text."""
    return (f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {_CODE_MODEL} "
            f"llvmlite {llvmlite.__version__}")


def compile_object(text):
    """Compile LLVM text; return the bytes of an object file."""
    machine = host_machine()
    module = llvm.parse_assembly(f'target triple = "{machine.triple}"\n'
                                 f'target datalayout = "{machine.target_data}"\n{text}')
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(2))
    if len(text) in OPTIMISED:
        passes = builder.getModulePassManager()
    else:
        passes = llvm.create_new_module_pass_manager()
        for name in PASSES:
            getattr(passes, f"add_{name}_pass")()
    passes.run(module, builder)
    return machine.emit_object(module)


class Job:
    """The compilation of LLVM text, which begins at once if it is large."""

    def __init__(self, text):
        self._text = text
        self._process = Background(__name__, text.encode()) if len(text) > SMALL else None

    def done(self):
        """Return whether the result takes no more waiting for another process."""
        return self._process is None or self._process.done()

    def result(self):
        """Return the bytes of the object file, when it is complete."""
        data = self._process.result() if self._process else None
        return compile_object(self._text) if data is None else data


if __name__ == "__main__":
    sys.stdout.buffer.write(compile_object(sys.stdin.buffer.read().decode()))
