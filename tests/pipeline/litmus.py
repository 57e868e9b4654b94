"""Litmus tests: short programs of several processors, and which results they may have.

A program is a list of threads; a thread is a list of operations:

    ("W", "x", 1)       store 1 to x
    ("R", "x")          load x
    ("sync",) ("eieio",)
    ("isync",)          behind a branch that depends on the last load
    ("A", "x")          load x, with an address that depends on the last load

A result is the tuple of all loads, thread by thread, then the last values of x, y, z.
"""

from itertools import permutations

from pteg.cpu import Stop
from pteg.firmware.asm import assemble

__all__ = ["PLACES", "allowed", "observed", "sequential"]

PLACES = "xyz"
#: Of round 0: each place in a block of its own; of the flags, the results, and from round to round.
DATA, FLAGS, RESULTS, ROUND = 0x20000, 0x10000, 0x80000, 128
RESULT = 16     # bytes of a thread's loads in a round
THREAD = 0x10000

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
    li r21, 0               # round
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
    andi. r5, r26, 0x100    # sometimes the places are in this cache before
    beq 1f
    lwz r5, 0(r11)
1:  andi. r5, r26, 0x200
    beq 1f
    lwz r5, 0(r12)
1:  sync
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
    rlwinm r5, r26, 20, 26, 31
    addi r5, r5, 1
    mtctr r5
1:  bdnz 1b
{dispatch}
next:
    sync
    addi r22, r22, {round}
    cmpwi r21, {rounds}
    blt again
end: b end
second:
    lis r30, 0x0C00
    ori r30, r30, 0xB000
    b both
"""


def _body(thread):
    lines, loads = [], 0
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
    return [*lines, f"addi r23, r23, {RESULT}", "b next"]


def _program(threads, rounds, seed):
    count, dispatch = len(threads), []
    for number, thread in enumerate(threads):
        dispatch += [f"cmpwi r20, {number}", "bne 3f", *_body(thread), "3:"]
    resets = "\n".join(f" stw r31, {16 * n + 4}(r30)\n stw r29, {16 * n + 4}(r30)"
                       for n in range(1, count))
    return _START.format(resets=resets, data=DATA, results=RESULTS, flags=FLAGS, seed=seed,
                         count=count, round=ROUND, rounds=rounds, dispatch="\n".join(dispatch))


def observed(machine, threads, rounds, seed):
    """Run a program so many times, with random delays before; the results and how often each."""
    machine.reset()
    machine.memory.write(FLAGS, bytes(64 * len(threads)))
    machine.memory.write(DATA, bytes(ROUND * rounds))
    machine.memory.write(RESULTS, bytes(THREAD * len(threads)))
    text = "".join(line if line.rstrip().endswith(":") or line[:1] in "_1239" else line
                   for line in _program(threads, rounds, seed).splitlines(keepends=True))
    code = assemble(text, sections={".text": 0x1000})
    machine.load(code.elf())
    second, end = (machine.symbols.address(name) for name in ("second", "end"))
    machine.memory.write_word(0x100, 0x48000000 | second - 0x100)
    machine.cpu.pc, machine.cpu.msr = 0x1000, 0
    limit = machine.cycle + 20_000 * rounds
    while not all(cpu.pc == end for cpu in machine.cpus):
        assert machine.cycle < limit, "the program must end"
        assert machine.run(cycles=10_000) is Stop.CYCLES
    found = {}
    for number in range(rounds):
        result = [machine.memory.read_word(RESULTS + THREAD * n + RESULT * number + 4 * k)
                  for n, thread in enumerate(threads)
                  for k in range(sum(op[0] in "RA" for op in thread))]
        result += [machine.memory.read_word(DATA + ROUND * number + 32 * n)
                   for n in range(len(PLACES))]
        found[tuple(result)] = found.get(tuple(result), 0) + 1
    return found


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
