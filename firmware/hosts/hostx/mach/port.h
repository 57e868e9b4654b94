/* Ports, rights, messages inside the kernel. */
#ifndef PORT_H
#define PORT_H

#include "kernel.h"
#include "mach_abi.h"

enum right_kind { NO_RIGHT, RIGHT_RECEIVE, RIGHT_SEND, RIGHT_SEND_ONCE };

struct message;

/* A queue of messages. Only one process has the receive right; a port without one is dead. A port of
 * the kernel has a function instead: it turns a message into its answer. */
struct port {
    u32 references;                     /* rights, wherever they are; 0: the port is free */
    int alive;
    void (*object)(struct message *message);
    void (*gone)(void);                 /* of the kernel: a process with a right to it ends */
    struct message *first;              /* the queue */
};

/* A right on its way. */
struct carried { struct port *port; enum right_kind kind; };

struct message {
    struct message *next;
    struct carried remote, local, more;
    int id;
    u32 words, used;
    u32 body[MSG_WORDS];
};

/* port.c */
struct port *port_new(void (*object)(struct message *message));
void port_drop(struct carried *right);
u32 name_add(struct carried right);
struct port *name_find(u32 name, enum right_kind kind);
int name_use(u32 name, enum disposition disposition, struct carried *right);
void names_drop(struct proc *p);

/* message.c */
int mach_msg(u32 address, u32 options, u32 room, u32 receive);
void message_free(struct message *m);

/* service.c */
u32 task_self(void);
int service_register(const char *name, struct port *port);
void service_unregister(const char *name);

#endif
