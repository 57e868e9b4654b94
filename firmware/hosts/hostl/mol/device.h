/* The calls that the current process, an owner, makes of MOL: behind a device file or a port. */
#ifndef DEVICE_H
#define DEVICE_H

int owner_call(u32 number, struct mol_ioctl_pb *pb);
void owner_gone(void);
u32 owner_registers(u32 size);          /* physical address, or 0 */

#endif
