"""Generates random Amaranth designs from a source of choices.

`pick(n)` returns a number in 0..n-1; hypothesis or `random.Random` may stand behind it. The designs
have no combinational loops: a wire reads inputs, registers and wires that are complete.
"""

from amaranth.hdl import (
    Array,
    Cat,
    Const,
    EnableInserter,
    Module,
    Mux,
    ResetInserter,
    Shape,
    Signal,
    unsigned,
)
from amaranth.lib import data
from amaranth.lib.memory import Memory

WIDTHS = (1, 1, 1, 2, 3, 4, 5, 7, 8, 8, 13, 16, 31, 32, 32, 33, 63, 64, 65, 100, 128, 200, 0)
MAX_WIDTH = 256


class Choices:
    """Decisions on the shape of a design; without `empty`, no signal or address lacks bits."""

    def __init__(self, pick, empty=True):
        self.pick, self.empty = pick, empty

    def one(self, items):
        return items[self.pick(len(items))]

    def count(self, counts, least=1):
        """Return one of some numbers of bits or rows."""
        return self.one([count for count in counts if self.empty or count >= least])

    def chance(self, percent):
        return self.pick(100) < percent

    def const(self, width):
        corners = (0, 1, (1 << width) - 1, 1 << max(width - 1, 0))
        if self.chance(50):
            return self.one(corners) & ((1 << width) - 1)
        value = 0
        for _ in range(0, width, 16):
            value = value << 16 | self.pick(1 << 16)
        return value & ((1 << width) - 1)

    def shape(self):
        width = self.count(WIDTHS)
        return Shape(width, bool(width) and self.chance(30))

    def signal(self, name):
        shape = self.shape()
        init = self.const(shape.width) if self.chance(50) else 0
        if shape.signed and init >> (shape.width - 1):
            init -= 1 << shape.width
        return Signal(shape, name=name, init=init)


class RandomDesign:
    """A random module with inputs `i0`..., and the list of its ports."""

    def __init__(self, pick, *, size=6, memories=True, empty=True):
        self.c = Choices(pick, empty)
        self.size = size
        self.inputs = [self.c.signal(f"i{n}") for n in range(1 + self.c.pick(5))]
        self.count = 0
        self.memories = memories
        self.outputs = []
        self.module = self.build(self.inputs, depth=0)
        self.ports = [*self.inputs, *self.outputs]

    def fresh(self, prefix):
        self.count += 1
        return self.c.signal(f"{prefix}{self.count}")

    # Expressions ---------------------------------------------------------------------------------

    def fit(self, value):
        return value[:MAX_WIDTH] if len(value) > MAX_WIDTH else value

    def expr(self, readable, depth=3):
        c = self.c
        if depth == 0 or c.chance(15):
            if c.chance(12):
                width = c.one((1, 2, 4, 8, 32, 70))
                return Const(c.const(width), width)
            return c.one(readable)

        def sub():
            return self.expr(readable, depth - 1)

        a = sub()
        match c.pick(24):
            case 0:
                return self.fit(a + sub())
            case 1:
                return self.fit(a - sub())
            case 2:
                return self.fit(self.fit(a)[:70] * self.fit(sub())[:70])
            case 3:
                return a & sub()
            case 4:
                return a | sub()
            case 5:
                return a ^ sub()
            case 6:
                return ~a
            case 7:
                return self.fit(-a)
            case 8:
                return c.one((lambda x, y: x == y, lambda x, y: x != y, lambda x, y: x < y,
                              lambda x, y: x <= y, lambda x, y: x > y,
                              lambda x, y: x >= y))(a, sub())
            case 9:
                return c.one((lambda x: x.any(), lambda x: x.all(), lambda x: x.xor(),
                              lambda x: x.bool()))(a)
            case 10:
                return self.fit(a << sub()[:5].as_unsigned())
            case 11:
                return a >> sub()[:9].as_unsigned()
            case 12:
                return Mux(sub(), a, sub())
            case 13:
                return self.fit(Cat(a, *(sub() for _ in range(c.pick(3)))))
            case 14 | 15:
                empty = c.empty or not len(a)
                low = c.pick(len(a) + empty)
                return a[low:low + (not empty) + c.pick(len(a) - low + empty)]
            case 16:
                # Of signals only: beyond the end of an expression, Amaranth's simulator (0.5.10)
                # reads bits that its netlist says are copies of the sign.
                signal, offset = c.one(readable), sub()[:8].as_unsigned()
                return signal.bit_select(offset, c.count((0, 1, 3, 8, 40)))
            case 17:
                width = c.one((1, 2, 5, 8, 33))
                return c.one(readable).word_select(sub()[:5].as_unsigned(), width)
            case 18:
                return self.fit(a.replicate(1 + c.pick(3)))
            case 19:
                return Array([a, *(sub() for _ in range(1 + c.pick(6)))])[sub()[:4].as_unsigned()]
            case 20:
                return a.as_signed() if len(a) else a
            case 21:
                return self.divide(a, sub())
            case 22:
                patterns = [self.pattern(len(a)) for _ in range(1 + c.pick(3))]
                return a.matches(*patterns)
            case 23:
                return c.one((a.rotate_left, a.rotate_right, a.shift_left,
                              a.shift_right))(c.pick(8)) if len(a) < 100 else a
        raise AssertionError

    def divide(self, a, b):
        if not len(a) or not len(b):
            return a
        return a // b if self.c.chance(50) else a % b

    def pattern(self, width):
        c = self.c
        value = c.const(width)
        text = format(value, f"0{width}b") if width else ""
        if c.chance(40):
            text = "".join("-" if c.chance(40) else bit for bit in text)
        return text

    # Statements ----------------------------------------------------------------------------------

    def target(self, signals, readable):
        """Return something assignable made of some signals."""
        c = self.c
        signal = c.one(signals)
        width = len(signal)
        match c.pick(9):
            case 0 if width:
                low = c.pick(width)
                return signal[low:low + 1 + c.pick(width - low)]
            case 1 if width:
                return signal.bit_select(self.expr(readable, 1)[:8].as_unsigned(),
                                         c.one((1, 2, 8)))
            case 2 if width:
                return signal.word_select(self.expr(readable, 1)[:4].as_unsigned(),
                                          c.one((1, 4, 8)))
            case 3:
                return Cat(*(c.one(signals) for _ in range(1 + c.pick(2))))
            case 4:
                return Array(signals)[self.expr(readable, 1)[:3].as_unsigned()]
            case 5 if width:
                return signal.as_signed()
            case 6 if width >= 4:
                half = width // 2
                layout = data.StructLayout({"a": unsigned(half), "b": unsigned(width - half)})
                return data.View(layout, signal.as_unsigned()).b
        return signal

    def statements(self, m, domain, signals, readable, depth=2):
        c = self.c
        for _ in range(1 + c.pick(3)):
            if depth == 0 or c.chance(45):
                domain += self.target(signals, readable).eq(self.expr(readable))
                continue
            match c.pick(3):
                case 0:
                    with m.If(self.expr(readable, 2)):
                        self.statements(m, domain, signals, readable, depth - 1)
                    for _ in range(c.pick(3)):
                        with m.Elif(self.expr(readable, 2)):
                            self.statements(m, domain, signals, readable, depth - 1)
                    if c.chance(50):
                        with m.Else():
                            self.statements(m, domain, signals, readable, depth - 1)
                case 1:
                    test = self.expr(readable, 1)[:c.one((1, 2, 3, 6, 8, 70))]
                    with m.Switch(test):
                        for _ in range(c.pick(6)):
                            patterns = [self.pattern(len(test)) for _ in range(1 + c.pick(2))]
                            with m.Case(*patterns):
                                self.statements(m, domain, signals, readable, depth - 1)
                        if c.chance(50):
                            with m.Default():
                                self.statements(m, domain, signals, readable, depth - 1)
                case 2:
                    domain += self.target(signals, readable).eq(self.expr(readable))

    def fsm(self, m, registers, readable):
        c = self.c
        names = [f"S{n}" for n in range(2 + c.pick(4))]
        with m.FSM(name=f"fsm{self.count}"):
            for name in names:
                with m.State(name):
                    for _ in range(c.pick(3)):
                        with m.If(self.expr(readable, 2)):
                            m.next = c.one(names)
                            self.statements(m, m.d.sync, registers, readable, 1)

    def memory(self, m, readable):
        c = self.c
        width = c.count((0, 1, 8, 8, 16, 32, 64, 65, 100, 130))
        shape = Shape(width, bool(width) and c.chance(20))
        depth = c.count((0, 1, 2, 3, 4, 7, 8, 16), least=2)
        init = [c.const(max(width - 1, 0)) for _ in range(c.pick(depth + 1))]
        self.count += 1
        m.submodules[f"mem{self.count}"] = memory = Memory(shape=shape, depth=depth, init=init)
        writers, wires = [], []
        for _ in range(c.pick(3)):
            grains = [g for g in (None, 1, 4, 8, 16) if g is None or width and width % g == 0]
            grain = None if shape.signed else c.one(grains)
            port = memory.write_port(granularity=grain)
            writers.append(port)
            m.d.comb += [port.addr.eq(self.expr(readable, 2)), port.data.eq(self.expr(readable, 2)),
                         port.en.eq(self.expr(readable, 2))]
        for _ in range(1 + c.pick(2)):
            if c.chance(40):
                port = memory.read_port(domain="comb")
            else:
                through = [writer for writer in writers if c.chance(50)]
                port = memory.read_port(transparent_for=through)
                m.d.comb += port.en.eq(self.expr(readable, 2))
            m.d.comb += port.addr.eq(self.expr(readable, 2))
            wires.append(port.data)
        return wires

    # Modules -------------------------------------------------------------------------------------

    def build(self, readable, depth):
        c = self.c
        m = Module()
        registers = [self.fresh("r") for _ in range(1 + c.pick(self.size))]
        readable = [*readable, *registers]
        for _ in range(c.pick(self.size)):
            match c.pick(6):
                case 0 if depth < 2:
                    inner = self.build(readable, depth + 1)
                    exported = self.exported
                    if c.chance(25):
                        inner = EnableInserter(self.expr(readable, 1).bool())(inner)
                    if c.chance(25):
                        inner = ResetInserter(self.expr(readable, 1).bool())(inner)
                    self.count += 1
                    m.submodules[f"sub{self.count}"] = inner
                    readable += exported
                case 1 if self.memories:
                    readable += self.memory(m, readable)
                case _:
                    wires = [self.fresh("w") for _ in range(1 + c.pick(3))]
                    self.statements(m, m.d.comb, wires, readable)
                    readable += wires
        if c.chance(30):
            self.fsm(m, registers[:1 + c.pick(len(registers))], readable)
        else:
            self.statements(m, m.d.sync, registers, readable)
        self.exported = [c.one(readable) for _ in range(3)]
        for value in self.exported:
            output = Signal(value.shape(), name=f"o{self.count}")
            self.count += 1
            m.d.comb += output.eq(value)
            if depth == 0:
                self.outputs.append(output)
        return m
