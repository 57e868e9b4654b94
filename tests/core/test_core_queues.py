"""Instruction queue, rename buffers and reservation station against small models."""

import random
from collections import deque
from dataclasses import dataclass

import pytest
from amaranth.sim import Simulator

from pteg.hw.core.queue import InstructionQueue
from pteg.hw.core.rename import Rename
from pteg.hw.core.station import Station
from pteg.hw.sizes import FETCH_WIDTH, IQ_ENTRIES, WIDTH


def simulate(component, testbench):
    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()


@pytest.mark.parametrize("seed", range(3))
def test_the_instruction_queue_is_a_queue(seed):
    queue, rng, model = InstructionQueue(), random.Random(seed), []
    branch = queue.branch

    async def testbench(ctx):
        number, longest, credit = 0, 0, 0
        for _ in range(1500):
            assert ctx.get(queue.count) == len(model)
            for n, expected in enumerate(model):
                progress = queue.progress[n]
                assert expected == [ctx.get(queue.entries[n].pc), *(
                    ctx.get(progress[name])
                    for name in ("level", "credit", "done", "predicted", "taken"))]
            room = min(IQ_ENTRIES - len(model), FETCH_WIDTH)
            assert ctx.get(queue.fetch.room) == room

            # The oldest branch that has not been executed is; it may be taken, or predicted.
            waiting = [n for n, entry in enumerate(model) if not entry[3]]
            mark = bool(waiting) and rng.random() < 0.5
            at = waiting[0] if waiting else 0
            taken, folded = mark and rng.random() < 0.5, rng.random() < 0.5
            predict, accept = mark and rng.random() < 0.3, rng.random() < 0.2
            wrong = not mark and not accept and rng.random() < 0.1
            cut, keep = taken or wrong, at + rng.randrange(2)
            if wrong:
                keep = rng.randrange(len(model) + 1)
            level = rng.randrange(predict, 3)
            inject = rng.randrange(3) if taken and keep <= IQ_ENTRIES - WIDTH else 0
            given = rng.randrange(4)
            for name, value in (("mark", mark), ("position", at), ("cut", cut), ("keep", keep),
                                ("predict", predict), ("accept", accept), ("wrong", wrong),
                                ("level", level), ("credit", given), ("folded", folded),
                                ("taken", taken)):
                ctx.set(getattr(branch, name), value)
            ctx.set(queue.inject.count, inject)
            count = rng.randrange(room + 1)
            ctx.set(queue.fetch.count, count)
            for port in (queue.fetch, queue.inject):
                for n in range(FETCH_WIDTH):
                    ctx.set(port.entries[n].pc, number + n)
            done = min(next((n for n, entry in enumerate(model) if not entry[3]), len(model)),
                       keep if wrong else IQ_ENTRIES)
            pop, flush = rng.randrange(min(done, WIDTH) + 1), rng.random() < 0.02
            ctx.set(queue.pop, pop)
            ctx.set(queue.flush, flush)
            await ctx.tick()

            for n, entry in enumerate(model):
                if accept and entry[1]:
                    entry[1] -= 1
                    entry[4] &= entry[1]
                if wrong:
                    entry[1], entry[4], entry[5] = 0, 0, entry[5] ^ entry[4]
                if predict and n >= at + folded:
                    entry[1] = level
            if mark:
                model[at][3:] = 1, predict and not folded, taken
            if cut:
                del model[keep:]
                credit = given
            entering = inject if cut else count
            for n in range(entering):
                model.append([number + n, level, credit, 0, 0, 0])
                credit = 0
            number += entering
            del model[:pop]
            if flush:
                model.clear()
                credit = 0
            longest = max(longest, len(model))
        assert longest == IQ_ENTRIES

    simulate(queue, testbench)


@dataclass
class Buffer:
    """A rename buffer: who will write which register."""

    reg: int
    tag: int
    speculative: bool
    value: int | None = None


class RenameModel:
    """Registers, and the buffers that will write them, oldest first."""

    def __init__(self):
        self.registers = [0] * 32
        self.waiting = deque()

    def operand(self, reg, newer=()):
        """(pending, value or tag) that an instruction dispatched now gets."""
        for buffer in reversed([*self.waiting, *newer]):
            if buffer.reg == reg:
                return (True, buffer.tag) if buffer.value is None else (False, buffer.value)
        return False, self.registers[reg]

    def commit(self):
        buffer = self.waiting.popleft()
        self.registers[buffer.reg] = buffer.value


@pytest.mark.parametrize("seed, renames", [(2, 2), (4, 16), *(
    pytest.param(*each, marks=pytest.mark.slow) for each in ((0, 6), (1, 6), (3, 13)))])
def test_renaming_keeps_the_newest_value_of_each_register(seed, renames):
    rename = Rename("gpr", width=32, destinations=2, results=2, renames=renames)
    rng, model = random.Random(seed), RenameModel()

    async def testbench(ctx):
        for _ in range(1000):
            free = renames - len(model.waiting)
            assert ctx.get(rename.free) == free

            # A prediction is resolved; nothing enters before what is speculative.
            doubtful = any(buffer.speculative for buffer in model.waiting)
            accept, wrong = rng.choice([(0, 0)] * 6 + [(1, 0), (0, 1)])
            ctx.set(rename.accept, accept)
            ctx.set(rename.wrong, wrong)
            first_guess = 0 if doubtful and not accept else rng.choice((0, 2, 4, 4))
            if wrong:
                free, first_guess = 0 if doubtful else free, 4

            allocated = []
            for number, port in enumerate(rename.allocate):
                for source in rename.sources[3 * number // 2:3 * (number + 1) // 2]:
                    ctx.set(source.reg, rng.randrange(4))
                take = len(allocated) < free and rng.random() < 0.4
                reg = rng.randrange(4)
                ctx.set(port.valid, take)
                ctx.set(port.reg, reg)
                ctx.set(port.speculative, number >= first_guess)
                if take:
                    allocated.append(Buffer(reg, ctx.get(port.tag), number >= first_guess))
            first = sum(ctx.get(port.valid) for port in rename.allocate[:2])
            for number, source in enumerate(rename.sources):
                # The second instruction sees what the first will write.
                older = allocated[:first] if number >= 3 else []
                pending, expected = model.operand(ctx.get(source.reg), older)
                assert ctx.get(source.operand.pending) == pending
                got = source.operand.tag if pending else source.operand.value
                assert ctx.get(got) == expected
            ready = [entry for entry in model.waiting if entry.value is None]
            finished = rng.sample(ready, min(len(ready), rng.randrange(3)))
            for n in range(2):
                port, valid = rename.results[n], n < len(finished)
                ctx.set(port.valid, valid)
                if valid:
                    ctx.set(port.tag, finished[n].tag)
                    ctx.set(port.value, rng.getrandbits(32))
            commits = 0
            for port in rename.commit:
                oldest = model.waiting[commits] if commits < len(model.waiting) else None
                done = (oldest is not None and not oldest.speculative
                        and (oldest.value is not None or oldest in finished))
                take = done and rng.random() < 0.6
                ctx.set(port.valid, take)
                if take:
                    ctx.set(port.reg, oldest.reg)
                    ctx.set(port.tag, oldest.tag)
                    commits += 1
            flush = rng.random() < 0.02
            ctx.set(rename.flush, flush)
            await ctx.tick()
            for n, entry in enumerate(finished):
                entry.value = ctx.get(rename.results[n].value)
            for _ in range(commits):
                model.commit()
            if accept:
                for buffer in model.waiting:
                    buffer.speculative = False
            while wrong and model.waiting and model.waiting[-1].speculative:
                model.waiting.pop()
            model.waiting.extend(allocated)
            if flush:
                model.waiting.clear()

    simulate(rename, testbench)


def test_a_station_takes_operands_the_moment_they_appear():
    station = Station()

    async def testbench(ctx):
        ctx.set(station.dispatch.valid, 1)
        ctx.set(station.dispatch.a.pending, 1)
        ctx.set(station.dispatch.a.tag, 2)
        ctx.set(station.dispatch.b.value, 7)
        await ctx.tick()
        ctx.set(station.dispatch.valid, 0)
        assert not ctx.get(station.unit.valid) and not ctx.get(station.dispatch.ready)
        ctx.set(station.values[2], 5)
        ctx.set(station.ready, 1 << 2)
        assert ctx.get(station.unit.valid)
        assert (ctx.get(station.unit.a), ctx.get(station.unit.b)) == (5, 7)
        await ctx.tick()
        # The buffer is freed; the station has kept the value.
        ctx.set(station.ready, 0)
        ctx.set(station.values[2], 99)
        assert ctx.get(station.unit.valid) and ctx.get(station.unit.a) == 5
        ctx.set(station.unit.done, 1)
        assert ctx.get(station.dispatch.ready)
        await ctx.tick()
        assert not ctx.get(station.unit.valid)

    simulate(station, testbench)
