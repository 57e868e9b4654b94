/* The counters of a session, under MOL's names where MOL has them: COUNTER(name). */
COUNTER(vsid_found)             /* mtsr of a guest VSID that has a record */
COUNTER(vsid_missing)
COUNTER(mtsr_)
COUNTER(mfsr_)
COUNTER(emulate_mfspr)
COUNTER(emulate_mtspr)
COUNTER(emulate_mtmsr)
COUNTER(emulate_mfmsr)
COUNTER(rfi)
COUNTER(tlbie)
COUNTER(emuaccel)               /* fetches from the page of slots, in place of program exceptions */
COUNTER(MMU_change)             /* another of [PR IR DR] */
COUNTER(decode_priv_inst)
COUNTER(split_prepared)
COUNTER(splitm_access)          /* loads and stores that C makes in split mode */
COUNTER(pt_intercept_taken)     /* stores to PTEs that are in use */
COUNTER(pt_intercept_not_taken)
COUNTER(dec_read)
COUNTER(mtdec)
COUNTER(DEC_exception)          /* decrementer exceptions of the guest */
COUNTER(Timer_interrupt)
COUNTER(host_interrupt)         /* interrupts of the host in the guest */
COUNTER(enable_fpu)
COUNTER(mac_trap)               /* exceptions of the guest, delivered in assembly */
COUNTER(osi_syscall)
COUNTER(io_read_write)
COUNTER(secondary)              /* faults inside the handlers */
COUNTER(dsi)                    /* from here on counted by C */
COUNTER(isi)
COUNTER(page_fault_ctr)         /* shadow PTEs made */
COUNTER(mac_page_fault)         /* DSIs and ISIs of the guest */
COUNTER(page_missing)           /* pages of the owner that had to be paged in */
COUNTER(pages_touched)          /* by the user part (OPTION_TOUCH) */
COUNTER(fix_sr)
COUNTER(do_flush)
COUNTER(block_destroyed_ctr)
COUNTER(do_intercept_tlbie)
COUNTER(do_mtsdr1)
COUNTER(do_mtbat)
COUNTER(segment_divided)        /* BATs map a page differently for loads and fetches */
COUNTER(clear_all_vsids)
COUNTER(vsid_reclaim)
COUNTER(pte_reused)             /* a record met again: its PTE had been evicted, or is upgraded */
COUNTER(pte_evicted)            /* valid PTEs of anybody that were overwritten */
COUNTER(ptes_zeroed)
COUNTER(reservation_lost)
COUNTER(context_wrap)
COUNTER(vsid_lost)              /* records whose place in KVM-PR's map another one has got */
COUNTER(bad_sdr1)
COUNTER(memory_forced_segment)
COUNTER(kernel_calls)
