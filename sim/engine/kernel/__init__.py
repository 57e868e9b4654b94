"""The event kernel of `pteg.Simulator`: Amaranth's semantics, with native code where they allow it.

A file each: the kernel itself (`engine`); a circuit as Amaranth's processes (`interpreted`) and as
compiled code (`native`); signals in an expression (`leaves`); testbenches, processes and waits for
many ticks (`waits`); many clock edges in one call (`batch`), up to a compiled condition
(`conditions`). docs/decisions/0009-two-circuits-in-one-kernel.md says why there are two circuits.
"""
