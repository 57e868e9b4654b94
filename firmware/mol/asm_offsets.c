/* Offsets and numbers for assembly: the build takes the texts "->NAME value" from the compiler's
 * output and makes offsets.h of them (image.py). */
#include "kvars.h"

#define NUMBER(name, value) asm volatile(".ascii \"->" #name " %0\"" : : "i"(value))
#define OFFSET(name, field) NUMBER(name, __builtin_offsetof(struct kernel_vars, field))

void offsets(void)
{
    OFFSET(xSPR, mregs.spr);
    OFFSET(xGPR, mregs.gpr);
    OFFSET(xSEGR, mregs.segr);
    OFFSET(xCR, mregs.cr);
    OFFSET(xLR, mregs.lr);
    OFFSET(xCTR, mregs.ctr);
    OFFSET(xXER, mregs.xer);
    OFFSET(xNIP, mregs.nip);
    OFFSET(xMSR, mregs.msr);
    OFFSET(xINST_OPCODE, mregs.inst_opcode);
    OFFSET(xRVEC_PARAM, mregs.rvec_param);
    OFFSET(xDEC_STAMP, mregs.dec_stamp);
    OFFSET(xDEC_ARMED, mregs.dec_armed);
    OFFSET(xDEC_PENDING, mregs.dec_pending);
    OFFSET(xTIMER_STAMP, mregs.timer_stamp);
    OFFSET(xTIMER_ARMED, mregs.timer_armed);
    OFFSET(xINTERRUPT, mregs.interrupt);
    OFFSET(xTRACE, mregs.trace);
    OFFSET(xIN_GUEST, mregs.in_guest);
    OFFSET(xEXIT_REQUEST, mregs.exit_request);
    OFFSET(xFP_VALUE, mregs.fp_value);
    OFFSET(xSR, sr);
    OFFSET(xSPLIT_SR, split_sr);
    OFFSET(xILLEGAL_SR, illegal_sr);
    OFFSET(xKNOWN_MODE, known_mode);
    OFFSET(xSPLIT_SEGMENT, split_segment);
    OFFSET(xDIVIDED, divided);
    OFFSET(xBAT_SEGMENTS, bat_segments);
    OFFSET(xVSID_HASH, vsid_hash);
    OFFSET(xEMULATOR_SR, emulator_sr);
    OFFSET(xEMULATOR_BAT, emulator_bat);
    OFFSET(xEMULATOR_SPRG2, emulator_sprg2);
    OFFSET(xEMULATOR_SPRG3, emulator_sprg3);
    OFFSET(xEMULATOR_SDR1, emulator_sdr1);
    OFFSET(xEMULATOR_NIP, emulator_nip);
    OFFSET(xEMULATOR_MSR, emulator_msr);
    OFFSET(xEMULATOR_R1, emulator_r1);
    OFFSET(xEMULATOR_DEC_STAMP, emulator_dec_stamp);
    OFFSET(xSDR1, sdr1);
    OFFSET(xMSR_PASS, msr_pass);
    OFFSET(xKERNEL_CALL, kernel_call);
    OFFSET(xWANTED_CALL, wanted_call);
    OFFSET(xCALL_ARGUMENT, call_argument);
    OFFSET(xKVARS_VIRTUAL, kvars_virtual);
    OFFSET(xPTHASH_SR, pthash_sr);
    OFFSET(xPTHASH_EA_BASE, pthash_ea_base);
    OFFSET(xPTHASH_MASK, pthash_mask);
    OFFSET(xPTHASH_INUSE, pthash_inuse_phys);
    OFFSET(xSLOTS, slots_phys);
    OFFSET(xSLOTS_EA, slots_ea);
    OFFSET(xSLOTS_SR, slots_sr);
    OFFSET(xRESERVED, reserved);
    OFFSET(xSCRATCH, scratch);
    OFFSET(xSECONDARY, secondary);
    OFFSET(xIO_CACHE, io_cache);
    OFFSET(xCOUNTER, counter);
    OFFSET(xPRIVATE_HASH, option[OPTION_PRIVATE_HASH]);
    OFFSET(xTLBIE_FLUSHES, option[OPTION_TLBIE_FLUSHES]);
    OFFSET(xVSID_MAP, option[OPTION_VSID_MAP]);
    OFFSET(xSPACES, spaces);
    OFFSET(xSPACES_ASKED, spaces_asked);
    OFFSET(xMODE_FLUSHES, option[OPTION_MODE_FLUSHES]);
    OFFSET(xCALL_BY_USER, option[OPTION_CALL_BY_USER]);
    OFFSET(xSPR_HOOK, spr_hook);
    OFFSET(xOWNER, owner);
    OFFSET(xRAM, block[0]);
    NUMBER(IO_COOKIE, __builtin_offsetof(struct io_page, cookie));
    NUMBER(IO_MPHYS, __builtin_offsetof(struct io_page, mphys));
    NUMBER(SLOT_READ, __builtin_offsetof(struct slot, read));
    NUMBER(SLOT_HANDLER, __builtin_offsetof(struct slot, handler));
    NUMBER(SLOT_OPERAND, __builtin_offsetof(struct slot, operand));
    NUMBER(SLOT_NIP, __builtin_offsetof(struct slot, nip));
    OFFSET(UNMAPPED_SR, sr[UNMAPPED_SR]);
    OFFSET(SV_DATA_SR, sr[SV_DATA_SR]);
    OFFSET(SV_INST_SR, sr[SV_INST_SR]);
    OFFSET(USER_DATA_SR, sr[USER_DATA_SR]);
    OFFSET(USER_INST_SR, sr[USER_INST_SR]);
    NUMBER(SR_WORDS, SR_TABLES * 16);
    NUMBER(CALL_DSI, CALL_DSI);
    NUMBER(CALL_ISI, CALL_ISI);
    NUMBER(CALL_PRIV_INST, CALL_PRIV_INST);
    NUMBER(CALL_SPR_WRITE, CALL_SPR_WRITE);
    NUMBER(CALL_ACCESS, CALL_ACCESS);
    NUMBER(CALL_SPLIT, CALL_SPLIT);
    NUMBER(CALL_SEGMENT, CALL_SEGMENT);
    NUMBER(HOOK_READ, HOOK_READ);
    NUMBER(HOOK_WRITE, HOOK_WRITE);
    NUMBER(HOOK_SPECIAL, HOOK_SPECIAL);
    NUMBER(HOOK_C, HOOK_C);
    NUMBER(HOOK_IGNORE, HOOK_IGNORE);
    NUMBER(KVARS_SIZE, sizeof(struct kernel_vars));
#define COUNTER(name) NUMBER(C_##name, 4 * C_##name);
#include "counters.h"
#undef COUNTER
    /* The only one that the user part counts. */
    NUMBER(C_doze_ticks, (int)__builtin_offsetof(struct kernel_vars, mregs.doze_ticks)
                         - (int)__builtin_offsetof(struct kernel_vars, counter));
}
