# The processor's own: special registers, caches, time.

# flush-code ( addr len -- ) Instructions that have been stored become visible to fetches:
# dcbst, sync, icbi, isync for each cache line (PEM 5.1.5.2).
        code    "flush-code", flush_code
        lwz     r4, 0(DS)
        lwz     r3, 4(DS)
        addi    DS, DS, 8
        add     r4, r3, r4
        clrrwi  r3, r3, 5
1:      cmplw   r3, r4
        bge     2f
        dcbst   0, r3
        sync
        icbi    0, r3
        addi    r3, r3, 32
        b       1b
2:      sync
        isync
        blr

# timebase ( -- low high )
        code    "timebase", timebase
1:      mftbu   r3
        mftb    r4
        mftbu   r5
        cmpw    r3, r5                  # the lower half has wrapped in between
        bne     1b
        push    r4
        push    r3
        blr

# A special register: ( -- x ) and ( x -- )
        .macro  special name, label, number, store=0
        code    "\name\()@", \label\()_fetch
        mfspr   r3, \number
        push    r3
        blr
        code    "\name\()!", \label\()_store, \store
        pop     r3
        mtspr   \number, r3
        isync
        blr
        .endm

        special "sdr1", sdr1, 25
        special "dec", dec, 22, COMPILE_ONLY    # what is typed does not stop the ticks
        special "iabr", iabr, 1010, COMPILE_ONLY        # the debugger's (forth/debug.fs)
        special "sprg0", sprg0, 272
        special "sprg1", sprg1, 273
        special "sprg2", sprg2, 274
        special "sprg3", sprg3, 275
        special "hid0", hid0, 1008
        special "l2cr", l2cr, 1017

# pvr@ ( -- x )
        code    "pvr@", pvr_fetch
        mfspr   r3, 287
        push    r3
        blr

# msr@ ( -- x )
        code    "msr@", msr_fetch
        mfmsr   r3
        push    r3
        blr

# msr! ( x -- ) IP and EE stay: the vectors are in the ROM, and ^C comes (interrupts.s).
        code    "msr!", msr_store
        pop     r3
        mfmsr   r4
        rlwimi  r3, r4, 0, 16, 16
        ori     r3, r3, MSR_IP
        mtmsr   r3
        isync
        blr

# sr@ ( n -- x ) Segment register.
        code    "sr@", sr_fetch
        lwz     r3, 0(DS)
        slwi    r3, r3, 28
        mfsrin  r3, r3
        result  r3
        blr

# sr! ( x n -- )
        code    "sr!", sr_store
        lwz     r4, 0(DS)
        lwz     r3, 4(DS)
        addi    DS, DS, 8
        slwi    r4, r4, 28
        isync
        mtsrin  r3, r4
        isync
        blr
