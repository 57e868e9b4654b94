# Memory access: IEEE 1275 7.3.3, ANS 6.1.

# A load: ( addr -- x )
        .macro  fetch name, label, instruction
        code    "\name", \label
        lwz     r3, 0(DS)
        \instruction r3, 0(r3)
        result  r3
        blr
        .endm

        fetch   "@", fetch_cell, lwz
        fetch   "l@", fetch_long, lwz
        fetch   "w@", fetch_word, lhz
        fetch   "<w@", fetch_signed_word, lha
        fetch   "c@", fetch_char, lbz

# A store: ( x addr -- )
        .macro  store name, label, instruction
        code    "\name", \label
        lwz     r4, 0(DS)
        lwz     r3, 4(DS)
        \instruction r3, 0(r4)
        addi    DS, DS, 8
        blr
        .endm

        store   "!", store_cell, stw
        store   "l!", store_long, stw
        store   "w!", store_word, sth
        store   "c!", store_char, stb

# Device registers: each access is done, and done before the next (IEEE 1275 5.3.7.1).
        .macro  register_fetch name, label, instruction
        code    "\name", \label
        lwz     r3, 0(DS)
        eieio
        \instruction r3, 0(r3)
        twi     0, r3, 0                # wait for the value
        isync
        result  r3
        blr
        .endm

        register_fetch "rb@", fetch_register_byte, lbz
        register_fetch "rw@", fetch_register_word, lhz
        register_fetch "rl@", fetch_register_long, lwz

        .macro  register_store name, label, instruction
        code    "\name", \label
        lwz     r4, 0(DS)
        lwz     r3, 4(DS)
        \instruction r3, 0(r4)
        eieio
        addi    DS, DS, 8
        blr
        .endm

        register_store "rb!", store_register_byte, stb
        register_store "rw!", store_register_word, sth
        register_store "rl!", store_register_long, stw

# 2@ ( addr -- x1 x2 ) x2 is at addr
        code    "2@", two_fetch
        lwz     r5, 0(DS)
        lwz     r3, 4(r5)
        lwz     r4, 0(r5)
        result  r3
        push    r4
        blr

# 2! ( x1 x2 addr -- )
        code    "2!", two_store
        lwz     r5, 0(DS)
        lwz     r4, 4(DS)
        lwz     r3, 8(DS)
        stw     r3, 4(r5)
        stw     r4, 0(r5)
        addi    DS, DS, 12
        blr

# +! ( n addr -- )
        code    "+!", plus_store
        lwz     r4, 0(DS)
        lwz     r3, 4(DS)
        lwz     r5, 0(r4)
        add     r5, r5, r3
        stw     r5, 0(r4)
        addi    DS, DS, 8
        blr

# move ( from to len -- ) By bytes, in the direction that is safe where the areas overlap.
        code    "move", move
        lwz     r5, 0(DS)
        lwz     r4, 4(DS)
        lwz     r3, 8(DS)
        addi    DS, DS, 12
        cmpwi   r5, 0
        beqlr
        blt     not_a_length
        subf.   r6, r3, r4
        beqlr                           # it is there already
        cmplw   r6, r5
        blt     move_down
        b       move_up

# cmove ( from to len -- )                      ANS 17.6.1.0910
        code    "cmove", cmove
        lwz     r5, 0(DS)
        lwz     r4, 4(DS)
        lwz     r3, 8(DS)
        addi    DS, DS, 12
        cmpwi   r5, 0
        beqlr
        blt     not_a_length
move_up:
        or      r6, r3, r4              # whole words where everything is aligned
        or      r6, r6, r5
        andi.   r6, r6, 3
        bne     2f
        subf    r6, r3, r4              # and a word is not its own source
        cmplwi  r6, 4
        blt     2f
        srwi    r5, r5, 2
        mtctr   r5
        subi    r3, r3, 4
        subi    r4, r4, 4
1:      lwzu    r6, 4(r3)
        stwu    r6, 4(r4)
        bdnz    1b
        blr
2:      mtctr   r5
        subi    r3, r3, 1
        subi    r4, r4, 1
3:      lbzu    r6, 1(r3)
        stbu    r6, 1(r4)
        bdnz    3b
        blr

# cmove> ( from to len -- )                     ANS 17.6.1.0920
        code    "cmove>", cmove_up
        lwz     r5, 0(DS)
        lwz     r4, 4(DS)
        lwz     r3, 8(DS)
        addi    DS, DS, 12
        cmpwi   r5, 0
        beqlr
        blt     not_a_length
move_down:
        mtctr   r5
        add     r3, r3, r5
        add     r4, r4, r5
1:      lbzu    r6, -1(r3)
        stbu    r6, -1(r4)
        bdnz    1b
        blr

# fill ( addr len byte -- )
        code    "fill", fill
        lwz     r5, 0(DS)
        lwz     r4, 4(DS)
        lwz     r3, 8(DS)
        addi    DS, DS, 12
        cmpwi   r4, 0
        beqlr
        blt     not_a_length
        or      r6, r3, r4              # whole words where both are aligned
        andi.   r6, r6, 3
        bne     2f
        rlwimi  r5, r5, 8, 16, 23       # the byte four times
        rlwimi  r5, r5, 16, 0, 15
        srwi    r4, r4, 2
        mtctr   r4
        subi    r3, r3, 4
1:      stwu    r5, 4(r3)
        bdnz    1b
        blr
2:      mtctr   r4
        subi    r3, r3, 1
3:      stbu    r5, 1(r3)
        bdnz    3b
        blr

# No memory has 2 GB. A negative number is a mistake, which must not fill all there is.
not_a_length:
        li      r3, THROW_RANGE
        b       throw_code

# Little-endian numbers in memory, as PC disks have them.
# le-w@ ( addr -- w )
        code    "le-w@", fetch_little_word
        lwz     r3, 0(DS)
        lhbrx   r3, 0, r3
        result  r3
        blr

# le-l@ ( addr -- l )
        code    "le-l@", fetch_little_long
        lwz     r3, 0(DS)
        lwbrx   r3, 0, r3
        result  r3
        blr

# Many accesses to one device register, each done before the next.
# port>memory ( port addr n -- ) Read n longs.
        code    "port>memory", port_to_memory
        lwz     r5, 0(DS)
        lwz     r4, 4(DS)
        lwz     r3, 8(DS)
        addi    DS, DS, 12
        cmpwi   r5, 0
        beqlr
        mtctr   r5
        subi    r4, r4, 4
1:      lwz     r6, 0(r3)
        eieio
        stwu    r6, 4(r4)
        bdnz    1b
        blr

# memory>port ( addr port n -- ) Write n longs.
        code    "memory>port", memory_to_port
        lwz     r5, 0(DS)
        lwz     r4, 4(DS)
        lwz     r3, 8(DS)
        addi    DS, DS, 12
        cmpwi   r5, 0
        beqlr
        mtctr   r5
        subi    r3, r3, 4
1:      lwzu    r6, 4(r3)
        stw     r6, 0(r4)
        eieio
        bdnz    1b
        blr
