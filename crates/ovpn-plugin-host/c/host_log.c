/*
 * The log functions handed to plugins. Variable arguments cannot be received in Rust, so this part is C.
 *
 * A plugin gets no context with its log function, so there are SLOTS functions, one for each plugin that is loaded at
 * the same time, each with its own log file. Lines are written with one write(2) to a descriptor in append mode, so
 * those of forked children arrive whole; a child that closed or reused the descriptor opens the file again. A file that
 * has MOST_BYTES takes no more lines: a plugin that never stops to log must not fill the disk.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLOTS 64
#define PLOG_ERRNO 256
/* As large as OpenVPN's own buffer. */
#define TEXT_BYTES 10240
#define MOST_BYTES (64 << 20)
#define NO_MORE "2\tovpn-plugin\tthe log is full: further lines are lost\n"

struct slot
{
    int fd;
    dev_t device;
    ino_t inode;
    char path[4096];
    /* Flags of lines that are dropped. */
    int dropped;
    /* Lines of threads that are not the first of their process. */
    atomic_size_t of_threads;
};

static struct slot slots[SLOTS];

unsigned ovpn_host_log_slots(void)
{
    return SLOTS;
}

int ovpn_host_log_open(unsigned number, int fd, const char *path, int dropped)
{
    struct stat info;
    if (number >= SLOTS || strlen(path) >= sizeof(slots[number].path) || fstat(fd, &info) != 0)
    {
        return -1;
    }
    slots[number].fd = fd;
    slots[number].device = info.st_dev;
    slots[number].inode = info.st_ino;
    slots[number].dropped = dropped;
    atomic_store(&slots[number].of_threads, 0);
    strcpy(slots[number].path, path);
    return 0;
}

void ovpn_host_log_close(unsigned number)
{
    if (number < SLOTS)
    {
        slots[number].path[0] = 0;
    }
}

size_t ovpn_host_log_of_threads(unsigned number)
{
    return number < SLOTS ? atomic_load(&slots[number].of_threads) : 0;
}

static void write_line(const struct slot *slot, const char *line, size_t length)
{
    struct stat info;
    int fd = slot->fd;
    int opened = -1;
    if (fstat(fd, &info) != 0 || info.st_dev != slot->device || info.st_ino != slot->inode)
    {
        fd = opened = open(slot->path, O_WRONLY | O_APPEND | O_CLOEXEC);
        if (fstat(fd, &info) != 0)
        {
            info.st_size = 0;
        }
    }
    if (info.st_size < MOST_BYTES)
    {
        int is_last = info.st_size + (off_t)length >= MOST_BYTES;
        ssize_t written = write(fd, line, length);
        written = is_last ? write(fd, NO_MORE, sizeof(NO_MORE) - 1) : written;
        (void)written; /* nowhere to report it */
    }
    if (opened >= 0)
    {
        close(opened);
    }
}

static void log_line(unsigned number, int flags, const char *name, const char *format, va_list arguments)
{
    int error = errno;
    char text[TEXT_BYTES];
    char line[TEXT_BYTES + 512];
    struct slot *slot = &slots[number];
    if (syscall(SYS_gettid) != getpid())
    {
        atomic_fetch_add(&slot->of_threads, 1);
    }
    if (!slot->path[0] || !name || !name[0] || !format || (flags & slot->dropped))
    {
        return;
    }
    if (vsnprintf(text, sizeof(text), format, arguments) < 0)
    {
        return;
    }
    int length = (flags & PLOG_ERRNO) && error
        ? snprintf(line, sizeof(line) - 1, "%d\t%s\t%s: %s (errno=%d)", flags, name, text, strerror(error), error)
        : snprintf(line, sizeof(line) - 1, "%d\t%s\t%s", flags, name, text);
    if (length < 0)
    {
        return;
    }
    size_t used = (size_t)length < sizeof(line) - 1 ? (size_t)length : sizeof(line) - 2;
    line[used++] = '\n';
    write_line(slot, line, used);
    errno = error;
}

typedef void (*log_function)(int, const char *, const char *, ...);
typedef void (*vlog_function)(int, const char *, const char *, va_list);

#define FUNCTIONS(n) \
    static void log_##n(int flags, const char *name, const char *format, ...) \
    { \
        va_list arguments; \
        va_start(arguments, format); \
        log_line(0##n, flags, name, format, arguments); \
        va_end(arguments); \
    } \
    static void vlog_##n(int flags, const char *name, const char *format, va_list arguments) \
    { \
        log_line(0##n, flags, name, format, arguments); \
    }
/* The numbers are octal: 64 of them are 00 to 77. */
#define EIGHT(X, t) X(t##0) X(t##1) X(t##2) X(t##3) X(t##4) X(t##5) X(t##6) X(t##7)
#define ALL(X) \
    EIGHT(X, 0) EIGHT(X, 1) EIGHT(X, 2) EIGHT(X, 3) EIGHT(X, 4) EIGHT(X, 5) EIGHT(X, 6) EIGHT(X, 7)
ALL(FUNCTIONS)

#define LOG_NAME(n) log_##n,
#define VLOG_NAME(n) vlog_##n,
static const log_function log_functions[SLOTS] = { ALL(LOG_NAME) };
static const vlog_function vlog_functions[SLOTS] = { ALL(VLOG_NAME) };

log_function ovpn_host_log_function(unsigned number)
{
    return log_functions[number % SLOTS];
}

vlog_function ovpn_host_vlog_function(unsigned number)
{
    return vlog_functions[number % SLOTS];
}
