# What was found, and what has happened.

        .macro show_decimal label, variable
        print   "\label"
        lwz     r3, \variable(0)
        bl      putdec
        .endm

report_machine:
        enter
        print   "processor     "
        mfpvr   r31
        srwi    r3, r31, 16
        cmpwi   r3, 8
        bne     1f
        print   "750, "
1:      print   "PVR "
        mr      r3, r31
        bl      puthex
        print   "\nmemory        "
        lwz     r3, memory_size(0)
        srwi    r3, r3, 20
        bl      putdec
        print   " MB\nhash table    "
        mfsdr1  r31
        clrlwi  r30, r31, 23            # HTABMASK
        addi    r30, r30, 1             # size in units of 64 KB
        slwi    r3, r30, 6
        bl      putdec
        print   " KB at "
        clrrwi  r3, r31, 16
        bl      puthex
        print   ", "
        slwi    r3, r30, 10
        bl      putdec
        print   " groups of 8 entries\nblocks        ROM "
        mfdbatu r3, 0
        clrrwi  r3, r3, 17
        bl      puthex
        print   ", serial port "
        mfdbatu r3, 1
        clrrwi  r3, r3, 17
        bl      puthex
        print   "\ntranslation   on, MSR "
        mfmsr   r3
        bl      puthex
        print   "\n"
        leave

report_events:
        enter
        show_decimal "page faults   DSI ", dsi_count
        show_decimal ", ISI ", isi_count
        show_decimal ", repaired ", repaired_count
        print   ", refused "
        lwz     r3, dsi_count(0)
        lwz     r4, isi_count(0)
        add     r3, r3, r4
        lwz     r4, repaired_count(0)
        subf    r3, r4, r3
        bl      putdec
        print   "\npages mapped  "
        lwz     r3, repaired_count(0)
        lwz     r4, evicted_count(0)
        subf    r3, r4, r3
        bl      putdec
        show_decimal ", evicted ", evicted_count
        show_decimal " (changed ", evicted_changed_count
        print   ")\n"
        leave

# r3 = number of tests that failed
report_result:
        enter
        cmpwi   r3, 0
        bne     1f
        print   "pteg: ready\n"
        b       2f
1:      bl      putdec
        print   " tests failed\n"
2:      leave
