/* Offsets of the guest's registers. */
#include "gpr.h"

#define GPR(number) (xGPR + 4 * (number))
#define SPR(number) (xSPR + 4 * (number))
