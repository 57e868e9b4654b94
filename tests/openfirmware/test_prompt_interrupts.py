"""^C at the prompt, and alarms: the decrementer interrupts a word, whatever it does."""

import pytest

#: Words that end only by ^C. The last ones catch everything, and hold a nearly full stack.
ENDLESS = ["begin again", ": x begin again ; x", "0 begin 1+ again", "begin key? drop again",
           "begin key drop again", "begin ['] key catch drop again",
           ": x begin ['] @ catch drop again ; 1 x",
           ": x begin again ; : y begin ['] x catch drop again ; y",
           ": x depth 7c0 < if 0 recurse then begin again ; x"]


@pytest.fixture(params=["g3", "mac99"])
def machine(request, make_prompt):
    return make_prompt(request.param)


def interrupt(prompt, line, before=1_000_000):
    """Type a line, let it run, type ^C; returns what is printed from there on."""
    prompt.machine.console.write(line.encode() + b"\r")
    prompt.machine.run(instructions=before)
    prompt.machine.console.read()
    prompt.machine.console.write(b"\x03")
    return prompt.read(before)


@pytest.mark.parametrize("line", ENDLESS)
def test_an_endless_loop_ends_by_control_c(machine, line):
    machine("hex clear")
    assert "interrupted.\r\n" in interrupt(machine, line)
    assert machine.depth == 0 and machine("2 3 + .") == "5  ok\n"


def test_the_message_names_the_word(machine):
    machine(": forever begin again ;")
    assert interrupt(machine, "forever").startswith("forever, interrupted.")


def test_a_word_that_is_interrupted_in_a_definition_leaves_none_behind(machine):
    assert "interrupted" in interrupt(machine, ": half [ ' noop ] begin [ begin again ]")
    assert machine.error("half") == "half, unknown word."


def test_what_is_typed_ahead_of_the_break_is_forgotten_what_follows_is_not(machine):
    machine.machine.console.write(b"begin again\r1 .\r")
    machine.machine.run(instructions=1_000_000)
    machine.machine.console.read()
    machine.machine.console.write(b"\x032 .\r")
    text = machine.read()
    text += "" if "2  ok" in text else machine.read()
    assert "interrupted" in text and "2  ok" in text and "1  ok" not in text


def test_lines_typed_ahead_are_executed_in_their_order(machine):
    machine.machine.console.write(b"5 ms 1 .\r2 .\r3 .\r")
    text = "".join(machine.read() for _ in range(3))
    assert [line for line in text.split() if line in "123"] == ["1", "1", "2", "2", "3", "3"]


def test_a_word_is_not_changed_by_the_ticks_that_interrupt_it(machine):
    """Sums of a loop that runs through several ticks."""
    machine("decimal variable sum : total 0 100000 0 do i + loop ;")
    total = sum(range(100_000)) % (1 << 32)
    assert machine("total u.") == f"{total}  ok\n"


def test_an_alarm_goes_off_at_its_interval_until_it_is_stopped(machine):
    machine("decimal variable n : count-one 1 n +! ;")
    counts = machine("' count-one 2 alarm 9 ms n @ . 9 ms n @ . ' count-one 0 alarm 5 ms n @ .",
                     instructions=20_000_000).split()[:3]
    first, second, third = map(int, counts)
    assert first in (3, 4, 5) and second in (7, 8, 9, 10) and third in (second, second + 1)


def test_an_alarm_has_the_instance_that_has_asked_for_it(machine):
    machine("hex variable who : ask my-self who ! ; 0 value ih")
    machine('" /memory" open-dev to ih')
    machine(": ask-alarm ['] ask 1 alarm ;  : stop-ask ['] ask 0 alarm ;")
    assert machine("' ask-alarm ih call-package  4 ms  who @ ih = .").startswith("-1")
    assert machine("' stop-ask ih call-package  who off  4 ms  who @ .").startswith("0")


def test_an_alarm_of_a_closed_instance_goes_off_no_more(machine):
    machine("hex variable n : tell 1 n +! ; : tell-alarm ['] tell 1 alarm ;")
    machine('0 value ih " /memory" open-dev to ih  \' tell-alarm ih call-package')
    assert "no instance." in machine("ih close-dev 3 ms")
    assert machine("n off 3 ms n @ .").startswith("0")


def test_an_alarm_that_fails_is_told_and_stopped(machine):
    machine(": bad 1 0 / ;")
    assert machine("' bad 1 alarm 6 ms").count("bad, division by zero.") == 1
    assert machine("6 ms 1 .") == "1  ok\n"


def test_an_alarm_can_abort_what_it_interrupts(machine):
    machine(": stop-it user-abort ;")
    assert "interrupted" in machine("' stop-it 2 alarm begin again")
    assert machine("' stop-it 0 alarm 5 ms 1 .") == "1  ok\n"


def test_an_alarm_that_does_not_end_is_interrupted(machine):
    machine("hex : forever begin again ;")
    assert "forever, interrupted." in interrupt(machine, "' forever 2 alarm 8 ms")
    assert machine("5 ms 1 .") == "1  ok\n"
    machine("variable count : fine 1 count +! ; ' fine 1 alarm")
    assert int(machine("count off 8 ms count @ . ' fine 0 alarm").split()[0], 16) > 2


def test_an_alarm_that_keeps_the_prompt_from_its_keys_is_interrupted(machine):
    machine("hex : forever begin again ; ' forever 2 alarm")
    assert "forever, interrupted." in interrupt(machine, "1 .")
    assert machine("5 ms 1 .") == "1  ok\n"


def test_alarms_are_as_many_as_there_is_room_for(machine):
    for number in range(8):
        machine(f": nothing{number} ; ' nothing{number} 7f alarm")
    assert machine.error("' noop 7f alarm") == "too many alarms"
    for number in range(8):
        machine(f"' nothing{number} 0 alarm")
    assert machine("' noop 7f alarm ' noop 0 alarm 1 .") == "1  ok\n"


def test_a_keyboard_driver_may_watch_for_an_abort_itself(make_prompt):
    """IEEE 1275 3.7.6: `input` calls install-abort of the new device, remove-abort of the old."""
    prompt = make_prompt()
    prompt("variable told dev / new-device", '" keys" device-name',
           ": open true ; : close ; : read 2drop 0 ;",
           ": install-abort 1 told +! ; : remove-abort 10 told +! ;", "finish-device device-end")
    assert prompt('" /keys" input " console" input told @ .') == "11  ok\n"


def test_control_c_on_the_pipeline_model(make_prompt):
    prompt = make_prompt(cpu="pipeline")
    prompt.machine.console.write(b"begin again\r")
    prompt.machine.run(instructions=100_000)
    prompt.machine.console.read()
    prompt.machine.console.write(b"\x03")
    assert "again, interrupted." in prompt.read(400_000)


#: What an earlier line has left behind: ^C comes all the same.
LEFT_BEHIND = ["0 msr!", "1002 msr!", "raw-keys? on", "waiting? on", "5 sounding !", "in-alarm? on",
               "sound-alarms", "' noop interruptible drop", "collecting? on", "0 to (key?)",
               "0 to (key)", "5 #breaks !", "-1 #breaks !"]


@pytest.mark.parametrize("line", LEFT_BEHIND)
def test_no_line_keeps_control_c_from_the_next_one(machine, line):
    machine.machine.console.write(b"hex " + line.encode() + b"\r")
    machine.read()
    assert "interrupted.\r\n" in interrupt(machine, "begin again")
    assert machine("2 3 + .") == "5  ok\n"


@pytest.mark.parametrize("line", ["0 msr!", "sound-alarms", "' noop interruptible drop"])
def test_no_word_keeps_control_c_from_its_own_line(machine, line):
    assert "interrupted.\r\n" in interrupt(machine, f"hex {line} begin again")


@pytest.mark.parametrize("line", ["interrupts-off", "0 interrupts!", "ticks-off", "5 dec!"])
def test_what_masks_the_ticks_cannot_be_typed(machine, line):
    assert machine.error(line) == f"{line.split()[-1]}, only for use in a definition."
