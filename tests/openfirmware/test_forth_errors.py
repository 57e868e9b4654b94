"""Errors at the prompt: one line that names the word, and the prompt again."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ERRORS = {
    "nonsense": "nonsense, unknown word.",
    "drop": "drop, stack underflow.",
    "1 +": "+, stack underflow.",
    "dup": "dup, stack underflow.",
    "1 2 3 roll": "roll, stack underflow.",
    "1 -1 pick": "pick, stack underflow.",
    "r>": "r>, return stack underflow.",
    "1 0 /": "/, division by zero.",
    "1 0 0 um/mod": "um/mod, division by zero.",
    "h# 80000000 -1 /": "/, result out of range.",
    "h# 80000000 -1 mod": "mod, result out of range.",
    "0 1 1 um/mod": "um/mod, result out of range.",
    ": x if ;": ";, unbalanced control structure.",
    ": x then ;": "then, stack underflow.",
    ": x begin then ;": "then, unbalanced control structure.",
    ": x do repeat ;": "repeat, unbalanced control structure.",
    "then": "then, unbalanced control structure.",
    "loop": "loop, unbalanced control structure.",
    ": x nonsense ;": "nonsense, unknown word.",
    ": x 5 to dup ;": "dup, not a value.",
    "5 to dup": "dup, not a value.",
    ": r recurse 1 ; r": "r, return stack overflow.",
    ": r begin 1 again ; r": "r, stack overflow.",
    "begin 1 again": "again, stack overflow.",
    "hex deadbee0 @": "@, invalid memory address at deadbee0.",
    "hex 0c004000 @": "@, invalid memory address at 0c004000.",
    "hex fff00000 0 swap !": "!, invalid memory address at fff00000.",
    "hex deadbee0 execute": "execute, no code at this address at deadbee0.",
    ":": ":, a name must follow.",
    "' nonsense": "nonsense, unknown word.",
    "postpone nonsense": "postpone, only for use in a definition.",
    "recurse": "recurse, only for use in a definition.",
    "i": "i, only for use in a definition.",
    "forget dup": "dup, invalid forget.",
    "1000000 allot": "allot, dictionary overflow.",
    "1 abort\" told so\"": "told so",
    "-99 throw": "throw, error -99.",
    "-4096 throw": "throw, error -4096.",
    "-1048576 throw": "throw, error -1048576.",
    "300000 -4 wbflips": "wbflips, result out of range.",
    "300000 -4 lwflips": "lwflips, result out of range.",
    "300000 -4 lbflips": "lbflips, result out of range.",
    "300000 -4 5 filll": "filll, result out of range.",
    "300000 -4 blank": "blank, result out of range.",
    "300000 -4 memory-test-suite": "memory-test-suite, result out of range.",
    "h# xyz": "xyz, invalid number.",
    "only previous words": "words, unknown word.",
}


@pytest.mark.parametrize("line", ERRORS)
def test_the_message_names_the_word(prompt, line):
    prompt("only forth definitions decimal clear")
    assert prompt.error(line) == ERRORS[line]
    assert prompt.depth == 0
    assert prompt("decimal 2 3 + .") == "5  ok\n"


def test_a_failed_definition_leaves_no_trace(prompt):
    before = prompt.stack("here unused")
    prompt.error(": half 1 2 3 if nonsense")
    prompt.error("10 0 do nonsense")
    assert prompt.stack("here unused") == before
    assert prompt.error("half") == "half, unknown word."


def test_an_unfinished_definition_goes_on_in_the_next_line(prompt):
    assert prompt(": three") == " compiled\n"
    assert prompt("1 2 + ;", "three .") == " ok\n3  ok\n"
    assert prompt("3 0 do") == " compiled\n"
    assert prompt("i .", "loop") == " compiled\n0 1 2  ok\n"


def test_catch_restores_the_stacks(prompt):
    assert prompt.stack(": t 1 2 3 99 throw ;", "5 ' t catch") == [5, 99]
    assert prompt.stack("5 ' noop catch") == [5, 0]
    assert prompt.stack(': t s" 1 nonsense" evaluate ; 7 \' t catch nip') == [-13]
    assert prompt.stack(": t >r catch r> ; 8 9 ' throw 4 t nip nip") == [8, 4]


def test_faults_can_be_caught(prompt):
    assert prompt.stack("hex deadbee0 ' @ catch nip decimal") == [-9]
    assert prompt.stack(": r recurse 1 ; ' r catch") == [-5]
    assert prompt.stack(": r begin 1 again ; ' r catch") == [-3]


@pytest.mark.parametrize("line", ["5555 handler ! abort", "3000 c000 20 fill", "4000 c000 erase",
                                  "10000 10000 erase 4000 c000 ff fill", "25000 5000 20 fill",
                                  "100 50000 erase", "3200 20000 erase"])
def test_overwritten_variables_start_the_firmware_again(make_prompt, line):
    console = make_prompt()
    console.machine.memory.write(0x300000, b"kept")
    console("hex")
    console.machine.console.write(line.encode() + b"\r")
    text = console.read()
    assert "pteg Open Firmware, 32 MB of memory" in text
    assert "The firmware's variables were overwritten: it has started again." in text
    assert console("decimal 2 3 + .") == "5  ok\n"
    assert console.machine.memory.read(0x300000, 4) == b"kept"


def test_bytes_that_are_all_swapped_do_not_keep_control_c_away(make_prompt):
    console = make_prompt()
    console.machine.console.write(b"hex 0 2000000 wbflips\r")
    console.machine.run(instructions=5_000_000)
    console.machine.console.write(b"\x03")
    assert "it has started again." in console.read(10_000_000)


def test_a_prompt_that_cannot_read_lines_starts_the_firmware_again(make_prompt):
    console = make_prompt()
    console.machine.console.write(b"0 to do-line\r")
    text = "".join(console.read() for _ in range(4))
    assert text.count("do-line, illegal instruction") == 3 and "it has started again." in text
    assert console("2 3 + .") == "5  ok\n"


@pytest.mark.parametrize("line", ["reveal", "finish-word", "b(variable)", "7 b(buffer:)"])
def test_a_word_is_linked_once(make_prompt, line):
    console = make_prompt()
    console(": zork 5 ;")
    console(line)
    for number in range(70):            # of all threads
        assert console.error(f"x{number}") == f"x{number}, unknown word."
    assert "zork" in console("words")


@pytest.mark.parametrize("line", ["fff00000 0 sr!", "20000000 0 sr!", "0 sdr1!",
                                  "10000 0 sr! 20000000 f sr!"])
def test_changed_translations_are_mended(make_prompt, line):
    console = make_prompt()
    console("hex : change " + line + " ;  c0000 dup @ swap !")
    console("change")
    console("forth decimal clear", "2 3 + .")
    console("hex deadbee0 @", "decimal")
    assert console("2 3 + .") == "5  ok\n"
    assert console("hex 0 sr@ . f sr@ . sdr1@ . decimal") == "20000000 20000fff 10000  ok\n"


def test_a_stack_that_is_shown_before_each_prompt_can_be_interrupted(make_prompt):
    console = make_prompt()
    console("showstack", ": full begin depth 2000 < while 0 repeat ;")
    console.machine.console.write(b"full\r")
    console.machine.run(until="0 0 0 0", instructions=5_000_000)
    console.machine.console.write(b"\x03")
    console.read(2_000_000)
    assert console("clear 2 3 + .") == "5  ok\n"


WORDS = st.sampled_from(
    "1 2 -1 dup drop swap over rot + - * / @ ! c@ if else then do loop begin until while repeat "
    "again : ; >r r> r@ i j leave exit case of endof endcase ' ['] execute catch throw evaluate "
    "parse-name \" abc\" s\" x\" .\" y\" create does> , allot here constant variable value to "
    "immediate postpone literal [ ] state base pick roll depth recurse <# # #s #> hold sign "
    "type emit count find word { } -> n>r nr> unloop only also forth marker forget".split())


@settings(max_examples=60, deadline=None, print_blob=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WORDS, max_size=12))
def test_random_words_come_back_to_the_prompt(make_prompt, words):
    console = make_prompt()
    console.machine.console.write(" ".join(words).encode() + b"\r")
    console.machine.run(instructions=1_000_000)
    if not console.machine.console.read().endswith(b" > "):
        console.machine.console.write(b"\x03")          # `begin again`
        console.read()
    # Whatever these words mean by now: each line ends at the prompt.
    console("] [ 0 if then only forth definitions", "clear decimal 2 3 + .")


@settings(max_examples=60, deadline=None, print_blob=True)
@given(st.binary(max_size=40))
def test_random_bytes_come_back_to_the_prompt(make_prompt, data):
    console = make_prompt()
    console.machine.console.write(data + b"\r\r] [ clear decimal 2 3 + .\r")
    text = ""
    while not text.endswith("\n5  ok\r\n0 > "):
        text += console.read()
