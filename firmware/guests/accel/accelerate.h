/* Where the guest wants what MOL offers: below 32 KB, where a load without a base register reaches its
 * registers, in translated as in real mode. */
#ifndef ACCELERATE_H
#define ACCELERATE_H

#define SLOTS_PAGE 0x5000
#define MREGS_PAGE 0x6000

#endif
