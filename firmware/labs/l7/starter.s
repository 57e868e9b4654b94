# page_fault: called by the handler of DSI, translation off. r3 = DAR, r4 = DSISR. All registers
# are saved and free; r1 is a stack. It maps the page, and returns.

        .globl  page_fault
page_fault:
        blr
