"""FCode: what the tokenizer makes, and what the evaluator does with it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pteg.errors import UserError
from pteg.firmware.openfirmware.tokenizer import tokenize

PLACE = 0x300000


def load(prompt, program):
    """Let a program be loaded, and return what is printed."""
    prompt.machine.memory.write(PLACE, program + bytes(16))
    return prompt(f"hex {PLACE:x} 1 byte-load decimal")


def evaluated(prompt, text, version=3):
    """Items that a source leaves on the stack, through the tokenizer and byte-load."""
    program = tokenize(f"fcode-version{version} {text} fcode-end")
    prompt("clear")
    assert load(prompt, program) == " ok\n", text
    return [int(word) for word in prompt(".s clear").split()[:-1]]


ROWS = {
    "1 2 +": [3],
    "d# 100000 -1 0 3": [100000, -1, 0, 3],
    ": sq dup * ; 5 sq": [25],
    "headerless : sq dup * ; external : cube dup sq * ; 3 cube": [27],
    ": t if 1 else 2 then ; 0 t 5 t": [2, 1],
    ": t begin dup while 1- repeat ; 5 t": [0],
    ": t begin 1+ dup 5 >= until ; 0 t": [5],
    ": t begin 1+ dup 7 = if exit then again ; 0 t": [7],
    ": t 3 0 do i loop ; t": [0, 1, 2],
    ": t 0 0 ?do i loop 9 ; t": [9],
    ": t 6 0 do i 2 +loop ; t": [0, 2, 4],
    ": t 9 0 do i 3 = if leave then i loop ; t": [0, 1, 2],
    ": t case 1 of 10 endof 2 of 20 endof 30 swap endcase ; 1 t 2 t 3 t": [16, 32, 48],
    "1 if 5 else 6 then 3 0 do i loop": [5, 0, 1, 2],
    "5 value v v 6 to v v": [5, 6],
    "7 constant c c": [7],
    "variable x 9 x ! x @": [9],
    "defer d ' dup to d 4 d": [4, 4],
    "8 buffer: b 5 b ! b @": [5],
    "create t 1 , 2 , t @ t cell+ @": [1, 2],
    "struct 4 field a 2 field b 0 b swap": [4, 6],
    '" abc" nip " x"(41 42)" nip': [3, 3],
    "['] dup 3 swap execute": [3, 3],
    "5 >r 6 r>": [6, 5],
    "char A ascii B h# ff d# 10": [65, 66, 255, 10],
    ": r dup if dup 1- recursive-less then ;": None,
}
del ROWS[": r dup if dup 1- recursive-less then ;"]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_what_words_do(prompt, version):
    for text, items in ROWS.items():
        assert evaluated(prompt, text, version) == items, text


def test_bytes_of_a_program():
    program = tokenize("fcode-version3 : two 2 ; two 12345 fcode-end")
    body = bytes.fromhex("b6 03 74776f 0800 b7 a7 c2 0800 10 00012345 00")
    assert program == bytes.fromhex("f1 08") + (sum(body) & 0xFFFF).to_bytes(2, "big") + (
        len(body) + 8).to_bytes(4, "big") + body


def test_offsets_count_from_their_first_byte():
    assert tokenize("fcode-version3 if 5 then fcode-end")[8:] == bytes.fromhex(
        "14 0008 10 00000005 b2 00")
    assert tokenize("fcode-version1 begin 0 until fcode-end")[8:] == bytes.fromhex(
        "b1 a5 14 fe 00")


PROBLEMS = {
    "1 2 +": "fcode-version3 must come first, not '1'",
    "fcode-version3 1": "fcode-end is missing",
    "fcode-version3 nonsense fcode-end": "nonsense, unknown word",
    "fcode-version3 : t if ; fcode-end": "control structure is not balanced",
    "fcode-version3 then fcode-end": "control structure is not balanced",
    "fcode-version3 : t fcode-end": "a definition or control structure is not finished",
    'fcode-version3 " ' + "x" * 256 + '" fcode-end': "string must have up to 255 bytes, not 256",
    "fcode-version1 if " + "5 " * 40 + "then fcode-end": "branch is too long: 202 bytes",
    "fcode-version3 to nonsense fcode-end": "nonsense, unknown word",
}


@pytest.mark.parametrize("text", PROBLEMS)
def test_sources_with_mistakes(text):
    with pytest.raises(UserError) as caught:
        tokenize(text)
    assert str(caught.value) == f"<source>:1: {PROBLEMS[text]}"


def test_a_driver_makes_a_node(prompt):
    driver = tokenize('''
        fcode-version3
        " counter" device-name  " counter" encode-string " device_type" property
        5 encode-int 1 encode-int encode+ " reg" property
        instance variable count   instance 7 value step
        external
        : open  5 count ! -1 ;    : close ;
        : next  count @ step + dup count ! ;
        fcode-end''')
    prompt("clear dev / new-device")
    assert load(prompt, driver) == " ok\n"
    prompt("finish-device device-end")
    assert "/counter@5" in prompt("show-devs")
    # Two instances have a count each.
    prompt('decimal " /counter" open-dev value one  " /counter" open-dev value two')
    assert prompt('" next" one $call-method . " next" one $call-method . '
                  '" next" two $call-method .') == "12 19 12  ok\n"
    prompt("one close-dev two close-dev")


BAD = {
    "no start token": bytes([0x10, 8, 0, 0, 0, 0, 0, 20]),
    "unassigned token": tokenize("fcode-version3 1 fcode-end")[:-2] + bytes([0x07, 0xFF, 0]),
    "own token that is not defined": tokenize("fcode-version3 1 fcode-end")[:-2] + bytes(
        [0x08, 0x05, 0]),
    "offset 0": tokenize("fcode-version3 if 5 then fcode-end").replace(b"\x14\0\x08", b"\x14\0\0"),
    "end in a definition": tokenize("fcode-version3 : t 5 ; fcode-end").replace(b"\xc2", b"\x7b"),
    "unbalanced": bytes.fromhex("f1 08 0000 0000000a b2 00"),
}


@pytest.mark.parametrize("problem", BAD)
def test_bad_programs_come_back_to_the_prompt(prompt, problem):
    prompt("clear")
    text = load(prompt, BAD[problem])
    assert text.startswith(("FCode checksum", "byte-load, ", "decimal")) or "byte-load" in text
    prompt("decimal")
    assert prompt(": fine 5 ; fine .") == "5  ok\n"


def test_a_false_checksum_is_reported(prompt):
    program = bytearray(tokenize("fcode-version3 5 fcode-end"))
    program[3] ^= 1
    prompt("clear")
    assert load(prompt, bytes(program)) == "FCode checksum is wrong\n ok\n"
    assert prompt(". ") == "5  ok\n"


#: expect and key: they wait for a user.
WAITING = b"\x8a\x8e"


@settings(max_examples=60, deadline=None, print_blob=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=40).map(lambda data: data.translate(None, WAITING)))
def test_random_programs_come_back_to_the_prompt(make_prompt, data):
    console = make_prompt()
    body = data + b"\0"
    load(console, bytes([0xF1, 8]) + (sum(body) & 0xFFFF).to_bytes(2, "big")
         + (len(body) + 8).to_bytes(4, "big") + body)
    assert console("] [ only forth definitions clear decimal 2 3 + .").endswith("5  ok\n")


def test_the_copy_engine_has_a_driver_in_fcode(make_prompt):
    console = make_prompt(dma=True)
    console("hex")
    console.machine.memory.write(0x300000, bytes(range(64)))
    console('" /flipper/dma-controller" open-dev value dma')
    assert console('300000 310000 40 " copy" dma $call-method .') == "-1  ok\n"
    assert console.machine.memory.read(0x310000, 64) == bytes(range(64))
    assert console('300000 70000000 40 " copy" dma $call-method .') == "0  ok\n"
