"""Drives a design in Amaranth's simulator and in the engine, and compares everything, every cycle.

Loaded by the `compare_with_amaranth` fixture of tests/conftest.py.
"""

import random
import warnings

import numpy as np
from amaranth.hdl import Fragment, Signal, Value
from amaranth.lib import wiring
from amaranth.sim import Simulator

from pteg.engine import compile_design, incremental
from pteg.engine.tracer import ChangeTracer


class Prepared(Fragment):
    """A fragment that is prepared already: it can be prepared only once."""

    def __init__(self, prepared):
        super().__init__()
        self.prepared = prepared

    def prepare(self):
        return self.prepared


def random_value(rng, width, old):
    """Return a value that is often a corner case, and often the same as before."""
    if width == 0 or rng.random() < 0.3:
        return old
    kind = rng.random()
    if kind < 0.15:
        return 0
    if kind < 0.25:
        return (1 << width) - 1
    if kind < 0.4:
        return rng.getrandbits(3) & ((1 << width) - 1)
    if kind < 0.5:
        return 1 << rng.randrange(width)
    return rng.getrandbits(width)


def compare_with_amaranth(design, cycles=1000, seed=0, *, stimulus=None, reset_rate=0.0,
                          memory_period=16, ports=None):
    """Compare all signals before every clock edge, and all memories now and then.

    Parameters
    ----------
    design : Component, or Fragment or Elaboratable with `ports`
    cycles : int
    seed : int
        Of the random inputs; printed when something differs.
    stimulus : callable, optional
        `stimulus(rng, cycle, values)` may change the dict of input values (by port path) that was
        chosen at random, to keep to a protocol.
    reset_rate : float
        How often the reset is active.
    """
    if ports is None and isinstance(design, wiring.Component):
        ports = [Value.cast(value) for _, _, value in design.signature.flatten(design)
                 if isinstance(Value.cast(value), Signal)]
    fragment = Fragment.get(design, platform=None)
    skipping = bool(seed % 2)   # `cycle` instead of `step`
    native = compile_design(fragment, ports=ports, cycle=skipping, cache=False)
    signals = [(signal, path) for signal, path in native.design.signals.items()
               if path != "clk"]
    changes = seed % 4 in (1, 2)    # a tracer that computes what has changed
    paths = [path for _, path in signals]
    if changes:
        least, incremental.LEAST = incremental.LEAST, seed // 4 % 3 * 4     # 0: many clusters
        try:
            tracer = ChangeTracer(native.design, {path: native.probe(path) for path in paths},
                                  False)
        finally:
            incremental.LEAST = least
    else:
        tracer = native.tracer(paths)
    by_path = {path: signal for signal, path in native.design.signals.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        simulator = Simulator(Prepared(native.design.prepared))
    fragment = native.design.prepared.fragment
    engine = simulator._engine.state
    slots = [engine.slots[engine.get_signal(signal)] for signal, _ in signals]
    inputs = {path: by_path[path] for path in native.inputs}
    if "sync" in fragment.domains and native.design.reset is not None:
        reset = fragment.domains["sync"].rst
    else:
        reset = None
    memories = [(native.memories[path], engine.slots[engine.get_memory(memory)])
                for memory, path in native.design.memory_data.items()]
    state, record, buffer = native.new_state(), native.new_record(), tracer.new_buffer()
    if changes:
        kept, told = tracer.new_record(), tracer.new_changes()
    rng = random.Random(seed)
    busy = {path: rng.choice((0.05, 0.5, 0.95)) for path in inputs}

    def fail(cycle, path, expected, found):
        raise AssertionError(f"seed {seed}, cycle {cycle}: {path} is {found:#x}, Amaranth says "
                             f"{expected:#x}")

    async def testbench(ctx):
        values = {path: signal.init & ((1 << len(signal)) - 1) for path, signal in inputs.items()}
        until = 0   # the inputs stay
        for cycle in range(cycles):
            if rng.random() < 0.05:
                until = cycle + rng.randrange(10)
            for path, signal in inputs.items():
                if cycle < until:
                    continue
                if len(signal) == 1 and busy[path] != 0.5:
                    values[path] = int(rng.random() < busy[path])
                else:
                    values[path] = random_value(rng, len(signal), values[path])
            if stimulus is not None:
                stimulus(rng, cycle, values)
            for path, signal in inputs.items():
                if len(signal):
                    native.write(state, path, values[path])
                    engine.slots[engine.get_signal(signal)].update(
                        values[path] - (values[path] >> (len(signal) - 1) << len(signal))
                        if signal.shape().signed else values[path])
            resetting = reset is not None and rng.random() < reset_rate
            if reset is not None:
                state[native.design.reset] = resetting
                engine.slots[engine.get_signal(reset)].update(int(resetting))
            simulator._engine.step_design()
            if changes:
                tracer.trace(state, kept, told)
                pairs = told[:2 * int(kept[tracer.COUNT])].reshape(-1, 2)
                buffer[pairs[:, 0]] = pairs[:, 1]
                assert len(set(pairs[:, 0].tolist())) == len(pairs)
            else:
                tracer.trace(state, buffer)
            for (_, path), slot, probe, offset in zip(signals, slots, tracer.probes,
                                                      tracer.offsets, strict=True):
                found = int(buffer[offset])
                for word in range(1, (probe.width + 63) // 64):
                    found |= int(buffer[offset + word]) << (64 * word)
                expected = slot.curr & ((1 << probe.width) - 1)
                if found != expected:
                    fail(cycle, path, expected, found)
            if resetting:
                native.reset(state)
                record[:] = 0
            elif skipping:
                native.cycle(state, record)
            else:
                native.step(state)
            if not resetting:
                for path, probe in native.outputs.items():
                    got = sum(int(state[part.word]) << 64 * i
                              for i, part in enumerate(probe.parts))
                    expected = engine.slots[engine.get_signal(by_path[path])].curr
                    if got != expected & ((1 << probe.width) - 1):
                        fail(cycle, f"output {path}", expected, got)
            if sequential:
                await ctx.tick()
            else:
                await ctx.delay(1e-6)
            if cycle % memory_period == 0 or cycle == cycles - 1:
                for info, slot in memories:
                    for row in range(info.depth):
                        found = info.read(state, row)
                        expected = slot.data[row] & ((1 << info.width) - 1)
                        if found != expected:
                            fail(cycle, f"{info.path}[{row}]", expected, found)

    sequential = "sync" in fragment.domains
    if sequential:
        simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    np.testing.assert_equal(state.dtype, np.uint64)
    simulator.run()
    return native
