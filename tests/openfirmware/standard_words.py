"""Words of IEEE 1275-1994, chapter 7, and of its PowerPC binding, by section."""

WORDS = {
    "7.3.1 stack": """dup drop swap over rot -rot nip tuck pick roll ?dup depth 2dup 2drop 2swap
        2over 2rot 3dup 3drop clear >r r> r@ 2>r 2r> 2r@""",
    "7.3.2 arithmetic": """+ - * / */ mod /mod u/mod */mod negate abs min max umin umax um* m*
        um/mod
        fm/mod sm/rem 1+ 1- 2+ 2- 4+ 2* 2/ u2/ even bounds lshift rshift >>a << >> and or xor not
        invert d+ d- s>d dnegate dabs bljoin bwjoin wljoin lbsplit lwsplit wbsplit wbflip lwflip
        lbflip wbflips lwflips lbflips ca+ wa+ la+ na+ ca1+ char+ cell+ wa1+ la1+ na1+ /c /w /l /n
        /c* /w* /l* /n* chars cells aligned""",
    "7.3.3 memory": """@ ! c@ c! w@ w! <w@ l@ l! 2@ 2! +! on off move fill erase blank comp dump
        unaligned-w@ unaligned-w! unaligned-l@ unaligned-l! rb@ rb! rw@ rw! rl@ rl! cpeek wpeek
        lpeek cpoke wpoke lpoke alloc-mem free-mem filll""",
    "7.3.4 text": r"""( \ ascii control char [char] bl bs bell carret linefeed newline key key?
        expect
        span accept tib #tib source >in word parse parse-word emit type cr (cr space spaces exit?
        #out #line at-xy page to-column ." .( " s" count pack lcc upc $= -trailing""",
    "7.3.5 numbers": """hex decimal octal binary base d# h# o# b# . .r u. u.r .d .h s. .s ? (.) (u.)
        <# # #s #> hold sign u# u#s u#> digit $number >number""",
    "7.3.6 comparison": """= <> < > <= >= 0= 0<> 0< 0> 0<= 0>= u< u> u<= u>= between within true
        false""",
    "7.3.8 control": """if else then case of endof endcase begin until while repeat again do ?do
        loop
        +loop i j leave ?leave unloop exit recurse abort abort" quit catch throw execute evaluate
        eval""",
    "7.3.9 dictionary": """: ; variable value to constant defer buffer: alias create does> struct
        field 2constant 2variable literal compile [compile] compile, postpone immediate state [ ]
        ['] ' find $find >body body> behavior here allot c, w, l, , forget forth vocabulary also
        only previous order definitions context current {""",
    "7.4.3 boot": """boot load go init-program boot-device boot-file boot-command auto-boot?
        load-base diag-device diag-file diag-switch? state-valid dir bye eject dl""",
    "7.4.4 configuration": """printenv setenv $setenv set-default set-defaults nodefault-bytes
        nvramrc
        use-nvramrc? nvedit nvstore nvquit nvrun nvrecover nvalias $nvalias nvunalias $nvunalias
        reset-nvram init-nvram""",
    "7.4.5 console": """input output io stdin stdout input-device output-device install-console ttya
        ttyb screen keyboard lines/page""",
    "7.4.6 security": "password security-mode security-password security-#badlogins",
    "7.4.7 reset": "reset-all shut-down power-off",
    "7.4.8 diagnostics": """test test-all selftest-#megs diagnostic-mode? watch-clock watch-net
        probe-scsi probe-all probe-pci""",
    "7.4.9 callbacks": "callback $callback sync",
    "7.4.10 banner": "banner suppress-banner oem-banner oem-banner? oem-logo oem-logo?",
    "7.4.11 device tree": """devalias dev cd device-end unselect-dev select-dev find-device pwd ls
        .properties show-devs show-props new-device finish-device device-name property
        delete-property encode-int encode-string encode-bytes encode-phys encode+ decode-int
        decode-string decode-bytes decode-phys get-package-property find-package open-dev close-dev
        $open-package open-package close-package $call-method find-method execute-device-method
        apply begin-package end-package my-self my-parent my-args my-unit ihandle>phandle child
        peer interpose""",
    "7.5 firmware debugging": """words see (see) sifting showstack noshowstack .calls patch (patch)
        debug debug-off stepping tracing resume help""",
    "7.6 client debugging": """.registers .fregisters ctrace go gos dis +dis +bp -bp --bp .bp bpoff
        .breakpoint .step .instruction step steps hop hops skip till return returnl finish-loop
        .adr sym sym>value value>sym %cr %ctr %lr %msr %srr0 %srr1 %pc %xer %sprg0 %sprg1 %sprg2
        %sprg3 %fpscr """ + " ".join(f"%r{n} %f{n}" for n in range(32)),
    "7.7 FCode debugging": """headers headerless external fcode-debug? apply byte-load
        fcode-version1 fcode-version2 fcode-version3 ms get-msecs alarm""",
    "5.3 packages": """instance set-args my-space my-address set-token get-token get-my-property
        get-inherited-property next-property $call-parent call-package reg intr driver model
        device-type is-install is-remove is-selftest diagnostic-mode? display-status mask
        group-code memory-test-suite mac-address left-parse-string user-abort suspend-fcode
        fcode-revision map-low free-virtual dma-alloc adr-mask probe probe-virtual rx@ rx!
        firmware-version processor-type""",
}

_NO_DISPLAY = "no machine has a display"
_NO_NETWORK = "no machine has a network device"
_OBSOLETE = "obsolete since IEEE 1275-1994, and no driver of ours needs it"
_WIDE = "an FCode of machines with 64 bits"
_ALIAS = "an alias of the device tree where the machine has such a device"

#: Words that the ROM does not have, and why.
ABSENT = {
    "eject": "no drive has media that can be taken out",
    "nodefault-bytes": "the list of configuration variables is in the ROM",
    "ttya": _ALIAS, "ttyb": _ALIAS, "screen": _ALIAS, "keyboard": _ALIAS,
    "watch-clock": "no machine has a clock that runs without power",
    "watch-net": _NO_NETWORK, "mac-address": _NO_NETWORK,
    "probe-scsi": "no machine has a SCSI bus",
    "probe-pci": "the PCI bus is described when the ROM is built; probe-all prepares its devices",
    "oem-logo": _NO_DISPLAY, "is-install": _NO_DISPLAY, "is-remove": _NO_DISPLAY,
    "is-selftest": _NO_DISPLAY, "display-status": _NO_DISPLAY,
    "group-code": _OBSOLETE, "adr-mask": _OBSOLETE, "probe": _OBSOLETE, "probe-virtual": _OBSOLETE,
    "firmware-version": _OBSOLETE, "processor-type": _OBSOLETE,
    "rx@": _WIDE, "rx!": _WIDE,
}
