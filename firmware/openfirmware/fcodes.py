"""Names of FCode tokens (IEEE 1275 annex F), in runs of consecutive numbers."""

__all__ = ["TOKENS", "NUMBERS", "ABSENT", "LAST_OF_STANDARD"]

#: First number of each run, and the names; `…` stands for a number without a word.
_RUNS = {
    0x000: "end0",
    0x010: "b(lit) b(') b(\") bbranch b?branch b(loop) b(+loop) b(do) b(?do) i j b(leave) b(of) "
           "execute + -",
    0x020: "* / mod and or xor invert lshift rshift >>a /mod u/mod negate abs min max",
    0x030: ">r r> r@ exit 0= 0<> 0< 0<= 0> 0>= < > = <> u> u<=",
    0x040: "u< u>= >= <= between within drop dup over swap rot -rot tuck nip pick roll",
    0x050: "?dup depth 2drop 2dup 2over 2swap 2rot 2/ u2/ 2* /c /w /l /n ca+ wa+",
    0x060: "la+ na+ char+ wa1+ la1+ cell+ chars /w* /l* cells on off +! @ l@ w@",
    0x070: "<w@ c@ ! l! w! c! 2@ 2! move fill comp noop lwsplit wljoin lbsplit bljoin",
    0x080: "wbflip upc lcc pack count body> >body fcode-revision span unloop expect alloc-mem "
           "free-mem key? key emit",
    0x090: "type (cr cr #out #line hold <# u#> sign u# u#s u. u.r . .r .s",
    0x0A0: "base convert $number digit -1 0 1 2 3 bl bs bell bounds here aligned wbsplit",
    0x0B0: "bwjoin b(<mark) b(>resolve) … … new-token named-token b(:) "
           "b(value) b(variable) b(constant) b(create) b(defer) b(buffer:) b(field) b(code)",
    0x0C0: "instance … b(;) b(to) b(case) b(endcase) b(endof) # #s #> external-token $find "
           "offset16 evaluate … …",
    0x0D0: "c, w, l, , um* um/mod … … d+ d- get-token set-token state compile, behavior",
    0x0F0: "start0 start1 start2 start4",
    0x0FC: "ferror version1 … end1",
    0x101: "dma-alloc my-address my-space … free-virtual",
    0x110: "property encode-int encode+ encode-phys encode-string encode-bytes reg intr driver "
           "model device-type parse-2int",
    0x11F: "new-device diagnostic-mode? … memory-test-suite … mask get-msecs ms finish-device "
           "decode-phys",
    0x12B: "interpose",
    0x130: "map-low",
    0x201: "device-name my-args my-self find-package open-package close-package find-method "
           "call-package $call-parent my-parent ihandle>phandle … my-unit $call-method "
           "$open-package",
    0x213: "alarm",
    0x215: "suspend-fcode abort catch throw user-abort get-my-property decode-int decode-string "
           "get-inherited-property delete-property get-package-property",
    0x220: "cpeek wpeek lpeek cpoke wpoke lpoke lwflip lbflip lbflips",
    0x230: "rb@ rb! rw@ rw! rl@ rl! wbflips lwflips",
    0x23B: "child peer next-property byte-load set-args left-parse-string",
}
#: Those that the firmware does not have: of displays, of networks, of 64 bits, obsolete ones.
_ABSENT_RUNS = {
    0x0B3: "set-token-table set-table",
    0x0FE: "4-byte-id",
    0x104: "memmap … >physical",
    0x10F: "my-params",
    0x11C: "is-install is-remove is-selftest",
    0x121: "display-status … group-code",
    0x131: "sbus-intr>cpu",
    0x150: "#lines #columns line# column# inverse? inverse-screen? frame-buffer-busy? "
           "draw-character reset-screen toggle-cursor erase-screen blink-screen invert-screen "
           "insert-characters delete-characters insert-lines delete-lines draw-logo "
           "frame-buffer-adr screen-height screen-width window-top window-left",
    0x16A: "default-font set-font char-height char-width >font fontbytes",
    0x170: "fb1-draw-character fb1-reset-screen fb1-toggle-cursor fb1-erase-screen "
           "fb1-blink-screen fb1-invert-screen fb1-insert-characters fb1-delete-characters "
           "fb1-insert-lines fb1-delete-lines fb1-draw-logo fb1-install fb1-slide-up",
    0x180: "fb8-draw-character fb8-reset-screen fb8-toggle-cursor fb8-erase-screen "
           "fb8-blink-screen fb8-invert-screen fb8-insert-characters fb8-delete-characters "
           "fb8-insert-lines fb8-delete-lines fb8-draw-logo fb8-install",
    0x1A4: "mac-address",
    0x210: "processor-type firmware-version fcode-version",
    0x214: "(is-user-word)",
    0x22E: "rx@ rx!",
    0x241: "bxjoin <l@ lxjoin wxjoin x, x@ x! /x /x* xa+ xa1+ xbflip xbflips xbsplit xlflip "
           "xlflips xlsplit xwflip xwflips xwsplit",
}
LAST_OF_STANDARD = 0x7FF


def _numbered(runs):
    return {first + index: name for first, names in runs.items()
            for index, name in enumerate(names.split()) if name != "…"}


#: Name of each token, and of each that is not there.
TOKENS, ABSENT = _numbered(_RUNS), _numbered(_ABSENT_RUNS)
#: Number of each name.
NUMBERS = {name: number for number, name in TOKENS.items()}
