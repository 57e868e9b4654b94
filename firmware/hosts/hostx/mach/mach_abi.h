/* What the kernel and its programs agree on about ports and messages: names and numbers are Mach's.
 *
 * A trap is a system call with a negative number. mach_msg has its message in r3, options in r4, room
 * for the answer in r5, the name of the receive right in r6; its result is a Mach error code.
 */
#ifndef MACH_ABI_H
#define MACH_ABI_H

enum mach_trap { TRAP_REPLY_PORT = -26, TRAP_TASK_SELF = -28, TRAP_MACH_MSG = -31 };
enum mach_option { MACH_SEND_MSG = 1, MACH_RCV_MSG = 2 };

/* What happens to a right that a message carries. */
enum disposition {
    MOVE_RECEIVE = 16, MOVE_SEND = 17, MOVE_SEND_ONCE = 18, COPY_SEND = 19, MAKE_SEND = 20,
    MAKE_SEND_ONCE = 21,
};

enum mach_error {
    MACH_OK = 0, SEND_INVALID_DATA = 0x10000002, SEND_INVALID_DEST = 0x10000003,
    SEND_INVALID_RIGHT = 0x10000007, SEND_NO_BUFFER = 0x1000000D, SEND_TOO_LARGE = 0x10000004,
    RCV_INVALID_NAME = 0x10004002, RCV_TOO_LARGE = 0x10004004, RCV_INTERRUPTED = 0x10004005,
    RCV_INVALID_DATA = 0x10004008,
};

#define MSG_WORDS 32

/* bits: disposition of remote, and of local in the next byte. Who receives finds the right to answer
 * with in remote, and the name that it has received from in local. */
struct mach_header { unsigned bits, size, remote, local, reserved; int id; };

/* port and disposition: one more right; disposition 0: none. */
struct mach_message {
    struct mach_header header;
    unsigned port, disposition;
    unsigned body[MSG_WORDS];
};
#define MSG_FIXED (sizeof(struct mach_message) - MSG_WORDS * sizeof(unsigned))

/* Services of the kernel, by messages to the port that task_self gives: the body is a name. A program
 * registers the port of its message, or gets a send right in the answer. */
#define SERVICE_LOOKUP   1
#define SERVICE_REGISTER 2
#define SERVICE_NAME     24

#endif
