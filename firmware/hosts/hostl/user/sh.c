/* The shell: a command a line, with `&` behind it in the background. */
#include "user.h"

struct command { const char *name; int (*run)(char *argument); const char *help; };

static int run_help(char *argument);

static int run_kill(char *argument) { return kill(number_of(argument)); }
static int run_insmod(char *argument) { return module(argument, 1); }
static int run_rmmod(char *argument) { return module(argument, 0); }
static int run_halt(char *argument) { (void)argument; halt(); return 0; }

static int run_sleep(char *argument)
{
    sleep(number_of(argument));
    return 0;
}

static const struct command commands[] = {
    { "help", run_help, "this list; every other command is a file of the archive: ls" },
    { "kill", run_kill, "PID: end a process" },
    { "sleep", run_sleep, "TICKS" },
    { "insmod", run_insmod, "NAME: put a module into the kernel" },
    { "rmmod", run_rmmod, "NAME: take it out" },
    { "halt", run_halt, "stop the machine" },
};

static int run_help(char *argument)
{
    (void)argument;
    for (u32 n = 0; n < COUNT(commands); n++)
        printf("%-8s %s\n", commands[n].name, commands[n].help);
    return 0;
}

/* What is behind the first word, which becomes a string of its own. */
static char *split(char *line)
{
    while (*line && *line != ' ')
        line++;
    while (*line == ' ')
        *line++ = 0;
    return line;
}

static int ends_with_ampersand(char *line)
{
    u32 length = strlen(line);
    while (length && line[length - 1] == ' ')
        line[--length] = 0;
    if (!length || line[length - 1] != '&')
        return 0;
    line[length - 1] = 0;
    while (--length && line[length - 1] == ' ')
        line[length - 1] = 0;
    return 1;
}

static void run_program(char *line)
{
    char name[32];
    int background = ends_with_ampersand(line), status = 0, pid;
    strcopy(name, line, sizeof name);
    split(name);
    pid = fork();
    if (pid == 0) {
        if (exec(name, line) < 0)
            printf("%s: not found\n", name);
        exit(127);
    }
    if (pid < 0) {
        printf("%s: no more processes\n", name);
        return;
    }
    if (background) {
        printf("[%d]\n", pid);
        return;
    }
    while (wait(&status) != pid)
        ;
    if (status)
        printf("%s: status %d\n", name, status);
}

static void run_line(char *line)
{
    char words[128];
    strcopy(words, line, sizeof words);
    char *argument = split(words);
    for (u32 n = 0; n < COUNT(commands); n++)
        if (!strcmp(words, commands[n].name)) {
            if (commands[n].run(argument) < 0)
                printf("%s: failed\n", words);
            return;
        }
    run_program(line);
}

int main(int argc, char **argv)
{
    char line[128];
    (void)argc, (void)argv;
    for (;;) {
        ioctl(0, CONSOLE_RAW, NULL);    /* whatever the last program has left */
        printf("$ ");
        if (get_line(line, sizeof line))
            run_line(line);
    }
}
