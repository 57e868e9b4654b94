"""What went wrong in other Open Firmwares: a table of the pitfalls, and tests of them.

Many are tested where their subject is; the table says where. The numbers are those of a list that
was made from the fault reports of OpenBIOS, SLOF, OpenBoot and their clients.
"""

import re
from pathlib import Path

import pytest

from pteg.firmware.asm import assemble

TABLE = {
    "1 claim with an alignment that is no power of two": "test_claim_and_release",
    "2 claim above the end of memory": "test_claim_and_release",
    "3 claim returned memory that is not mapped 1:1": "test_claimed_memory_is_mapped_one_to_one",
    "4 method claim took an address although it was to align":
        "test_physical_and_virtual_memory_are_claimed_apart",
    "5 the firmware used addresses below 100": "test_the_lowest_bytes_are_the_client_s",
    "6 the client's stack was not mapped 1:1": "test_the_stack_of_a_client",
    "7 available ended wrongly": "test_available_is_what_is_not_claimed",
    "8 more returns than there are": "test_interpret",
    "9 wrong kinds of handles": "test_bad_handles_are_refused",
    "10 next-property of an unknown name": "test_next_property_of_an_unknown_name",
    "11 call-method returned no catch result": "test_methods",
    "12 an error in interpret left compile state": "test_interpret",
    "13 texts of several lines": "test_lines_of_any_kind",
    "14 bootpath held an alias": "test_bootpath_is_a_whole_path",
    "15 bad FCode left compile state": "test_bad_programs_come_back_to_the_prompt",
    "16 ESC ESC Return": "test_escape_keys_are_harmless",
    "17 no stdin or stdout": "test_without_stdout_there_is_still_a_console",
    "18 deep recursion": "test_the_message_names_the_word",
    "19 boot and load without a device": "test_boot_and_load_alone",
    "20 canon of an alias": "test_paths",
    "21 several memory nodes": "test_there_is_one_memory_node",
    "22 strings of more than 255 bytes": "test_long_values",
    "23 a failed open left my-self": "test_a_failed_open_leaves_no_trace",
    "24 unknown names": "test_unknown_names",
    "25 find-package with a path": "test_find_package_takes_paths",
    "26 interposed packages showed": "test_interposed_packages_do_not_show",
    "27 decode-string": "test_decode_string",
    "28 milliseconds by a wrong clock": "test_time",
    "29 misspelt cache properties": "test_cache_properties",
    "30 control characters moved the cursor": "test_control_characters",
    "31 load-base was fixed": "test_load_base_is_a_variable",
    "32 TRUE in NVRAM was false": "test_case_of_flags_in_nvram",
    "33 words went into a selected package": "test_words_of_a_selected_node",
    "34 `to` of defers and values": "test_to_sets_defers_and_values",
    "35 unknown configuration variables": "test_values_are_checked",
    "36 serial read of several bytes": "test_read_of_several_characters",
    "37 the first calls of Linux": "test_linux_on_g3",
    "38 unaligned moves of device addresses": "test_move_at_any_address",
    "39 a client without a stack": "test_a_client_without_a_stack",
    "40 stdin and stdout closed": "test_console_stays_when_a_client_closes_it",
    "41 unmapped addresses": "test_unmapped_addresses",
    "42 vectors of an earlier client": "test_vectors_are_the_firmware_s_again",
    "43 NUL bytes on the console": "test_no_nul_is_printed",
    "44 empty values, defaults": "test_printenv_shows_values_and_defaults",
}


def test_every_pitfall_has_a_test():
    assert [int(name.split()[0]) for name in TABLE] == list(range(1, 45))
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    tests = set(re.findall(r"^def (test_\w+)", text, re.M))
    assert set(TABLE.values()) <= tests


@pytest.fixture(scope="module")
def helper(load_client, prompt):
    return load_client.Client(prompt)


def run(prompt, source):
    """Run a program at 200000; what is printed."""
    program = assemble(f".org 0x200000\n_start: {source}")
    prompt.machine.memory.write(0x200000, bytes(program.sections[0].data)[-0x1000:])
    prompt("hex 200000 to program-entry")
    return prompt("go decimal")


def test_claimed_memory_is_mapped_one_to_one(prompt):
    assert prompt.stack('hex 0 3000 1000 claim dup " cpu" open-dev >r " translate" r@ '
                        '$call-method drop drop over = swap 3000 release r> close-dev') == [-1]


def test_the_lowest_bytes_are_the_client_s(prompt):
    prompt.machine.memory.write(0, b"\xff" * 0x100)
    assert prompt.error("hex deadbee0 @") == "@, invalid memory address at deadbee0."
    assert prompt("decimal 2 3 + .") == "5  ok\n"
    assert prompt.machine.memory.read(0, 0x100) == b"\xff" * 0x100
    prompt("hex 55 0 c! decimal")
    assert prompt.machine.memory.read(0, 1) == b"\x55"


def test_the_stack_of_a_client(prompt):
    prompt.machine.memory.write(0x200000, bytes.fromhex("4e800020"))
    prompt("hex 0 0 0 0 200000 init-state decimal")
    assert prompt.stack("%r1 15 and") == [0]
    assert prompt.stack("%r1 dup translation @ over u<= swap drop") == [-1]
    assert prompt.stack("%r1 translation dup @ swap 8 + @ =") == [-1]
    assert prompt.stack("55 %r1 32768 - tuck ! @") == [55]
    prompt("go")


def test_next_property_of_an_unknown_name(prompt):
    assert prompt.stack('7 " nonsense" " /memory" find-package drop next-property') == [7, 0]
    assert prompt.stack('7 " available" " /memory" find-package drop next-property') == [7, 0]


def test_lines_of_any_kind(prompt):
    assert prompt.stack('7 " 1 2"r3 \\ no"r4"n5 ( 6"r 7 ) 8" evaluate') == [7, 1, 2, 3, 4, 5, 8]
    assert prompt.stack('" : five"r 5"r;"rfive" evaluate') == [5]


def test_bootpath_is_a_whole_path(prompt):
    prompt.machine.memory.write(0x400000, b"\\ text\n\0")
    prompt("boot ram:400000 some arguments")
    assert '/ram-image:400000' in prompt("dev /chosen .properties device-end")
    assert "some arguments" in prompt("dev /chosen .properties device-end")


def test_escape_keys_are_harmless(prompt):
    for keys in (b"\x1b\x1b\r", b"\x1b[\x1b\r\r", b"\x1bO\r\r", b"\x1b\x1b[Z\x7f\x7f\r"):
        prompt.machine.console.write(keys)
        prompt.machine.run(instructions=500_000)
        prompt.machine.console.write(b"clear\r")
        prompt.machine.run(instructions=500_000)
        prompt.machine.console.read()
    assert prompt("decimal depth .") == "0  ok\n"


def test_without_stdout_there_is_still_a_console(prompt):
    assert prompt("stdout @ stdin @ 0 stdout ! 0 stdin ! .( shown)") == "shown ok\n"
    assert prompt("stdin ! stdout ! depth .") == "0  ok\n"


def test_boot_and_load_alone(prompt):
    prompt.machine.memory.write(0x400000, bytes(64))
    for line in ("load", "boot", "load ", "boot nonsense", "load /nonsense:1"):
        assert prompt.error(line), line
        assert prompt.depth == 0


def test_there_is_one_memory_node(prompt):
    assert prompt.stack('" /memory" find-package drop " /chosen" find-package drop '
                        '" memory" rot get-package-property drop decode-int nip nip '
                        'ihandle>phandle =') == [-1]
    assert prompt("show-devs").count("/memory") == 1


def test_long_values(prompt):
    value = "/" + "x" * 150
    assert prompt(f"setenv boot-device {value}") == " ok\n"
    # More than a line holds, and more than 255 bytes.
    assert prompt('string-length off boot-device +chars boot-device +chars boot-device +chars '
                  'string-buffer string-length @ " boot-file" $setenv boot-file nip .d') == (
        "453  ok\n")
    prompt("set-defaults")


def test_a_failed_open_leaves_no_trace(prompt):
    for path in ("/nonsense", "/aliases", "/memory/nonsense", "/ram-image:zz/x"):
        assert prompt.stack(f'my-self " {path}" open-dev swap my-self =') == [0, -1], path
    assert prompt.stack('dev /memory " nonsense" get-inherited-property device-end') == [-1]
    assert prompt.stack('dev /memory " #size-cells" get-inherited-property device-end nip nip'
                        ) == [0]


def test_unknown_names(prompt):
    assert prompt.error("' nonsense") == "nonsense, unknown word."
    assert prompt.error(": x postpone nonsense ;") == "nonsense, unknown word."
    assert prompt.stack('" nonsense" 2dup $find >r d= r>') == [-1, 0]
    assert prompt.stack('" dup" $find swap \' dup =') == [-1, -1]


def test_find_package_takes_paths(prompt):
    assert prompt.stack('" /cpus/PowerPC,750@0" find-package nip') == [-1]
    assert prompt.stack('7 " /nonsense" find-package') == [7, 0]
    assert prompt.stack('" /packages" find-package nip') == [-1]


def test_interposed_packages_do_not_show(prompt, helper, load_client):
    buffer = load_client.Buffer
    for line in ("dev /packages new-device", '" filter" device-name', ": open true ; : close ;",
                 ": who 5 ;", "finish-device device-end",
                 "dev / new-device", '" wrapped" device-name', ': open " /packages/filter" '
                 'find-package 0= if false exit then " args" rot interpose true ;',
                 ": close ; : who 6 ;", "finish-device device-end"):
        assert prompt(line) == " ok\n", line
    prompt('" /wrapped:x" open-dev value wrapped')
    assert prompt.stack('" who" wrapped $call-method') == [5]
    assert prompt.stack('wrapped ihandle>phandle " /wrapped" find-package drop =') == [-1]
    (wrapped,) = prompt.stack("wrapped")
    (_, _, [plain]), (_, _, [whole]), (_, [package], _) = helper(
        ("instance-to-path", 1, wrapped, buffer(40), 40),
        ("instance-to-interposed-path", 1, wrapped, buffer(40), 40),
        ("instance-to-package", 1, wrapped))
    assert plain.partition(b"\0")[0] == b"/wrapped:x"
    assert whole.partition(b"\0")[0] == b"/wrapped:x/%filter:args"
    assert prompt.stack('" /wrapped" find-package drop') == [package]
    prompt("wrapped close-dev")


def test_decode_string(prompt):
    assert prompt.stack('" one" encode-string " two" encode-string encode+ decode-string nip '
                        '-rot decode-string nip -rot nip') == [3, 3, 0]
    assert prompt.stack('" "(61 62)" decode-string nip nip nip') == [2]       # no zero at the end


def test_time(prompt):
    (passed,) = prompt.stack("get-msecs 5 ms get-msecs swap -")
    assert 5 <= passed <= 7
    assert prompt.stack(' timebase-frequency " cpu" find-package drop " timebase-frequency" '
                        'rot get-package-property drop decode-int nip nip =') == [-1]


def test_cache_properties(prompt):
    shown = prompt("dev /cpus/@0 .properties device-end")
    names = {line.split()[0] for line in shown.splitlines() if line.split()}
    assert {f"{side}-cache-{what}" for side in "id"
            for what in ("size", "sets", "block-size", "line-size")} <= names


def test_control_characters(prompt):
    assert prompt("hex 61 emit 8 emit 62 emit 0 emit 7 emit #out @ . decimal") == (
        "a\bb\0\a1  ok\n")


def test_load_base_is_a_variable(prompt):
    assert prompt("hex setenv load-base 600000", "load-base .") == " ok\n600000  ok\n"
    prompt("set-default load-base decimal")


def test_case_of_flags_in_nvram(make_prompt):
    first = make_prompt("mac99")
    first("setenv diag-switch? true", "setenv screen-#rows 30")
    (device,) = (device for device in first.machine.platform.devices if device.name == "nvram")
    data = bytes(device.memory)
    at = data.index(b"diag-switch?=true")
    again = make_prompt("mac99")
    (device,) = (device for device in again.machine.platform.devices if device.name == "nvram")
    device.memory[:] = bytearray(data[:at] + b"diag-switch?=TRUE" + data[at + 17:])
    again.machine.console.write(b"reset-all\r")
    again.read()
    assert again.stack("diag-switch?") == [-1]
    assert "30" in again("printenv screen-#rows")


def test_words_of_a_selected_node(prompt):
    prompt("dev /memory : mine 5 ; device-end")
    assert prompt.error("mine") == "mine, unknown word."
    assert prompt.stack('" /memory" " mine" execute-device-method') == [5, -1]
    prompt("dev /memory forget mine device-end")


def test_to_sets_defers_and_values(prompt):
    assert prompt.stack("defer act 5 value five : seven 7 ; ' seven to act 6 to five act five",
                        ) == [7, 6]
    assert prompt.stack(": set ['] seven to act 8 to five ; set act five") == [7, 8]


def test_read_of_several_characters(prompt):
    prompt.machine.console.write(b'hex 300000 8 " read" stdin @ $call-method decimal .\rabc')
    prompt.machine.run(until=" ok", instructions=5_000_000)
    assert "3  ok" in prompt.machine.console.read().decode()
    assert prompt.machine.memory.read(0x300000, 3) == b"abc"
    prompt.read()


def test_move_at_any_address(prompt):
    prompt.machine.memory.write(0x300000, bytes(range(64)))
    for source in range(4):
        for target in range(4):
            prompt(f"hex 300000 {source:x} + 300040 {target:x} + d move decimal")
            assert prompt.machine.memory.read(0x300040 + target, 13) == bytes(
                range(source, source + 13))
    assert prompt("hex c00f005 300100 1 move 300100 c@ 60 and . decimal") == "60  ok\n"


def test_a_client_without_a_stack(prompt):
    text = run(prompt, """
        mflr    r31
        li      r1, 0x10
        lis     r3, 0x20
        ori     r3, r3, array@l
        mtctr   r5
        bctrl
        cmpwi   r1, 0x10
        beq     1f
        trap
1:      mtlr    r31
        blr
array:  .long   name, 0, 1, 0
name:   .asciz  "milliseconds"
""")
    assert text == " ok\n"


def test_console_stays_when_a_client_closes_it(prompt, helper):
    (stdout,) = prompt.stack("stdout @")
    results = helper(("close", 0, stdout), ("write", 1, stdout, "still here", 10))
    assert results[1][:2] == (0, [10]) and "still here" in helper.output


def test_unmapped_addresses(prompt):
    assert prompt.stack("hex deadbee0 cpeek deadbee0 wpeek deadbee0 lpeek decimal") == [0, 0, 0]
    assert prompt.stack("hex 1 deadbee0 cpoke 1 deadbee0 lpoke decimal") == [0, 0]
    assert prompt.error("hex deadbee0 10 dump").endswith("invalid memory address at deadbee0.")
    prompt("decimal")


def test_vectors_are_the_firmware_s_again(prompt):
    vectors = prompt.machine.memory.read(0x100, 0x1700)
    prompt.machine.memory.write(0x300, bytes(0x200))
    assert prompt.error("hex deadbee0 @") == "@, invalid memory address at deadbee0."
    prompt.machine.memory.write(0x200000, bytes.fromhex("3c60dead" "80630000"))
    assert "invalid memory address at dead0000." in prompt("200000 to program-entry go")
    prompt("decimal state-valid off")
    for address in range(0x100, 0x1800, 0x100):
        assert prompt.machine.memory.read_word(address) == int.from_bytes(
            vectors[address - 0x100:address - 0xFC], "big")


def test_no_nul_is_printed(prompt, make_prompt):
    text = make_prompt().banner + "".join(prompt(line) for line in (
        "words", "show-devs", "printenv", "dev / .properties device-end", "see words", "help",
        ".registers", "' words 20 dump", "nonsense"))
    assert "\0" not in text
