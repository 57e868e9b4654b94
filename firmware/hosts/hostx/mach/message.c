/* mach_msg: a message goes to a port, and one is received. The kernel copies both. */
#include "port.h"

#define MESSAGES 32
#define QUEUE 5                         /* messages of a port, until its senders wait */

static struct message messages[MESSAGES];

static struct message *message_new(void)
{
    for (struct message *m = messages; m < messages + MESSAGES; m++)
        if (!m->used) {
            *m = (struct message){ .used = 1 };
            return m;
        }
    return NULL;
}

void message_free(struct message *m)
{
    port_drop(&m->remote);
    port_drop(&m->local);
    port_drop(&m->more);
    m->used = 0;
}

static u32 queued(const struct port *port)
{
    u32 count = 0;
    for (const struct message *m = port->first; m; m = m->next)
        count++;
    return count;
}

/* To its remote port. A port of the kernel turns it into the answer, which goes on to where the sender
 * wants it. Messages to dead ports vanish. */
static int deliver(struct message *m)
{
    struct port *port = m->remote.port;
    if (port->object) {
        port->object(m);
        port_drop(&m->remote);
        m->remote = m->local;
        m->local = (struct carried){ NULL, NO_RIGHT };
        port = m->remote.port;
    }
    if (!port || !port->alive) {
        message_free(m);
        return MACH_OK;
    }
    while (queued(port) >= QUEUE && port->alive && !current()->killed)
        sleep_on(port, 0);
    struct message **end = &port->first;
    while (*end)
        end = &(*end)->next;
    *end = m;
    wakeup(port);
    return MACH_OK;
}

/* The rights of a message: where it goes, where the answer goes, one more. */
static int take_rights(const struct mach_message *from, struct message *m)
{
    const struct mach_header *h = &from->header;
    u32 remote = h->bits & 0xFF, local = h->bits >> 8 & 0xFF;
    if (!name_use(h->remote, remote, &m->remote) || m->remote.kind == RIGHT_RECEIVE
        || !m->remote.port->alive)
        return SEND_INVALID_DEST;
    if (local && !name_use(h->local, local, &m->local))
        return SEND_INVALID_RIGHT;
    if (from->disposition && !name_use(from->port, from->disposition, &m->more))
        return SEND_INVALID_RIGHT;
    return MACH_OK;
}

static int send(u32 address)
{
    struct mach_message from;
    if (!copy_in(&from, address, MSG_FIXED))
        return SEND_INVALID_DATA;
    u32 size = from.header.size;
    if (size < MSG_FIXED || size % 4)
        return SEND_INVALID_DATA;
    if (size > sizeof from)
        return SEND_TOO_LARGE;
    if (!copy_in(from.body, address + MSG_FIXED, size - MSG_FIXED))
        return SEND_INVALID_DATA;
    struct message *m = message_new();
    if (!m)
        return SEND_NO_BUFFER;
    m->id = from.header.id;
    m->words = (size - MSG_FIXED) / 4;
    memcpy(m->body, from.body, size - MSG_FIXED);
    int error = take_rights(&from, m);
    if (error) {
        message_free(m);
        return error;
    }
    return deliver(m);
}

/* A right becomes a name of the receiver, and is the message's no longer. */
static u32 give(struct carried *right)
{
    u32 name = right->port ? name_add(*right) : 0;
    if (name)
        *right = (struct carried){ NULL, NO_RIGHT };
    return name;
}

static int receive(u32 address, u32 room, u32 name)
{
    struct port *port = name_find(name, RIGHT_RECEIVE);
    if (!port)
        return RCV_INVALID_NAME;
    while (!port->first) {
        if (current()->killed)
            return RCV_INTERRUPTED;
        sleep_on(port, 0);
    }
    struct message *m = port->first;
    struct mach_message to;
    u32 size = MSG_FIXED + m->words * 4;
    if (size > room)
        return RCV_TOO_LARGE;
    if (!user_range(address, size, 1))
        return RCV_INVALID_DATA;
    port->first = m->next;
    wakeup(port);
    u32 kind = m->local.kind == RIGHT_SEND ? MOVE_SEND : m->local.kind ? MOVE_SEND_ONCE : 0;
    u32 more = m->more.port ? MOVE_RECEIVE + m->more.kind - RIGHT_RECEIVE : 0;
    to.header = (struct mach_header){ kind, size, give(&m->local), name, 0, m->id };
    to.port = give(&m->more);
    to.disposition = more;
    memcpy(to.body, m->body, m->words * 4);
    message_free(m);
    return copy_out(address, &to, size) ? MACH_OK : RCV_INVALID_DATA;
}

int mach_msg(u32 address, u32 options, u32 room, u32 name)
{
    int error = options & MACH_SEND_MSG ? send(address) : MACH_OK;
    if (!error && options & MACH_RCV_MSG)
        error = receive(address, room, name);
    return error;
}
