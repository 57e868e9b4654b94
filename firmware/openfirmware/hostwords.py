"""Words that the cross compiler executes itself.

`COMPILING` has those that work inside a definition, `INTERPRETING` those outside: functions of the
compiler. Stack comments show the host's stack, and (C: ) what waits for its other half.
"""

from collections.abc import Callable

from pteg.firmware.openfirmware import code
from pteg.firmware.openfirmware.reader import ForthError
from pteg.firmware.openfirmware.target import COMPILE_ONLY, IMMEDIATE, WordList

__all__ = ["COMPILING", "INTERPRETING"]

COMPILING: dict[str, Callable] = {}
INTERPRETING: dict[str, Callable] = {}


def _word(name, *tables):
    def add(function):
        for table in tables or (INTERPRETING,):
            table[name] = function
        return function
    return add


def _both(name):
    return _word(name, COMPILING, INTERPRETING)


# ---- comments and conditions on the source

_both("\\")(lambda c: c.reader.line())
_both("(")(lambda c: c.reader.until(")"))


# ---- numbers

_word("hex")(lambda c: setattr(c, "base", 16))
_word("decimal")(lambda c: setattr(c, "base", 10))


def _in_base(base):
    def number(c):
        value, c.base, outer = None, base, c.base
        value = c.number(c.reader.need_name())
        c.base = outer
        if value is None:
            raise ForthError(f"a number in base {base} must follow")
        c.literal(value) if c.compiling else c.stack.append(value)
    return number


for _name, _base in (("h#", 16), ("d#", 10), ("b#", 2), ("o#", 8)):
    _both(_name)(_in_base(_base))


def _character(c):
    value = c.reader.need_name().encode("latin-1")[0]
    c.literal(value) if c.compiling else c.stack.append(value)


_both("[char]")(_character)
_word("char")(_character)
_both("ascii")(_character)


@_both("control")
def _control(c):
    value = c.reader.need_name().encode("latin-1")[0] & 0x1F
    c.literal(value) if c.compiling else c.stack.append(value)


# ---- arithmetic outside of definitions

def _arithmetic(name, operation):
    @_word(name)
    def word(c):
        right = c.pop()
        c.stack.append(operation(c.pop(), right))


for _name, _operation in {"+": lambda a, b: a + b, "-": lambda a, b: a - b,
                          "*": lambda a, b: a * b, "or": lambda a, b: a | b,
                          "and": lambda a, b: a & b, "lshift": lambda a, b: a << b}.items():
    _arithmetic(_name, _operation)
_word("drop")(lambda c: c.pop())
_word("dup")(lambda c: c.stack.append(c.stack[-1]))
_word("negate")(lambda c: c.stack.append(-c.pop()))
_word("cells")(lambda c: c.stack.append(4 * c.pop()))
_word("here")(lambda c: c.stack.append(c.rom.here))


# ---- definitions

@_word(":")
def _colon(c):
    c.pending = c.header(c.reader.need_name())
    _begin(c)


@_word(":noname")
def _noname(c):
    c.pending = c.header("")
    c.stack.append(c.pending.xt)
    _begin(c)


def _begin(c):
    c.compiling, c.locals, c.taken, c.control = True, [], 0, []
    c.emit(*code.ENTER)


@_word(";", COMPILING)
def _semicolon(c):
    if c.control:
        raise ForthError(f"{c.latest.name}: unbalanced control structure")
    c.exit()
    c.reveal(c.pending)
    c.compiling, c.locals, c.pending = False, [], None


_word("immediate")(lambda c: c.set_flag(IMMEDIATE))
_word("compile-only")(lambda c: c.set_flag(COMPILE_ONLY))


@_word("constant")
def _constant(c):
    c.data_word(c.reader.need_name(), "(variable)", c.pop())


@_word("2constant")
def _two_constant(c):
    upper = c.pop()
    c.rom.align()
    place = c.rom.cells([upper, c.pop()])
    c.data_word(c.reader.need_name(), "(2constant)", place)


@_word("instance")
def _instance(c):
    """The next data word is an instance's (IEEE 1275 5.3.4.3)."""
    c.of_instance = True


@_word("variable")
def _variable(c):
    if c.of_instance:
        c.instance_word("(instance-variable)", bytes(4))
    else:
        c.data_word(c.reader.need_name(), "(variable)", c.data.cell())


@_word("2variable")
def _two_variable(c):
    c.data_word(c.reader.need_name(), "(variable)", c.data.cells([0, 0]))


@_word("value")
def _value(c):
    if c.of_instance:
        c.instance_word("(instance-value)", (c.pop() & 0xFFFFFFFF).to_bytes(4, "big"))
    else:
        c.data_word(c.reader.need_name(), "(value)", c.data.cell(c.pop()))


def _register(behaviour, size):
    def word(c):
        """( address "name" -- address' ) A value that lies at a fixed address."""
        c.data_word(c.reader.need_name(), behaviour, c.stack[-1])
        c.stack[-1] += size
    return word


_word("cell-register")(_register("(value)", 4))
_word("pair-register")(_register("(2value)", 8))


@_word("defer")
def _defer(c):
    c.data_word(c.reader.need_name(), "(defer)", c.data.cell(c.xt("noop")))


@_word("buffer:")
def _buffer(c):
    """( size "name" -- ) Room behind the variables, cleared at the start but not copied."""
    if c.of_instance:
        c.instance_word("(instance-variable)", bytes(-(-c.pop() // 4) * 4))
        return
    c.buffers -= -(-c.pop() // 4) * 4
    c.data_word(c.reader.need_name(), "(variable)", c.buffers)


@_word("create")
def _create(c):
    """Constant data in the ROM, right behind the word."""
    name = c.reader.need_name()
    word = c.header(name, "(variable)")
    word.operand = c.rom.here + 12
    c.emit(*code.data_word(word.operand, c.xt("(variable)")))
    c.reveal(word)


_word(",")(lambda c: c.rom.cell(c.pop()))


@_word(',"')
def _counted_string(c):
    """( "text<quote>" -- ) A counted string in the ROM."""
    data = c.reader.until('"').encode("latin-1")
    c.string(bytes([len(data)]) + data)


_word("c,")(lambda c: c.rom.append(bytes([c.pop() & 0xFF])))
_word("align")(lambda c: c.rom.align())


@_word("field")
def _field(c):
    """( offset size "name" -- offset' )"""
    size, offset = c.pop(), c.pop()
    c.data_word(c.reader.need_name(), "(field)", offset)
    c.stack.append(offset + size)


_word("struct")(lambda c: c.stack.append(0))


@_word("alias")
def _alias(c):
    """( "new" "old" -- )"""
    name, old = c.reader.need_name(), c.need(c.reader.need_name())
    word = c.header(name, "alias", flags=old.flags)
    c.emit(code.jump(old.xt))
    c.reveal(word)


@_word("to")
def _to_now(c):
    """( x "name" -- ) Initial value of a value or defer."""
    word = c.need(c.reader.need_name())
    if word.kind not in ("(value)", "(defer)"):
        raise ForthError(f"{word.name} is not a value")
    c.data.store(word.operand, c.pop())


@_word("fload")
def _fload(c):
    """( "file" -- ) Compile another file of the same folder here."""
    c.load(c.path.parent / c.reader.need_name())


# ---- word lists

@_word("vocabulary")
def _vocabulary(c):
    """( "name" -- ) The name pushes the word list in front of the search order."""
    name = c.reader.need_name()
    c.lists[name] = WordList.make(c.data, 1, list(c.lists.values())[-1])
    c.data_word(name, "(variable)", c.lists[name].address)


@_word("in-vocabulary")
def _in_vocabulary(c):
    """( "name" -- ) What follows is defined there, and found there first."""
    c.current = c.lists[c.reader.need_name()]
    c.order = [c.current] if c.current is c.forth else [c.current, c.forth]


# ---- execution tokens

@_word("'")
def _tick(c):
    c.stack.append(c.xt(c.reader.need_name()))


@_word("[']", COMPILING)
def _bracket_tick(c):
    c.literal(c.xt(c.reader.need_name()))


@_word("postpone", COMPILING)
def _postpone(c):
    word = c.need(c.reader.need_name())
    if word.flags & IMMEDIATE:
        c.emit(code.call(word.xt))
    else:
        c.literal(word.xt)
        c.call("compile,")


@_word("[", COMPILING)
def _left_bracket(c):
    c.compiling = False


@_word("]")
def _right_bracket(c):
    c.compiling = True


_word("literal", COMPILING)(lambda c: c.literal(c.pop()))


@_word("recurse", COMPILING)
def _recurse(c):
    c.emit(code.call(c.pending.xt))


_word("exit", COMPILING)(lambda c: c.exit())


@_word("to", COMPILING)
def _to(c):
    name = c.reader.need_name()
    index = c.local(name)
    if index is not None:
        c.emit(*code.local_store(index))
        return
    word = c.need(name)
    stores = {"(value)": "!", "(defer)": "!", "(instance-value)": "instance!"}
    if word.kind not in stores:
        raise ForthError(f"{word.name} is not a value")
    c.literal(word.operand)
    c.call(stores[word.kind])


COMPILING["->"] = _to


# ---- strings

@_both('"')
def _quote(c):
    data = c.reader.string()
    if c.compiling:
        c.string_literal(data)
    else:
        c.stack += [c.string(data), len(data)]


@_both('s"')
def _s_quote(c):
    data = c.reader.until('"').encode("latin-1")
    if c.compiling:
        c.string_literal(data)
    else:
        c.stack += [c.string(data), len(data)]


@_word('."', COMPILING)
def _dot_quote(c):
    c.string_literal(c.reader.string())
    c.call("type")


@_word('abort"', COMPILING)
def _abort_quote(c):
    c.string_literal(c.reader.string())
    c.call('(abort")')


# ---- control structures: (C: origin of a branch, or (kind, place) to come back to)

@_word("if", COMPILING)
def _if(c):
    c.emit(*code.POP_TEST)
    c.control.append(("origin", c.branch("beq")))


def _take(c, kind):
    if not c.control or c.control[-1][0] != kind:
        raise ForthError(f"{c.latest.name}: unbalanced control structure")
    return c.control.pop()[1]


@_word("else", COMPILING)
def _else(c):
    origin = _take(c, "origin")
    c.control.append(("origin", c.branch("b")))
    c.resolve(origin)


@_word("then", COMPILING)
def _then(c):
    c.resolve(_take(c, "origin"))


@_word("begin", COMPILING)
def _begin_loop(c):
    c.control.append(("place", c.rom.here))


@_word("again", COMPILING)
def _again(c):
    c.branch("b", _take(c, "place"))


@_word("until", COMPILING)
def _until(c):
    c.emit(*code.POP_TEST)
    c.branch("beq", _take(c, "place"))


@_word("while", COMPILING)
def _while(c):
    place = _take(c, "place")
    _if(c)
    c.control.append(("place", place))


@_word("repeat", COMPILING)
def _repeat(c):
    _again(c)
    _then(c)


@_word("do", COMPILING)
def _do(c):
    c.call("(do)")
    c.control.append(("loop", (c.rom.here, [])))


@_word("?do", COMPILING)
def _question_do(c):
    c.call("(?do)")
    skipped = c.branch("beq")
    c.control.append(("loop", (c.rom.here, [skipped])))


def _loop_end(name):
    def loop(c):
        place, leaves = _take(c, "loop")
        c.call(name)
        c.branch("bne", place)
        for origin in leaves:
            c.resolve(origin)
    return loop


_word("loop", COMPILING)(_loop_end("(loop)"))
_word("+loop", COMPILING)(_loop_end("(+loop)"))


@_word("leave", COMPILING)
def _leave(c):
    loops = [entry for entry in c.control if entry[0] == "loop"]
    if not loops:
        raise ForthError("leave must be in a loop")
    c.call("unloop")
    loops[-1][1][1].append(c.branch("b"))


@_word("case", COMPILING)
def _case(c):
    c.control.append(("case", []))


@_word("of", COMPILING)
def _of(c):
    c.call("(of)")
    c.control.append(("of", c.branch("bne")))


@_word("endof", COMPILING)
def _endof(c):
    origin = _take(c, "of")
    c.control[-1][1].append(c.branch("b"))
    c.resolve(origin)


@_word("endcase", COMPILING)
def _endcase(c):
    c.call("drop")
    for origin in _take(c, "case"):
        c.resolve(origin)


@_word("does>", COMPILING)
def _does(c):
    c.call("(does)")
    c.emit(*code.EXIT)
    c.emit(*code.DOES_ENTER)


@_word("{", COMPILING)
def _locals(c):
    """`{ a b ; c -- x }`: a and b from the stack, c without a value, a comment."""
    names, taken = [], None
    while (name := c.reader.need_name().lower()) != "}":
        if name in (";", "|"):
            taken = len(names)
        elif name == "--":
            c.reader.until("}")
            break
        else:
            names.append(name)
    c.locals, c.taken = names, len(names) if taken is None else taken
    c.emit(*code.locals_enter(c.taken, len(names), c.xt("(locals)")))
