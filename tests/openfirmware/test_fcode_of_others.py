"""FCode programs that another tokenizer has made: toke of OpenBIOS' fcode-utils."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pteg.firmware.openfirmware.fcodes import ABSENT, TOKENS
from pteg.firmware.openfirmware.tokenizer import tokenize

COPIER = Path(__file__).parents[2] / "firmware" / "openfirmware" / "drivers" / "copier.fth"
PLACE = 0x300000
#: Names that toke gives no number, or that it takes for something else.
NOT_TOKE = {"new-device", "finish-device", "memory-test-suite"}
PROGRAM = """fcode-version{version}
hex
" lamp" device-name
" pteg,lamp" encode-string " compatible" property
headers
variable counter
5 constant five
0 value state-value
defer hook
struct 4 field >first 2 field >second constant /record
20 buffer: room
: add-five ( n -- n' ) five + ;
: fact ( n -- n! ) dup 1 > if dup 1- recurse * else drop 1 then ;
: sum-to ( n -- sum ) 0 swap 1+ 0 ?do i + loop ;
: downs ( -- n ) 0 10 0 do i 2 = if 1+ then 3 +loop ;
: classify ( n -- m ) case 1 of 11 endof 2 of 22 endof dup 33 + swap endcase ;
: untils ( -- n ) 0 begin 1+ dup 7 = until ;
: whiles ( -- n ) 0 begin dup 5 < while 1+ repeat ;
: leaver ( -- n ) 0 10 0 do 1+ i 4 = if leave then loop ;
external
: open ( -- true ) true ;
: close ( -- ) ;
: results ( -- … )
   3 add-five  5 fact  4 sum-to  downs  1 classify 2 classify 3 classify
   untils whiles leaver
   ['] add-five to hook  1 hook
   9 to state-value state-value
   -1 counter ! counter @
   20 >second /record
   " abc" nip  ascii A  12345678 lbflip ;
fcode-end
"""
RESULTS = [8, 0x78, 10, 0, 0x11, 0x22, 0x36, 7, 5, 5, 6, 9, -1, 0x24, 6, 3, 0x41, 0x78563412]


@pytest.fixture(scope="module")
def toke(tmp_path_factory):
    if shutil.which("toke") is None:
        pytest.skip("needs toke of fcode-utils")
    folder = tmp_path_factory.mktemp("toke")

    def run(text):
        (folder / "source.fth").write_text(text)
        done = subprocess.run(["toke", "-o", "program.fc", "source.fth"], cwd=folder, text=True,
                              capture_output=True)
        assert done.returncode == 0 and "rror" not in done.stdout, done.stdout
        return (folder / "program.fc").read_bytes()
    return run


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_driver_of_toke_runs(prompt, toke, version):
    program = toke(PROGRAM.replace("…", "...").format(version=version))
    prompt.machine.memory.write(PLACE, program + bytes(16))
    prompt("clear device-end", "dev / new-device")
    try:
        assert prompt(f"hex {PLACE:x} 1 byte-load decimal") == " ok\n"
        prompt("finish-device device-end")
        assert prompt("dev /lamp .properties device-end").split()[:4] == [
            "name", "lamp", "compatible", "pteg,lamp"]
        prompt('" /lamp" open-dev value lamp')
        assert prompt.stack('" results" lamp $call-method') == RESULTS
        prompt("lamp close-dev")
    finally:
        prompt('clear 0 0 " name" " /lamp" find-package drop set-property device-end')


@pytest.mark.parametrize("name", ["fb8-install", "#lines", "is-install", "rx@", "xlsplit",
                                  "mac-address", "processor-type"])
@pytest.mark.parametrize("where", ["{}", ": word {} ;", "['] {}"])
def test_what_is_not_there_is_refused_by_name(prompt, toke, name, where):
    program = toke(f"fcode-version2\nhex\n{where.format(name)}\nfcode-end\n")
    prompt.machine.memory.write(PLACE, program + bytes(16))
    assert prompt.error(f"hex {PLACE:x} 1 byte-load") == (
        f"{name}, an FCode that this firmware does not have.")
    assert prompt("clear decimal 2 3 + .") == "5  ok\n"


def test_numbers_and_names_are_those_of_toke(toke):
    known = {number: name for number, name in (ABSENT | TOKENS).items()
             if number > 0xFF and name not in NOT_TOKE}
    program = toke("fcode-version2\nhex\n" + "\n".join(known.values()) + "\nfcode-end\n")
    assert program[8:-1] == b"".join(number.to_bytes(2, "big") for number in known)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_both_tokenizers_make_the_same_program(toke, version):
    source = PROGRAM.replace("…", "...").format(version=version)
    assert tokenize(source) == toke(source)


def test_our_own_driver_is_the_same_program(toke):
    assert tokenize(COPIER.read_text()) == toke(COPIER.read_text())
