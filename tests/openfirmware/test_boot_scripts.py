"""Images that `boot` evaluates: Forth text, CHRP boot scripts, FCode."""

import pytest

from pteg.firmware.openfirmware.tokenizer import tokenize


def boot(prompt, image):
    prompt.machine.memory.write(0x400000, image + bytes(64))
    prompt("clear hex")
    return prompt("boot ram")


def test_forth_text(prompt):
    assert boot(prompt, b"\\ a script\n: twice 2* ;\r\n5 twice .\r\\ the end") == "a  ok\n"
    assert prompt("6 twice .") == "c  ok\n"


def test_structures_and_strings_in_a_script(prompt):
    script = b"""\\ words outside of definitions
variable count
3 begin count @ 1+ count ! 1- dup 0= until drop count @ .
1 if ." yes" else ." no" then cr
" text" 2 /string type
5 >r
r> .
"""
    assert boot(prompt, script) == "3 yes\nxt5  ok\n"


CHRP = b"""<CHRP-BOOT>
<COMPATIBLE>MacRISC</COMPATIBLE>
<BOOT-SCRIPT>
: less ( a b -- flag ) &lt; ;
1 2 less . 3 1 &gt; . ." a&amp;b"
</BOOT-SCRIPT>
</CHRP-BOOT>"""


def test_chrp_boot_script(prompt):
    assert boot(prompt, CHRP) == "-1 -1 a&b ok\n"
    assert boot(prompt, CHRP.replace(b"\n", b"\r")) == "-1 -1 a&b ok\n"


@pytest.mark.parametrize(("change", "message"), [
    ((b"<BOOT-SCRIPT>", b"<OTHER>"), "boot file has no script"),
    ((b"</BOOT-SCRIPT>", b""), "boot script does not end"),
    ((b"less .", b"nonsense ."), "nonsense, unknown word."),
    ((b"1 2 less", b"1 if"), "unbalanced control structure.")])
def test_scripts_with_mistakes(prompt, change, message):
    image = CHRP.replace(*change)
    assert message in boot(prompt, image)
    assert prompt("clear decimal 2 3 + .") == "5  ok\n"
    assert prompt("heap-start heap-end < .") == "-1  ok\n"


def test_fcode(prompt):
    image = tokenize('fcode-version3 ." from FCode" fcode-end')
    assert boot(prompt, image) == "from FCode ok\n"


def test_what_is_none_of_these(prompt):
    assert "there is no program in memory" in boot(prompt, b"plain text")
