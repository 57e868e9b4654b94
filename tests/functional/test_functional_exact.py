"""Floating-point arithmetic of the functional model against exact rational arithmetic."""

import random
import struct

import pytest

#: Of `float_cases`: kinds of instructions.
KINDS = ("add", "multiply", "fused", "divide", "convert", "single")


@pytest.fixture(scope="module")
def cases(load):
    return load("float_cases.py")


@pytest.fixture(scope="module")
def bench(load):
    return load("float_bench.py").FloatBench()


@pytest.mark.parametrize("kind", KINDS)
def test_random_operations_are_exact(bench, cases, load, kind):
    seed = random.randrange(1 << 32)
    for name in cases.CLASSES[kind]:
        cases.check(bench, load("exact_floats.py"), name, 6000 // len(cases.CLASSES[kind]), seed)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_random_operations_are_exact(bench, cases, load, kind):
    exact = load("exact_floats.py")
    for name in cases.CLASSES[kind]:
        for _ in range(8 // len(cases.CLASSES[kind])):
            cases.check(bench, exact, name, 50_000, random.randrange(1 << 32))


def test_the_judge_agrees_with_the_host(cases, load):
    """Round to nearest, and no flags: what the host's own arithmetic does too."""
    exact = load("exact_floats.py")
    generator = random.Random(1)

    def host(bits):
        return struct.unpack(">d", bits.to_bytes(8, "big"))[0]

    for _ in range(2000):
        a, b, _ = cases.operands(generator, "fadd")
        if exact.is_nan(a) or exact.is_nan(b):
            continue
        total = host(a) + host(b)
        if total == total:
            result, _ = exact.multiply_add(a, 0x3FF << 52, b, 0)
            assert struct.pack(">d", total) == result.to_bytes(8, "big")
