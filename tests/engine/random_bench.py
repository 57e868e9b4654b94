"""Random testbenches, processes and legacy generators, run in any simulator with a log.

What an actor does depends on its seed only. Two actors never drive the same signal, and a register
is set by testbenches only, between clock edges: all else has no defined result in Amaranth either.
"""

import random
import warnings
from contextlib import suppress

from amaranth.hdl import ClockDomain, Fragment, Module, Signal
from amaranth.sim import BrokenTrigger, Delay, DomainReset, Settle, Tick

PERIOD = 8e-9
#: Some are multiples of the clock's half period, so that they meet edges.
DELAYS = (0, 1e-9, 3e-9, 4e-9, 8e-9, 20e-9, 37e-9, 800e-9)
END = 1500e-9


class Run:
    """One simulation of a random design.

    Parameters
    ----------
    simulate : callable
        Makes a simulator from an elaboratable.
    module : Module
    inputs : list of Signal
    seed : int
        Of the actors.
    domains : dict of str to (period, phase)
    calm : bool
        Whether all waits are for ticks and delays.
    """

    def __init__(self, simulate, module, inputs, seed, *, domains=None, calm=False):
        self.simulator = simulate(Fragment.get(clocked(module, domains or {}), None))
        self.domains = domains or {"sync": (PERIOD, None)}
        self.calm = calm
        for domain, (period, phase) in self.domains.items():
            self.simulator.add_clock(period, phase=phase, domain=domain, if_exists=True)
        fragments = self.simulator._design.fragments
        clocks = {domain.clk.name for domain in self.simulator._design.fragment.domains.values()}
        self.names = [d for d in self.domains if d in self.simulator._design.fragment.domains]
        found = {}
        for info in fragments.values():
            for signal, name in info.signal_names.items():
                if len(signal) and signal.name not in clocks:
                    found.setdefault(".".join((*info.name, name)), signal)
        self.signals = [found[path] for path in sorted(found)]
        self.resets = [domain.rst for domain in self.simulator._design.fragment.domains.values()
                       if domain.rst is not None]
        self.memories = sorted((fragment._data for fragment in fragments
                                if hasattr(fragment, "_data")), key=lambda data: data.name)
        rng = random.Random(seed)
        free = [signal for signal in inputs if len(signal)]
        self.logs = []
        kinds = [self.testbench, self.testbench, self.process, self.generator]
        for number in range(rng.randint(1, 4)):
            kind = kinds[0] if number == 0 else rng.choice(kinds)
            own = [signal for signal in free if rng.random() < 0.5]
            free = [signal for signal in free if all(signal is not other for other in own)]
            self.logs.append([])
            kind(random.Random(rng.random()), own, self.logs[-1])

    def run(self):
        """Return the logs of all actors."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.simulator.run_until(END)
            self.close()
        return self.logs

    def close(self):
        """End the coroutines, which Amaranth's `until` answers with an error."""
        engine = self.simulator._engine
        for actor in (*engine._processes, *engine._testbenches):
            if getattr(actor, "coroutine", None) is not None:
                with suppress(RuntimeError):
                    actor.coroutine.close()

    @property
    def now(self):
        """The time in femtoseconds."""
        return self.simulator._engine.now

    # Choices -------------------------------------------------------------------------------------

    def look(self, rng):
        """Return an expression to look at."""
        signal = rng.choice(self.signals)
        match rng.randrange(5):
            case 0:
                return signal[rng.randrange(len(signal)):]
            case 1:
                return signal == rng.choice(self.signals)
            case _:
                return signal

    def change(self, rng, own):
        """Return what to set, and to what."""
        signal = rng.choice(own)
        if rng.random() < 0.2:
            signal = signal[:rng.randint(1, len(signal))]
        return signal, rng.choice((0, 1, -1, rng.getrandbits(len(signal))))

    def condition(self, rng):
        """Return a condition that often holds some time."""
        signal, other = rng.choice(self.signals), rng.choice(self.signals)
        return rng.choice((signal.any(), signal[0], ~signal[0], signal != other, signal.xor(),
                           signal < other, (signal & other).bool(), signal[0] == other[0]))

    # Actors --------------------------------------------------------------------------------------

    def testbench(self, rng, own, log):
        """Add a testbench."""
        async def bench(ctx):
            await self.act(ctx, rng, own, log, testbench=True)
        self.simulator.add_testbench(bench)

    def process(self, rng, own, log):
        """Add a process."""
        async def process(ctx):
            await self.act(ctx, rng, own, log, testbench=False)
        self.simulator.add_process(process)

    async def act(self, ctx, rng, own, log, testbench):
        while True:
            for _ in range(rng.randrange(3) if own else 0):
                ctx.set(*self.change(rng, own))
                if testbench and rng.random() < 0.5:
                    log.append((self.now, "set", ctx.get(self.look(rng))))
            if testbench:
                self.disturb(ctx, rng, log)
            try:
                log.append((self.now, *await self.wait(ctx, rng)))
            except (DomainReset, BrokenTrigger) as error:
                log.append((self.now, type(error).__name__))
            if rng.random() < 0.25:
                await self.loop(ctx, rng, own, log)

    def disturb(self, ctx, rng, log):
        if self.memories and rng.random() < 0.3:
            memory = rng.choice(self.memories)
            if memory.depth:
                row = memory[rng.randrange(memory.depth)]
                log.append((self.now, "row", ctx.get(row)))
                if rng.random() < 0.5:
                    ctx.set(row, 1)
        if self.resets and rng.random() < 0.1:
            ctx.set(rng.choice(self.resets), rng.randrange(2))
        for _ in range(rng.randrange(3)):
            log.append((self.now, "get", ctx.get(self.look(rng))))

    def tick(self, ctx, rng):
        return ctx.tick(rng.choice(self.names)).sample(
            *[self.look(rng) for _ in range(rng.randrange(3))])

    async def wait(self, ctx, rng):
        kind = rng.randrange(6 if self.calm else 9)
        match kind:
            case 0 | 1:
                return "tick", *await self.tick(ctx, rng)
            case 2:
                return "repeat", *await self.tick(ctx, rng).repeat(rng.choice((1, 2, 5, 40)))
            case 3:
                return "until", *await self.tick(ctx, rng).until(self.condition(rng))
            case 4 | 5:
                return "delay", *await ctx.delay(rng.choice(DELAYS)).sample(self.look(rng))
            case 6:
                watched = [rng.choice(self.signals) for _ in range(rng.randint(1, 2))]
                watched = watched[:1] if watched[-1] is watched[0] else watched
                return "changed", *await ctx.changed(*watched).sample(self.look(rng)).delay(5e-8)
            case 7:
                signal = rng.choice(self.signals)
                bit = signal if len(signal) == 1 else signal[rng.randrange(len(signal))]
                return "edge", *await ctx.edge(bit, rng.randrange(2)).delay(3e-8)
            case 8:
                clock = self.simulator._design.fragment.domains[rng.choice(self.names)].clk
                return "negedge", *await ctx.negedge(clock).sample(self.look(rng))

    async def loop(self, ctx, rng, own, log):
        if self.calm or rng.random() < 0.6:
            trigger = self.tick(ctx, rng)
        else:
            trigger = ctx.changed(rng.choice(self.signals)).delay(2e-8)
        count = rng.randrange(1, 12)
        try:
            async for values in trigger:
                log.append((self.now, "for", *values))
                if own and rng.random() < 0.6:
                    ctx.set(*self.change(rng, own))
                count -= 1
                if not count:
                    return
        except BrokenTrigger:
            log.append((self.now, "broken"))

    def generator(self, rng, own, log):
        """Add a legacy process."""
        def process():
            while True:
                for _ in range(rng.randrange(3)):
                    log.append((self.now, "yield", (yield self.look(rng))))
                if own:
                    signal, value = self.change(rng, own)
                    yield signal.eq(value)
                match rng.randrange(4):
                    case 0 | 1:
                        yield Tick(rng.choice(self.names))
                    case 2:
                        yield Delay(rng.choice(DELAYS) or 1e-9)
                    case 3:
                        yield Settle()
                        yield Tick(rng.choice(self.names))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.simulator.add_process(process)


def clocked(module, domains):
    """Return a module around another, with a counter, so that there is a clock.

    Of the other domains, the one named `neg` has a falling edge and `late` an asynchronous reset;
    each copies what the others have.
    """
    m = Module()
    m.submodules.design = module
    counts = {"sync": Signal(4, name="count_sync")}
    m.d.sync += counts["sync"].eq(counts["sync"] + 1)
    if "neg" in domains:
        m.domains.neg = ClockDomain(clk_edge="neg")
        m.domains.late = ClockDomain(async_reset=True)
        counts |= {name: Signal(4, name=f"count_{name}", init=3) for name in ("neg", "late")}
        m.d.neg += counts["neg"].eq(counts["sync"] + counts["late"])
        m.d.late += counts["late"].eq(counts["late"] ^ counts["neg"] ^ counts["sync"])
    return m


def first_difference(expected, found):
    """Return where two runs differ, or None."""
    for actor, (one, other) in enumerate(zip(expected, found, strict=True)):
        for index, (a, b) in enumerate(zip(one, other, strict=False)):
            if a != b:
                return f"actor {actor}, entry {index}: {b}, Amaranth says {a}"
        if len(one) != len(other):
            return f"actor {actor}: {len(other)} entries, Amaranth has {len(one)}"
    return None
