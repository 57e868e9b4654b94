"""Small words of IEEE 1275, chapter 7, that no other test uses: what they leave and print."""

import pytest

LEFT = {
    "1 2 3 4 3drop": [1],
    "1 -1 umin  1 -1 umax": [1, -1],
    "5 2+  5 2-  -1 u2/": [7, 3, 0x7FFFFFFF],
    "h# 12 h# 34 bwjoin  h# 1234 h# 5678 wljoin": [0x3412, 0x56781234],
    "100 3 ca+  100 3 wa+  100 3 la+  100 3 na+": [103, 106, 112, 112],
    "5 ca1+  5 wa1+  5 la1+  5 na1+": [6, 7, 9, 9],
    "/c /w /l /n  3 /c*  3 /w*  3 /l*  3 /n*": [1, 2, 4, 4, 3, 6, 12, 12],
    "create some h# 1020304 , h# 5060708 ,  some 1+ dup unaligned-w@ swap unaligned-l@":
        [0x0203, 0x02030405],
    "some rb@  some rw@  some rl@  some l@": [1, 0x0102, 0x01020304, 0x01020304],
    "bs bell carret linefeed newline": [8, 7, 13, 10, 10],
    "parse-word four nip": [4],
    "octal 17 decimal": [15],
    "-1 0<=  0 0<=  1 0<=  -1 0>=  0 0>=  1 0>=": [-1, -1, 0, 0, -1, -1],
    "1 -1 u>=  1 1 u>=  -1 1 u>=": [0, -1, -1],
    ": stops 5 0 do  i dup 3 = ?leave  loop ;  stops": [0, 1, 2, 3],
    "5 0 do  i dup 2 = ?leave  loop": [0, 1, 2],
    "variable own  own body> ' own =  ' own >body own =": [-1, -1],
    "base body> ' base =  ' #line >body body> ' #line =": [-1, -1],
    "defer does-it  ' dup to does-it  ' does-it behavior ' dup =": [-1],
    "here 1 w, here swap -  align here 1 l, here swap -": [2, 4],
    "current @ forth-wordlist =": [-1],
    "tib 0<>  #tib @": [-1, 15],
    "lines/page selftest-#megs diagnostic-mode? fcode-debug? oem-banner? oem-logo?": [0] * 6,
    "diag-device nip  diag-file nip  input-device nip  output-device nip": [3, 0, 7, 7],
    '" abc" encode-bytes nip  " abcde" 2 decode-bytes nip nip nip': [3, 2],
    "dev /memory 5 encode-phys decode-phys nip nip device-end": [5],
    '" /packages/deblocker" find-package drop >r 0 0 r> open-package': [0],
    '" open" " /memory" find-package drop find-method nip': [-1],
    "' dup 4 + value>sym nip nip swap": [-1, 4],
    '" dup" sym>value swap \' dup =': [-1, -1],
    "fcode-revision h# 30000 =": [-1],
    '" /flipper" find-device my-space device-end': [0],
    "mask @ 0<>  suspend-fcode": [-1],
    '" /cpus/@0" select-dev my-self 0<> unselect-dev my-self': [-1, 0],
}

PRINTED = {
    '." abc" #out @ .': "abc3  ok\n",
    '." abc" (cr ." d"': "abc\rd ok\n",
    "3 5 at-xy": "\x1b[6;4H ok\n",
    '." ab" 5 to-column ." x"': "ab   x ok\n",
    "-5 s.  -5 (.) type  -1 (u.) type": "-5 -54294967295 ok\n",
    "255 <# u# u#s u#> type  hex 255 <# u#s u#> type decimal": "255255 ok\n",
    "-1 0 hex <# #s #> type space -1 u. decimal": "FFFFFFFF ffffffff  ok\n",
    "only forth definitions order": "forth   definitions: forth  ok\n",
    "vocabulary yours  also yours order  previous": "yours forth   definitions: forth  ok\n",
    "' dup (see)": "code dup  ok\n",
    "probe-all noshowstack test-all": " ok\n",
}


@pytest.mark.parametrize("line", LEFT)
def test_what_a_line_leaves(prompt, line):
    assert prompt.stack(line) == LEFT[line]


@pytest.mark.parametrize("line", PRINTED)
def test_what_a_line_prints(prompt, line):
    prompt("decimal clear device-end")
    assert prompt(line) == PRINTED[line]


def test_show_props_shows_all_nodes_or_those_below_one(prompt):
    everything, some = prompt("show-props"), prompt("show-props /cpus")
    assert everything.startswith("/\n") and "/memory@0\n" in everything
    assert some.startswith("/cpus\n") and "/cpus/PowerPC,750@0\n" in some and "/memory" not in some


def test_the_banner_may_be_the_owner_s_or_none(make_prompt):
    prompt = make_prompt("mac99")
    prompt("setenv oem-banner Of our own", "setenv oem-banner? true")
    assert prompt("banner") == "Of our own\n ok\n"
    prompt("setenv nvramrc suppress-banner", "setenv use-nvramrc? true")
    prompt.machine.console.write(b"reset-all\r")
    assert "Of our own" not in prompt.read()


def test_span_is_how_many_characters_expect_has_read(prompt):
    prompt.machine.console.write(b"pad 10 expect\rabc\r")
    prompt.read()
    assert prompt("decimal span @ . pad 3 type") == "3 abc ok\n"
