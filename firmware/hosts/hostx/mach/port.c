/* Ports, and the names by which a process has rights to them. */
#include "port.h"

#define PORTS 64
#define NAMES 32                        /* rights of a process */
#define FIRST_NAME 0x103                /* names look like Mach's, and are no small numbers */
#define NAME_STEP 0x100

struct right { struct port *port; enum right_kind kind; u32 count; };

static struct port ports[PORTS];
static struct right rights[PROCESSES][NAMES];

/* With a first reference, or NULL: there are too many. */
struct port *port_new(void (*object)(struct message *message))
{
    for (struct port *port = ports; port < ports + PORTS; port++)
        if (!port->references) {
            *port = (struct port){ .references = 1, .alive = 1, .object = object };
            return port;
        }
    return NULL;
}

/* A right that no name has any more. With the receive right the port dies. */
void port_drop(struct carried *right)
{
    struct port *port = right->port;
    if (!port)
        return;
    if (right->kind == RIGHT_RECEIVE) {
        port->alive = 0;
        for (struct message *m; (m = port->first); message_free(m))
            port->first = m->next;
        wakeup(port);
    }
    port->references--;
    *right = (struct carried){ NULL, NO_RIGHT };
}

static struct right *own(void) { return rights[current() - processes]; }

static struct right *named(u32 name)
{
    u32 n = (name - FIRST_NAME) / NAME_STEP;
    return name >= FIRST_NAME && (name - FIRST_NAME) % NAME_STEP == 0 && n < NAMES
        && own()[n].kind ? &own()[n] : NULL;
}

/* The current process gets a right. Its name; 0: there are too many. Send rights to one port share a
 * name. */
u32 name_add(struct carried right)
{
    struct right *place = NULL;
    for (struct right *r = own(); r < own() + NAMES; r++) {
        if (r->kind == RIGHT_SEND && right.kind == RIGHT_SEND && r->port == right.port) {
            r->count++;
            return FIRST_NAME + (r - own()) * NAME_STEP;
        }
        if (!r->kind && !place)
            place = r;
    }
    if (!place)
        return 0;
    *place = (struct right){ right.port, right.kind, 1 };
    return FIRST_NAME + (place - own()) * NAME_STEP;
}

struct port *name_find(u32 name, enum right_kind kind)
{
    struct right *r = named(name);
    return r && r->kind == kind ? r->port : NULL;
}

/* Which right a disposition needs, and which one it makes. */
static int kinds(enum disposition disposition, enum right_kind *needed, enum right_kind *made)
{
    switch (disposition) {
    case MOVE_RECEIVE:   *needed = *made = RIGHT_RECEIVE; return 1;
    case MOVE_SEND:
    case COPY_SEND:      *needed = *made = RIGHT_SEND; return 1;
    case MOVE_SEND_ONCE: *needed = *made = RIGHT_SEND_ONCE; return 1;
    case MAKE_SEND:      *needed = RIGHT_RECEIVE; *made = RIGHT_SEND; return 1;
    case MAKE_SEND_ONCE: *needed = RIGHT_RECEIVE; *made = RIGHT_SEND_ONCE; return 1;
    }
    return 0;
}

/* Take a right out of a name, or make one from it. 0: the name has no such right. */
int name_use(u32 name, enum disposition disposition, struct carried *right)
{
    struct right *r = named(name);
    enum right_kind needed, made;
    if (!r || !kinds(disposition, &needed, &made) || r->kind != needed)
        return 0;
    *right = (struct carried){ r->port, made };
    if (disposition > MOVE_SEND_ONCE)
        r->port->references++;
    else if (--r->count == 0)
        *r = (struct right){ NULL, NO_RIGHT, 0 };
    return 1;
}

/* A process ends: all that it has. */
void names_drop(struct proc *p)
{
    for (struct right *r = rights[p - processes], *end = r + NAMES; r < end; r++) {
        if (r->kind && r->port->alive && r->port->gone)
            r->port->gone();
        for (; r->count; r->count--) {
            struct carried right = { r->port, r->kind };
            port_drop(&right);
        }
        *r = (struct right){ NULL, NO_RIGHT, 0 };
    }
}
