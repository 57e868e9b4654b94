/* ports: a server that adds, and its clients; rights that are refused; what a dead port does. */
#include "mach.h"

#define CLIENTS 3
#define REQUESTS 20

static int bad;

static void expect(const char *what, u32 found, u32 wanted)
{
    if (found == wanted)
        return;
    bad = 1;
    printf("ports: %s: %x, not %x\n", what, found, wanted);
}

/* Answers until a message with id 0 comes. */
static void serve(u32 port)
{
    struct mach_message m;
    while (mach_msg(&m, MACH_RCV_MSG, port) == MACH_OK && m.header.id) {
        m.body[0] += m.body[1];
        m.header.bits = m.header.bits & 0xFF;
        mach_msg(&m, MACH_SEND_MSG, 0);
    }
}

static int ask(u32 service, u32 reply, u32 a, u32 b, u32 *sum)
{
    struct mach_message m = {
        .header = { COPY_SEND | MAKE_SEND_ONCE << 8, MSG_FIXED + 8, service, reply, 0, 1 },
        .body = { a, b },
    };
    int error = mach_msg(&m, MACH_SEND_MSG | MACH_RCV_MSG, reply);
    *sum = m.body[0];
    return error;
}

static void client(u32 number)
{
    u32 service, reply = mach_reply_port(), sum;
    while (!(service = mach_service(SERVICE_LOOKUP, "adder", 0)))
        yield();
    for (u32 n = 0; n < REQUESTS; n++) {
        expect("error", ask(service, reply, number << 16, n, &sum), MACH_OK);
        expect("sum", sum, (number << 16) + n);
    }
    exit(bad);
}

/* A name without the right that is asked for. */
static void refusals(void)
{
    u32 port = mach_reply_port(), sum;
    struct mach_message m = { .header = { COPY_SEND, MSG_FIXED, port, 0, 0, 1 } };
    expect("send by a receive right", mach_msg(&m, MACH_SEND_MSG, 0), SEND_INVALID_DEST);
    m.header.bits = MAKE_SEND | MOVE_SEND << 8;
    m.header.local = 0x777;
    expect("a reply port that is none", mach_msg(&m, MACH_SEND_MSG, 0), SEND_INVALID_RIGHT);
    m.header.bits = MAKE_SEND;
    m.header.size = 0x10000;
    expect("a large message", mach_msg(&m, MACH_SEND_MSG, 0), SEND_TOO_LARGE);
    m.header.size = 8;
    expect("a small message", mach_msg(&m, MACH_SEND_MSG, 0), SEND_INVALID_DATA);
    expect("receive by a send right", mach_msg(&m, MACH_RCV_MSG, mach_task_self()),
           RCV_INVALID_NAME);
    expect("memory of the kernel", mach_msg((void *)0xC0003000, MACH_SEND_MSG, 0),
           SEND_INVALID_DATA);
    expect("memory that is none", mach_msg(NULL, MACH_SEND_MSG, 0), SEND_INVALID_DATA);
    expect("a service that is none", mach_service(SERVICE_LOOKUP, "nothing", 0), 0);
    expect("a name twice", mach_service(SERVICE_REGISTER, "adder", port), 0);
    expect("a send-once right", ask(mach_service(SERVICE_LOOKUP, "none", 0), port, 1, 2, &sum),
           SEND_INVALID_DEST);
}

int main(int argc, char **argv)
{
    u32 port = mach_reply_port(), sum;
    (void)argc, (void)argv;
    set_self(0x12345678);
    int server = fork();
    if (server == 0) {                  /* rights are not inherited */
        port = mach_reply_port();
        set_self(99);
        mach_service(SERVICE_REGISTER, "adder", port);
        serve(port);
        exit(get_self() != 99);
    }
    for (u32 n = 1; n <= CLIENTS; n++)
        if (fork() == 0)
            client(n);
    int status;
    for (u32 n = 0; n < CLIENTS; n++) {
        wait(&status);
        bad |= status;
    }
    refusals();
    u32 service = mach_service(SERVICE_LOOKUP, "adder", 0);
    struct mach_message stop = { .header = { COPY_SEND, MSG_FIXED, service, 0, 0, 0 } };
    mach_msg(&stop, MACH_SEND_MSG, 0);
    wait(&status);
    expect("server", status, 0);
    expect("a dead port", ask(service, port, 1, 2, &sum), SEND_INVALID_DEST);
    expect("a dead service", mach_service(SERVICE_LOOKUP, "adder", 0), 0);
    expect("self", get_self(), 0x12345678);
    printf(bad ? "ports: BAD\n" : "ports: ok\n");
    return bad;
}
