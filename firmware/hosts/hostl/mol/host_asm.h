/* HostL for assembly (mol/host.h): linked at KERNEL_BASE, loaded at 0. */
#define HOST_VIRTUAL_BASE 0xC0000000
