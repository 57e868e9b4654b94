# Empty both caches, then turn them on.
turn_caches_on:
        mfspr   r3, hid0
        ori     r4, r3, HID0_ICE | HID0_DCE | HID0_ICFI | HID0_DCFI
        ori     r3, r3, HID0_ICE | HID0_DCE
        isync
        mtspr   hid0, r4
        mtspr   hid0, r3
        isync
        blr
