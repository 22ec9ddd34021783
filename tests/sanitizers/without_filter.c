/* For LD_PRELOAD: a process that may load no filter of system calls. AddressSanitizer needs calls that the helpers forbid
   themselves. They go on without a filter, as on a kernel that has none. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/prctl.h>
#include <stdarg.h>

int prctl(int option, ...)
{
    va_list list;
    va_start(list, option);
    unsigned long two = va_arg(list, unsigned long), three = va_arg(list, unsigned long);
    unsigned long four = va_arg(list, unsigned long), five = va_arg(list, unsigned long);
    va_end(list);
    if (option == PR_SET_SECCOMP) {
        errno = EINVAL;
        return -1;
    }
    int (*next)(int, ...) = (int (*)(int, ...))dlsym(RTLD_NEXT, "prctl");
    return next(option, two, three, four, five);
}
