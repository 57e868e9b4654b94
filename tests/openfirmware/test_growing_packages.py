"""A package in the making has an instance: at the prompt, and when an FCode program is probed."""

import pytest

from pteg.firmware.openfirmware.tokenizer import tokenize

PROGRAM = 0x300000


@pytest.fixture
def flipper(prompt):
    """A node that is being made on the g3's bus."""
    prompt("hex clear device-end", '" one,two" " 1234" " /flipper" begin-package')
    yield prompt
    prompt("end-package clear hex")


def test_a_new_package_has_the_arguments_and_the_address_that_it_is_given(flipper):
    assert flipper("my-args type") == "one,two ok\n"
    assert flipper("my-space . my-unit . depth .") == "1234 1234 0  ok\n"
    assert flipper("my-parent ihandle>phandle node-path type") == "/flipper ok\n"
    assert flipper(".s my-address .s my-space .s clear") == "1234  ok\n"


def test_it_can_call_its_parent(flipper):
    assert flipper("my-address my-space 20 \" map-in\" $call-parent .") == "1234  ok\n"
    assert flipper("my-address 20 map-low .") == "1234  ok\n"
    assert flipper('" nonsense" $call-parent').endswith("no such method.\n")


def test_its_instance_data_can_be_used_at_once(flipper):
    flipper("instance 7 value count  instance variable cell  instance defer act  ' dup to act")
    flipper("instance 10 buffer: room")
    assert flipper("count . 8 to count count . 5 cell ! cell @ .") == "7 8 5  ok\n"
    assert flipper("3 act . . room 10 0 fill") == "3 3  ok\n"
    flipper('" growing" device-name : open true ; : close ; : count count ;')
    flipper("end-package")
    # An instance that is opened has the initial value.
    flipper('" /flipper/growing" open-dev value it')
    assert flipper('" count" it $call-method . it close-dev') == "7  ok\n"


def test_there_is_room_for_8_kilobytes_of_them(flipper):
    flipper("instance 1000 buffer: small")
    assert flipper.error("instance 1001 buffer: large") == "buffer:, not enough memory."


def test_my_self_is_as_before_when_it_is_finished(prompt):
    prompt('hex clear device-end " " " 10" " /flipper" begin-package " a" device-name')
    assert prompt("new-device my-parent 0<> . my-args nip . finish-device my-args nip .") == (
        "-1 0 0  ok\n")
    assert prompt("end-package my-self . pwd").startswith("0 \n")


def test_a_parent_that_cannot_be_opened_is_named(prompt):
    for line in ('" " " 0" " /nonsense" begin-package', '" /nonsense" select-dev',
                 '" /nonsense" output', '" /nonsense" input'):
        assert prompt.error(line) == "/nonsense, cannot be opened."
    assert prompt.error('" " " 0" set-args') == "set-args, no instance."


def test_reg_has_as_many_cells_as_the_bus_wants(make_prompt):
    prompt = make_prompt("mac99")
    prompt('hex " " " b" " /pci" begin-package " card" device-name')
    assert prompt("my-space . my-address . . my-unit . . .") == "5800 0 0 5800 0 0  ok\n"
    prompt("my-address my-space 100 reg")
    assert "00005800 00000000 00000000 00000000 00000100" in prompt(".properties")
    prompt("end-package")
    assert "/pci@f2000000/card@b" in prompt("show-devs")


def test_a_driver_asks_its_bus_while_it_is_probed(prompt):
    """The node is there already; its program is evaluated when the firmware probes."""
    program = tokenize('''
        fcode-version3
        my-address my-space encode-phys " at" property
        my-address my-space 40 " map-in" $call-parent encode-int " mapped" property
        instance 7 value count
        count 1+ encode-int " count" property
        : open true ; : close ;
        fcode-end''')
    prompt('hex clear device-end dev /flipper new-device " probed" device-name 4567 40 reg')
    prompt.machine.memory.write(PROGRAM, program)
    prompt(f'{PROGRAM:x} {len(program):x} encode-bytes " pteg,fcode" property '
           "finish-device device-end probe-all")
    shown = prompt("dev /flipper/probed .properties device-end")
    for name, value in (("at", "00004567"), ("mapped", "00004567"), ("count", "00000008")):
        assert any(line.split() == [name, value] for line in shown.splitlines()), (name, shown)


def test_a_driver_that_fails_leaves_nothing(prompt):
    program = tokenize("fcode-version3 0 0 / fcode-end")
    prompt('hex clear device-end dev /flipper new-device " failing" device-name 99 40 reg')
    prompt.machine.memory.write(PROGRAM, program)
    prompt(f'{PROGRAM:x} {len(program):x} encode-bytes " pteg,fcode" property '
           "finish-device device-end")
    assert "division by zero." in prompt("probe-all")
    assert prompt("my-self . depth . pwd").startswith("0 0 \n")
