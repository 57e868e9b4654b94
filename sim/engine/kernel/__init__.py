"""The event kernel of `pteg.Simulator`: Amaranth's semantics, with native code where they allow it.

A file each: the kernel itself (`engine`); its signals and clocks (`state`); a circuit as Amaranth's
processes (`interpreted`) and as compiled code (`native`); the signals in an expression (`leaves`);
testbenches and processes (`processes`) and their waits for ticks (`waits`); many clock edges in one
call (`batch`, `loops`), up to a compiled condition (`conditions`); waveforms (`recorder`).
docs/decisions/0008-two-circuits-in-one-kernel.md says why there are two circuits.
"""
