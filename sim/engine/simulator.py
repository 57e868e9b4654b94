"""`Simulator`: the interface of `amaranth.sim.Simulator`, and its results, only faster."""

from time import process_time
from typing import TYPE_CHECKING, Any

from amaranth.hdl import Fragment, Instance
from amaranth.hdl._ir import IOBufferInstance
from amaranth.sim import Simulator as AmaranthSimulator
from amaranth.sim.core import _seconds_to_femtos

from pteg.engine.frontend.runs import where
from pteg.errors import UserError

if TYPE_CHECKING:
    from pteg.engine.compiled import Native

__all__ = ["Simulator"]

#: Seconds of interpretation before a small design is compiled: about what that takes.
COMPILE_AFTER = 0.5


class Simulator(AmaranthSimulator):
    """Simulates an Amaranth design.

    Used like :class:`amaranth.sim.Simulator`: `add_clock`, `add_testbench`, `add_process`, `run`,
    `run_until`, `advance`, `reset`, `write_vcd`. It begins with Amaranth's own circuit, then uses
    a compiled one after some time, if that cannot change the results (docs/engine.md).

    Parameters
    ----------
    toplevel : Elaboratable or Fragment
        Signals that nothing drives are inputs.
    compile_after : float, optional
        Seconds of simulation before the design is compiled; ``float("inf")`` for never. By default
        about as long as compiling takes.

    Raises
    ------
    UserError
        The design has an instance or an I/O buffer.
    """

    def __init__(self, toplevel: Any, *, compile_after: float | None = None):
        from pteg.engine.frontend import prepare
        from pteg.engine.kernel.engine import Engine

        begin = process_time()
        self._design = prepare(Fragment.get(toplevel, platform=None))
        self._refuse_instances()
        self._native: Native | None = None
        self._engine = Engine(self._design, self._compile)
        if compile_after is None:
            compile_after = max(COMPILE_AFTER, process_time() - begin)
        self._engine.compile_after = compile_after
        self._clocked: set[Any] = set()
        self._running = False

    @property
    def native(self) -> "Native":
        """The compiled design, a `Native`; `UserError` says why there is none."""
        if self._native is None:
            from pteg.engine.compiled import compile_prepared

            self._native = compile_prepared(self._design, cycle=True)
        return self._native

    def _compile(self, state: Any, known: Any) -> Any:
        from pteg.engine.kernel.native import NativeCircuit

        return NativeCircuit(state, self._engine._active_triggers, self.native, known)

    def _refuse_instances(self) -> None:
        for fragment, info in self._design.fragments.items():
            if isinstance(fragment, Instance | IOBufferInstance):
                kind = getattr(fragment, "type", "I/O buffer")
                raise UserError(f"{where(fragment.src_loc)}: the instance {'.'.join(info.name)!r} "
                                f"of {kind!r} cannot be simulated")

    def run(self) -> None:
        """Run while a testbench or process is critical."""
        self._running = True
        while self._engine.advance():
            pass

    def run_until(self, deadline: Any, **options: Any) -> None:
        """Run until a point in time, in seconds."""
        if options:
            super().run_until(deadline, **options)
            return
        deadline = _seconds_to_femtos(deadline)
        assert self._engine.now <= deadline
        self._running = True
        while self._engine.now < deadline:
            self._engine.advance(until=deadline)

    def advance(self) -> bool:
        """Run one step of time; return whether a testbench or process is critical."""
        self._running = True
        return self._engine.advance(until=0)
