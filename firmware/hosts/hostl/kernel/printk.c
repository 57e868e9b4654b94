/* The kernel's messages, and its end. */
#include "kernel.h"

void printk(const char *text, ...)
{
    va_list values;
    va_start(values, text);
    format(uart_put, text, values);
    va_end(values);
}

void panic(const char *text, ...)
{
    va_list values;
    irq_save();
    printk("panic: ");
    va_start(values, text);
    format(uart_put, text, values);
    va_end(values);
    printk("\n");
    for (;;)
        ;
}
