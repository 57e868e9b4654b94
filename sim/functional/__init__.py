"""The functional model: a compiled interpreter of the same architecture, without timing.

`FunctionalCpu` is its interface. Inside, 32-bit values travel as non-negative int64, because
numba turns mixed unsigned arithmetic into 64-bit or floating-point numbers. The functions take

* `s`, the record of architectural registers (`pteg.state.ARCH_STATE`, see `model.CPU_STATE`),
* `m`, the record of everything else that the model remembers (`model.MODEL`), and

return an `Outcome`. They have no access to devices: an access outside RAM ends the instruction with
`Outcome.BUS`, the run loop performs it, and the instruction is executed again. `0 | x` makes an
int64 of a 32-bit field; constants come from `isa` also where a literal would be shorter, because
numba compiles a function once more for each literal argument.
"""

__all__ = ["FunctionalCpu"]


def __getattr__(name):
    if name == "FunctionalCpu":
        from pteg.functional.cpu import FunctionalCpu
        return FunctionalCpu
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
