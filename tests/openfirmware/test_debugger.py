"""The source debugger (IEEE 1275 7.5.3.3): debug, stepping, tracing, resume, debug-off."""

import pytest

QUIET = 600_000
WORDS = (": square dup * ;", ": sum 0 swap 1+ 0 ?do i square + loop ;", ": top 3 sum . ;")
#: What `sum` does with 1.
SUM = """: sum
( 1 ) 0
( 1 0 ) swap
( 0 1 ) 1+
( 0 2 ) 0
( 0 2 0 ) (?do)
( 0 ) while-equal
( 0 ) i
( 0 0 ) square
( 0 0 ) +
( 0 ) (loop)
( 0 ) until-equal
( 0 ) i
( 0 1 ) square
( 0 1 ) +
( 1 ) (loop)
( 1 ) until-equal
( 1 ) ;1 ok"""


@pytest.fixture
def console(make_prompt):
    prompt = make_prompt()
    prompt("decimal", *WORDS)
    return prompt


def lines(text):
    """Lines without the addresses that branches lead to."""
    parts = (line.split("->")[0] for line in text.replace("\r", "").split("\n"))
    return [" ".join(part.split()) for part in parts if part.strip()]


def typed(console, keys, quiet=QUIET):
    """Type keys; the lines that are printed until nothing more comes."""
    console.machine.console.write(keys.encode())
    text = ""
    while True:
        console.machine.run(instructions=quiet)
        part = console.machine.console.read().decode("latin-1")
        text += part
        if not part:
            return lines(text)


def test_tracing_shows_the_stack_before_each_word(console):
    console("tracing debug sum")
    assert lines(console("1 sum .")) == SUM.splitlines()


def test_stepping_waits_for_a_key_at_each_word(console):
    console("debug square")
    assert typed(console, "7 square .\r") == ["7 square .", ": square", "( 7 ) dup"]
    assert typed(console, " ") == ["( 7 7 ) *"]
    assert typed(console, "\r") == ["( 49 ) ;"]
    assert typed(console, " ") == ["49 ok", "0 >"]


def test_the_word_stops_wherever_it_is_called(console):
    console("tracing debug square")
    assert lines(console("2 sum .")).count(": square") == 3
    console("debug-off")
    assert console("2 sum .") == "5  ok\n"


def test_words_of_the_rom_are_debugged_too(console):
    console("tracing debug u.r")
    text = lines(console("17 4 u.r"))
    assert text[0] == ": u.r" and text[1].startswith("( 17 4 )") and text[-1] == "( ) ; ok"


def test_continue_shows_the_rest_of_this_execution_only(console):
    console("debug square")
    typed(console, "3 square 4 square . .\r")
    assert typed(console, " c") == ["( 3 3 ) *", "( 9 ) ;", ": square", "( 9 4 ) dup"]


def test_down_goes_into_a_word_and_up_to_its_end(console):
    console("debug top")
    assert typed(console, "top\r")[-1] == "( ) 3"
    assert typed(console, " d") == ["( 3 ) sum", "( 3 ) 0"]
    typed(console, "       ")
    assert typed(console, "d") == ["( 0 0 ) dup"]
    assert typed(console, "u") == ["( 0 0 ) +"]
    assert typed(console, "u") == ["( 14 ) ."]
    assert typed(console, "u") == ["14 ok", "0 >"]


def test_after_the_end_of_a_word_its_caller_goes_on(console):
    console("debug top")
    typed(console, "top\r")
    typed(console, " d" + 7 * " ")
    assert typed(console, "d") == ["( 0 0 ) dup"]
    assert typed(console, "   ")[-1] == "( 0 0 ) +"


def test_forth_in_the_middle_of_a_word_changes_its_stack(console):
    console("debug square")
    typed(console, "7 square . 1 .\r")
    assert typed(console, "f") == ["1 >"]
    assert typed(console, "nonsense\r")[-2:] == ["nonsense, unknown word.", "0 >"]
    assert typed(console, "1 2 11 resume\r")[-1] == "( 1 2 11 ) dup"
    assert typed(console, "c")[-2:] == ["( 1 2 121 ) ;121 1 ok", "2 >"]


def test_go_leaves_the_debugger(console):
    console("debug square")
    typed(console, "7 square .\r")
    assert typed(console, "g") == ["49 ok", "0 >"]
    assert console("8 square .") == "64  ok\n"


@pytest.mark.parametrize("key, message", [("q", "top, interrupted."), ("\x03", "interrupted.")])
def test_a_word_that_is_given_up_can_be_debugged_again(console, key, message):
    console("debug top")
    typed(console, "top\r")
    assert typed(console, key) == [message, "0 >"]
    assert typed(console, "top\r")[-1] == "( ) 3"


def test_an_error_in_the_word_ends_its_debugging(console):
    console("tracing : wrong 0 @ 1 0 / ; debug wrong")
    assert lines(console("wrong"))[-1] == "wrong, division by zero."
    assert console("2 sum .") == "5  ok\n"


def test_see_and_string_and_help(console):
    console(': show type ; debug show : say " some text" show ;')
    assert typed(console, "say\r")[-1].endswith("9 ) type")
    assert "some text" in typed(console, "$")
    assert any(line.startswith(": show") for line in typed(console, "s"))
    assert typed(console, "?")[0].startswith("space: next")


def test_an_inner_execution_does_not_stop_for_the_outer_one(console):
    console(": fact dup 1 > if dup 1- recurse * then ; tracing debug fact")
    assert lines(console("4 fact ."))[-3:] == ["( 4 3 ) fact", "( 4 6 ) *", "( 24 ) ;24 ok"]


def test_locals_the_return_stack_does_and_catch(console):
    console(": all { a b ; c } a b + to c c >r r> ['] noop catch ;")
    console("tracing debug all")
    text = lines(console("3 4 all . ."))
    assert text[1] == "( 3 4 ) { 2 of 3 }" and "( 7 ) to local2" in text
    assert text[-1] == "( 7 0 ) ;0 7 ok"
    console(": make create , does> @ 1+ ; debug make")
    assert "( ) does>" in lines(console("5 make five"))
    assert console("five .") == "6  ok\n"


def test_resume_without_a_word_and_debug_of_no_definition(console):
    assert console.error("resume") == "nothing is being debugged"
    assert console.error("debug dup") == "only a word made by : can be debugged"
    assert console.error("debug nonsense") == "nonsense, unknown word."


def test_a_client_keeps_its_condition_register_at_a_step(console):
    """`subi.` and a branch, with an exception between them."""
    console.machine.memory.write(0x200000, bytes.fromhex(
        "38600003" "3463ffff" "4082fffc" "7c832378" "4e800020"))
    console("hex 0 0 0 0 200000 init-state")
    text = lines(console("7 steps"))
    assert [line.split()[0] for line in text] == [
        "00200004", "00200008"] * 3 + ["0020000c"], text


def test_stepping_on_the_pipeline_model(make_prompt):
    console = make_prompt(cpu="pipeline")
    console("decimal tracing : square dup * ; debug square")
    assert lines(console("7 square .")) == [": square", "( 7 ) dup", "( 7 7 ) *", "( 49 ) ;49 ok"]


def test_the_prompt_itself_is_not_debugged(console):
    console("debug emit")
    typed(console, "2 .\r")
    assert typed(console, "\x03") == ["interrupted.", "0 >"]
    assert typed(console, "debug-off 2 3 + .\r")[-2:] == ["5 ok", "0 >"]
