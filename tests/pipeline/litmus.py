"""Litmus tests: short programs of several processors, and which results they may have.

A program is a list of threads; a thread is a list of operations:

    ("W", "x", 1)       store 1 to x
    ("R", "x")          load x
    ("sync",) ("eieio",)
    ("isync",)          behind a branch that depends on the last load
    ("A", "x")          load x, with an address that depends on the last load

A result is the tuple of all loads, thread by thread, then the last values of x, y, z.
"""

from collections import Counter
from itertools import permutations

import numpy as np

from pteg.cpu import Stop
from pteg.firmware.asm import assemble

__all__ = ["CLASSIC", "PLACES", "ROUNDS", "WEAK", "allowed", "observed", "random_threads",
           "sequential"]

PLACES = "xyz"
SYNC, EIEIO, ISYNC = ("sync",), ("eieio",), ("isync",)


def W(place, value=1):  # noqa: N802
    return "W", place, value


def R(place):  # noqa: N802
    return "R", place


#: Name: the threads, and the result that sequential consistency forbids, or None.
CLASSIC = {
    "SB": ([[W("x"), R("y")], [W("y"), R("x")]], (0, 0, 1, 1, 0)),
    "SB+sync+sync": ([[W("x"), SYNC, R("y")], [W("y"), SYNC, R("x")]], (0, 0, 1, 1, 0)),
    "SB+eieio+eieio": ([[W("x"), EIEIO, R("y")], [W("y"), EIEIO, R("x")]], (0, 0, 1, 1, 0)),
    "MP": ([[W("x"), W("y")], [R("y"), R("x")]], (1, 0, 1, 1, 0)),
    "MP+eieio+sync": ([[W("x"), EIEIO, W("y")], [R("y"), SYNC, R("x")]], (1, 0, 1, 1, 0)),
    "MP+sync+ctrlisync": ([[W("x"), SYNC, W("y")], [R("y"), ISYNC, R("x")]], (1, 0, 1, 1, 0)),
    "MP+eieio+addr": ([[W("x"), EIEIO, W("y")], [R("y"), ("A", "x")]], (1, 0, 1, 1, 0)),
    "LB": ([[R("x"), W("y")], [R("y"), W("x")]], (1, 1, 1, 1, 0)),
    "R": ([[W("x"), W("y")], [W("y", 2), R("x")]], (0, 1, 2, 0)),
    "R+sync+sync": ([[W("x"), SYNC, W("y")], [W("y", 2), SYNC, R("x")]], (0, 1, 2, 0)),
    "S": ([[W("x", 2), W("y")], [R("y"), W("x")]], (1, 2, 1, 0)),
    "2+2W": ([[W("x"), W("y", 2)], [W("y"), W("x", 2)]], (1, 1, 0)),
    "CoRR": ([[W("x")], [R("x"), R("x")]], (1, 0, 1, 0, 0)),
    "CoWW": ([[W("x"), W("x", 2)], [R("x")]], None),
    "CoRW": ([[R("x"), W("x")], [W("x", 2)]], None),
}
#: Those whose weak result the pipeline's rule allows.
WEAK = {"SB", "SB+eieio+eieio", "MP", "R"}


def random_threads(rng):
    """Two threads of two or three accesses, with barriers and dependencies."""
    return [_random_thread(rng) for _ in range(2)]


def _random_thread(rng):
    thread = []
    for _ in range(rng.choice((2, 2, 3))):
        place = rng.choice("xyz")
        loads = any(op[0] in "RA" for op in thread)
        if thread and rng.random() < 0.3:
            thread.append(rng.choice((SYNC, EIEIO, *([ISYNC] if loads else []))))
        thread.append(rng.choice((W(place, rng.randrange(1, 4)), R(place),
                                  ("A", place) if loads else R(place))))
    return thread


#: Of round 0: each place in a block of its own; of the flags, the results, and from round to round.
DATA, FLAGS, RESULTS, ROUND = 0x20000, 0x10000, 0x80000, 128
RESULT = 16     # bytes of a thread's loads in a round
#: Rounds from one time that the processors wait for each other to the next.
TOGETHER = 4
THREAD = 0x10000
#: Of one run, at most.
ROUNDS = (RESULTS - DATA) // ROUND

_START = """
_start:
    lis r30, 0x0C00
    ori r30, r30, 0xB000
    li r31, 1
    li r29, 0
{resets}
both:
    lwz r20, 0x100(r30)
    li r0, 0
    ori r0, r0, 0xC000
    mtspr 1008, r0
    isync
    li r21, 0               # how often they have waited for each other
    lis r22, {data}@h
    ori r22, r22, {data}@l
    lis r23, {results}@h
    ori r23, r23, {results}@l
    lis r24, {flags}@h
    ori r24, r24, {flags}@l
    slwi r5, r20, 16
    add r23, r23, r5
    slwi r25, r20, 6
    add r25, r25, r24       # own flag
    mulli r26, r20, 7919
    addi r26, r26, {seed}   # random numbers
again:
    addi r21, r21, 1
    mulli r26, r26, 20077
    addi r26, r26, 12345
    addi r11, r22, 0
    addi r12, r22, 32
    addi r13, r22, 64
{preloads}
    sync
    stw r21, 0(r25)
    li r6, {count}
    mr r7, r24
2:  lwz r5, 0(r7)
    cmpw r5, r21
    blt 2b
    addi r7, r7, 64
    addi r6, r6, -1
    cmpwi r6, 0
    bne 2b
    isync
{dispatch}
next:
    sync
    addi r22, r22, {together} * {round}
    cmpwi r21, {rounds} / {together}
    blt again
end: b end
second:
    lis r30, 0x0C00
    ori r30, r30, 0xB000
    b both
"""


def _preload(number):
    """Sometimes x or y of a round is in this cache before."""
    return "\n".join(
        f" andi. r5, r26, {0x100 << 2 * number + place}\n beq 1f\n"
        f" lwz r5, {ROUND * number}(r{11 + place})\n1:" for place in range(2))


def _body(thread, number):
    """A round of a thread, after a random delay: a longer one after they have waited."""
    lines, loads = [f"rlwinm r5, r26, {20 + 3 * number}, {29 if number else 26}, 31",
                    "addi r5, r5, 1", "mtctr r5", "1: bdnz 1b"], 0
    for kind, *rest in thread:
        place = f"0(r{11 + PLACES.index(rest[0])})" if rest else ""
        if kind == "W":
            lines += [f"li r9, {rest[1]}", f"stw r9, {place}"]
        elif kind == "R":
            lines.append(f"lwz r{14 + loads}, {place}")
            loads += 1
        elif kind == "A":
            lines += [f"xor r9, r{13 + loads}, r{13 + loads}",
                      f"lwzx r{14 + loads}, r9, r{11 + PLACES.index(rest[0])}"]
            loads += 1
        elif kind == "isync":
            lines += [f"cmpw r{13 + loads}, r{13 + loads}", "bne- 1f", "1: isync"]
        else:
            lines.append(kind)
    lines += [f"stw r{14 + n}, {4 * n}(r23)" for n in range(loads)]
    return [*lines, f"addi r23, r23, {RESULT}",
            *(f"addi r{11 + n}, r{11 + n}, {ROUND}" for n in range(len(PLACES)))]


def _program(threads, rounds, seed):
    count, dispatch = len(threads), []
    for number, thread in enumerate(threads):
        bodies = [line for one in range(TOGETHER) for line in _body(thread, one)]
        dispatch += [f"cmpwi r20, {number}", "bne 3f", *bodies, "b next", "3:"]
    resets = "\n".join(f" stw r31, {16 * n + 4}(r30)\n stw r29, {16 * n + 4}(r30)"
                       for n in range(1, count))
    return _START.format(resets=resets, data=DATA, results=RESULTS, flags=FLAGS, seed=seed,
                         count=count, round=ROUND, rounds=rounds, together=TOGETHER,
                         preloads="\n".join(map(_preload, range(TOGETHER))),
                         dispatch="\n".join(dispatch))


def observed(machine, threads, rounds, seed, bus=None):
    """Run a program so many times, a multiple of `TOGETHER`, with random delays before; the results
    and how often each.

    With `bus`, a `random.Random`, main memory's first beat comes after a wait that changes at
    random times, several times in a round or once in some rounds.
    """
    assert rounds <= ROUNDS and rounds % TOGETHER == 0
    machine.reset()
    machine.memory.write(FLAGS, bytes(64 * len(threads)))
    machine.memory.write(DATA, bytes(ROUND * rounds))
    machine.memory.write(RESULTS, bytes(THREAD * len(threads)))
    machine.load(assemble(_program(threads, rounds, seed), sections={".text": 0x1000}).elf())
    second, end = (machine.symbols.address(name) for name in ("second", "end"))
    machine.memory.write_word(0x100, 0x48000000 | second - 0x100)
    machine.cpu.pc, machine.cpu.msr = 0x1000, 0
    limit = machine.cycle + 20_000 * rounds
    while not all(cpu.pc == end for cpu in machine.cpus):
        assert machine.cycle < limit, "the program must end"
        cycles = 10_000
        if bus is not None:
            cycles = bus.choice((100, 300, 1000)) + bus.randrange(100)
            _main_memory(machine)["first"] = bus.choice((1, 2, 5, 12, 30)) + bus.randrange(4)
        assert machine.run(cycles=cycles) is Stop.CYCLES
    columns = [_words(machine, RESULTS + THREAD * n, rounds, RESULT)[:, k]
               for n, thread in enumerate(threads) for k in range(_loads(thread))]
    places = _words(machine, DATA, rounds, ROUND)
    columns += [places[:, 8 * n] for n in range(len(PLACES))]
    return Counter(zip(*(column.tolist() for column in columns), strict=True))


def _main_memory(machine):
    """Its bus side."""
    number = machine.platform.devices.index(machine.platform.ram)
    return machine.model.driver.targets[number]


def _loads(thread):
    return sum(op[0] in "RA" for op in thread)


def _words(machine, address, rounds, size):
    """Of each round, `size` bytes."""
    data = machine.memory.read(address, size * rounds)
    return np.frombuffer(data, ">u4").reshape(rounds, size // 4)


def _orders(thread):
    """Every order in which this processor may perform a thread's accesses, as their indices.

    Stores are performed in program order, after all loads before them. A load may come before
    anything that is not a load of, or store to, the same place, unless a barrier or a dependency
    forbids it. The architecture allows all this, and more.
    """
    accesses = [n for n, op in enumerate(thread) if op[0] in "WRA"]

    def ordered(a, b):
        first, then = thread[a], thread[b]
        between = [op[0] for op in thread[a + 1:b]]
        loads = [n for n in accesses if n < b and thread[n][0] in "RA"]
        return (then[0] == "W" or first[1] == then[1] or "sync" in between
                or then[0] == "A" and loads[-1] == a
                or first[0] in "RA" and "isync" in between and _branches_on(thread, a, b))

    for order in permutations(accesses):
        place = {n: k for k, n in enumerate(order)}
        if all(place[a] < place[b] for a in accesses for b in accesses
               if a < b and ordered(a, b)):
            yield order


def _branches_on(thread, a, b):
    """An isync between two accesses waits for the branch, which waits for its load, and for all
    older instructions."""
    return any(thread[n][0] == "isync" for n in range(a + 1, b))


def allowed(threads):
    """All results of such orders, interleaved."""
    results = set()

    def run(state, left, loaded, done):
        key = (tuple(sorted(state.items())), left, loaded)
        if key in done:
            return
        done.add(key)
        if not any(left):
            loads = [dict(loaded)[n, k] for n, thread in enumerate(threads)
                     for k, op in enumerate(thread) if op[0] in "RA"]
            results.add((*loads, *(state[place] for place in PLACES)))
            return
        for n, order in enumerate(left):
            if order:
                op = threads[n][order[0]]
                rest = (*left[:n], order[1:], *left[n + 1:])
                if op[0] == "W":
                    run({**state, op[1]: op[2]}, rest, loaded, done)
                else:
                    run(state, rest, (*loaded, ((n, order[0]), state[op[1]])), done)

    def choose(n, chosen):
        if n == len(threads):
            run(dict.fromkeys(PLACES, 0), chosen, (), set())
            return
        for order in _orders(threads[n]):
            choose(n + 1, (*chosen, order))

    choose(0, ())
    return results


def sequential(threads):
    """The results in program order."""
    return allowed([[op for access in thread for op in (access, ("sync",))] for thread in threads])
