/* How the program mol reaches the kernel part (point i). */
#ifndef INTERFACE_H
#define INTERFACE_H

/* The letters are those of the command line. 0: the kernel part is not there. */
int open_interface(const char *letters);

#endif
