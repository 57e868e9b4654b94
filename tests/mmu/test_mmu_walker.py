"""The table search, step by step."""

import itertools

import pytest
from amaranth.sim import Simulator

from pteg.hw.bus.enums import TransferType
from pteg.hw.isa.registers import SPR_BY_NAME
from pteg.hw.mmu.enums import AccessKind, SearchResult, Side
from pteg.hw.mmu.walker import State, Walker

SDR1 = 0x00200000
VSID, EA = 0x123456, 0x10003ABC
#: Known from an independent machine: PTEG of this VSID and EA with this SDR1.
PTEG = 0x00201540
HIGH = 1 << 31 | VSID << 7


def simulate(testbench):
    """Run `await testbench(ctx, walker)` with SDR1 set."""
    walker = Walker()
    simulator = Simulator(walker)
    simulator.add_clock(1e-6)

    async def run(ctx):
        ctx.set(walker.registers.spr, SPR_BY_NAME["SDR1"].number)
        ctx.set(walker.registers.wdata, SDR1)
        ctx.set(walker.registers.write, 1)
        await ctx.tick()
        ctx.set(walker.registers.write, 0)
        assert ctx.get(walker.registers.rdata) == SDR1
        await testbench(ctx, walker)

    simulator.add_testbench(run)
    simulator.run()


async def walk(ctx, walker, memory, kind, *, key=0, side="data", broken=()):
    """One search; (states passed through, transactions, events, entries written)."""
    states, transactions, events, entries = [], [], {"updates": []}, []
    port, request = getattr(walker, side), walker.memory
    for name, value in (("valid", 1), ("ea", EA), ("vsid", VSID), ("kind", kind),
                        ("key", key), ("way", 1)):
        ctx.set(getattr(port, name), value)
    assert ctx.get(port.start)
    await ctx.tick()
    ctx.set(port.valid, 0)
    for _ in range(100):
        states.append(State(ctx.get(walker.state)))
        if ctx.get(request.valid):
            address, size = ctx.get(request.addr), ctx.get(request.size)
            data = ctx.get(request.wdata) >> 64 - 8 * (address % 8 + size) & (1 << 8 * size) - 1
            write = ctx.get(request.type) == TransferType.WRITE_WITH_FLUSH
            transactions.append((address, data) if write else address)
            ctx.set(request.done, 1)
            ctx.set(request.error, address in broken)
            ctx.set(request.rdata, memory.get(address, 0))
        if ctx.get(walker.updated_r | walker.updated_c):
            events["updates"].append(
                (ctx.get(walker.updated_r), ctx.get(walker.updated_c),
                 ctx.get(walker.found_at), ctx.get(walker.update_word)))
        if ctx.get(port.refill):
            entries.append(ctx.get(port.entry))
            assert ctx.get(port.refill_way) == 1 and ctx.get(port.refill_ea) == EA
        done = ctx.get(walker.done)
        if done:
            events.update(
                outcome=SearchResult(ctx.get(walker.outcome)),
                examined=ctx.get(walker.ptes_examined), side=Side(ctx.get(walker.side)),
                fail=ctx.get(port.fail), error=ctx.get(port.error))
        await ctx.tick()
        ctx.set(request.done, 0)
        if done:
            assert not ctx.get(walker.busy)
            return states, transactions, events, entries
    raise AssertionError("a search must end")


def search(memory, kind, **options):
    """The same, with a simulator of its own."""
    results = []

    async def testbench(ctx, walker):
        results.extend(await walk(ctx, walker, memory, kind, **options))

    simulate(testbench)
    return results


def reads(group, count=8):
    return [group + 8 * n for n in range(count)]


#: Complement of the hash, in the table's 64 KB.
SECONDARY = SDR1 | ~PTEG & 0xFFC0
HASH, FOUND = (State.HASH, State.ADDRESS), State.CHECK
P, Q = (State.PRIMARY_READ, State.PRIMARY_COMPARE), (
    State.SECONDARY_READ, State.SECONDARY_COMPARE)


def pte(low, secondary=0):
    return (HIGH | secondary << 6) << 32 | low


def test_every_step_is_a_state_and_a_transaction_of_its_own():
    # Third PTE of the secondary group, R = C = 0, read/write.
    memory = {SECONDARY + 16: pte(0x00050012, 1), SECONDARY + 8: pte(0x00060012, 0)}
    states, transactions, events, entries = search(memory, AccessKind.STORE)
    assert states == [*HASH, *P * 8, *HASH, *Q * 3, FOUND,
                      State.UPDATE_R, State.UPDATE_C, State.REFILL]
    assert transactions == [*reads(PTEG), *reads(SECONDARY, 3),
                            (SECONDARY + 22, 0x01), (SECONDARY + 23, 0x92)]
    assert events["outcome"] == SearchResult.SECONDARY and events["examined"] == 11
    assert events["side"] == Side.DATA and not events["fail"]
    assert events["updates"] == [(1, 0, SECONDARY + 16, 0x00050112),
                                 (0, 1, SECONDARY + 16, 0x00050192)]
    assert len(entries) == 1
    entry = entries[0]
    assert (entry.rpn, entry.c, entry.wimg, entry.pp) == (0x50, 1, 2, 2)
    assert entry.vsid == VSID


def test_nothing_is_found():
    states, transactions, events, entries = search({}, AccessKind.FETCH, side="fetch")
    assert states == [*HASH, *P * 8, *HASH, *Q * 8, State.NOT_FOUND]
    assert transactions == [*reads(PTEG), *reads(SECONDARY)]
    assert events["outcome"] == SearchResult.NOT_FOUND and events["examined"] == 16
    assert events["fail"] and not events["error"] and not entries
    assert events["side"] == Side.FETCH


@pytest.mark.parametrize("wrong", [pte(0) ^ 1 << 63, pte(0) ^ 1 << 39, pte(0) ^ 1 << 62,
                                   pte(0) ^ 1 << 38, pte(0) ^ 1 << 32, pte(0) ^ 1 << 37])
def test_v_vsid_h_and_api_must_all_match(wrong):
    memory = {PTEG: wrong, PTEG + 8: pte(0x00070100)}
    states, transactions, events, entries = search(memory, AccessKind.LOAD)
    assert states == [*HASH, *P * 2, FOUND, State.REFILL] and events["examined"] == 2
    assert entries[0].rpn == 0x70 and entries[0].c == 0


def test_r_is_set_before_and_c_after_protection(spec):
    """All kinds, keys, PP, R and C."""
    async def testbench(ctx, walker):
        for kind, key, pp, c, r in itertools.product(
                AccessKind, (0, 1), range(4), (0, 0x80), (0, 0x100)):
            # Reserved bits and WIMG are written back as they were.
            low = 0x00050C7C & ~0x180 | r | c | pp
            writes = []
            if not r:
                writes.append((PTEG + 6, low >> 8 & 0xFF | 1))
            set_c = kind == AccessKind.STORE and not c and spec.ALLOWED[key, pp][1]
            if set_c:
                writes.append((PTEG + 7, low & 0xFF | 0x80))
            _, transactions, events, entries = await walk(
                ctx, walker, {PTEG: pte(low)}, kind, key=key)
            assert transactions == [PTEG, *writes], (kind, key, hex(low))
            assert events["outcome"] == SearchResult.PRIMARY
            assert entries[0].c == bool(c or set_c)

    simulate(testbench)


@pytest.mark.parametrize("broken", [PTEG + 8, PTEG + 30, PTEG + 31])
def test_transfer_error_ends_the_search(broken):
    memory = {PTEG + 24: pte(0x00050002)}
    states, transactions, events, entries = search(memory, AccessKind.STORE, broken={broken})
    assert states[-1] == State.BUS_ERROR and not entries
    last = transactions[-1]
    assert (last if isinstance(last, int) else last[0]) == broken
    assert events["outcome"] == SearchResult.BUS_ERROR and events["fail"] and events["error"]


def test_data_side_goes_first():
    async def testbench(ctx, walker):
        for port in (walker.fetch, walker.data):
            ctx.set(port.valid, 1)
        assert ctx.get(walker.data.start) and not ctx.get(walker.fetch.start)
        await ctx.tick()
        assert ctx.get(walker.side) == Side.DATA

    simulate(testbench)
