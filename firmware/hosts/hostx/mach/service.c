/* Ports by name: those of the kernel's services, and those that programs register. */
#include "port.h"

#define SERVICES 8

static struct service { char name[SERVICE_NAME]; struct port *port; } services[SERVICES];
static struct port *task_port;          /* the kernel's: it answers the questions about names */

static struct service *find(const char *name)
{
    for (struct service *s = services; s < services + SERVICES; s++)
        if (s->port && !strcmp(s->name, name))
            return s;
    return NULL;
}

/* The service has a reference to the port from now on. */
int service_register(const char *name, struct port *port)
{
    if (!port || find(name))
        return ERROR;
    for (struct service *s = services; s < services + SERVICES; s++)
        if (!s->port) {
            strcopy(s->name, name, SERVICE_NAME);
            s->port = port;
            port->references++;
            return 0;
        }
    return ERROR;
}

void service_unregister(const char *name)
{
    struct service *s = find(name);
    if (!s)
        return;
    struct carried right = { s->port, RIGHT_SEND };
    s->port = NULL;
    port_drop(&right);
}

/* A message about a name becomes its answer: the first word is 0 or an error. */
static void answer(struct message *m)
{
    char name[SERVICE_NAME];
    memcpy(name, m->body, sizeof name);
    name[SERVICE_NAME - 1] = 0;
    struct service *s = find(name);
    u32 error = 0;
    if (s && !s->port->alive) {
        service_unregister(name);
        s = NULL;
    }
    if (m->words * 4 < sizeof name)
        error = ERROR;
    else if (m->id == SERVICE_REGISTER)
        error = m->more.kind == RIGHT_SEND ? service_register(name, m->more.port) : ERROR;
    else if (m->id != SERVICE_LOOKUP || !s)
        error = ERROR;
    port_drop(&m->more);
    if (m->id == SERVICE_LOOKUP && !error) {
        m->more = (struct carried){ s->port, RIGHT_SEND };
        s->port->references++;
    }
    m->body[0] = error;
    m->words = 1;
}

/* The name of a send right to the kernel's port. */
u32 task_self(void)
{
    if (!task_port)
        task_port = port_new(answer);
    task_port->references++;
    return name_add((struct carried){ task_port, RIGHT_SEND });
}
