/*
 * OpenVPN's plugin interface (version 3, struct version 5) as it is on 64-bit Windows, written down here once more and
 * not taken from where the SDK has it, so that the two can disagree.
 */
#ifndef HOST_H
#define HOST_H

#include <stdarg.h>
#include <stddef.h>

enum
{
    CLIENT_AUTH = 5, /* AUTH_USER_PASS_VERIFY */
    SUCCESS = 0,
    FAILURE = 1,
    LOG_ERROR = 1,
    LOG_WARNING = 2,
    LOG_NOTICE = 4
};

struct callbacks
{
    void (*log)(int flags, const char *name, const char *format, ...);
    void (*vlog)(int flags, const char *name, const char *format, va_list arguments);
    void (*wipe)(void *data, size_t length);
    int (*base64_encode)(const void *data, int size, char **text);
    int (*base64_decode)(const char *text, void *data, int size);
};

struct open_arguments
{
    int type_mask;
    const char **argv;
    const char **envp;
    struct callbacks *callbacks;
    int ssl_api;
    const char *version;
    unsigned int major;
    unsigned int minor;
    const char *patch;
};

struct open_result
{
    int type_mask;
    void *handle;
    void **list;
};

struct event_arguments
{
    int type;
    const char **argv;
    const char **envp;
    void *handle;
    void *client;
    int certificate_depth;
    void *certificate;
};

struct event_result
{
    void **list;
};

/* LLP64: pointers have 8 bytes, long has 4. */
_Static_assert(sizeof(void *) == 8 && sizeof(long) == 4 && sizeof(int) == 4, "64-bit Windows");
_Static_assert(sizeof(struct callbacks) == 40, "callbacks");
_Static_assert(sizeof(struct open_arguments) == 64, "open arguments");
_Static_assert(sizeof(struct open_result) == 24, "open result");
_Static_assert(sizeof(struct event_arguments) == 56, "event arguments");
_Static_assert(sizeof(struct event_result) == 8, "event result");

typedef int (*open_function)(int version, const struct open_arguments *, struct open_result *);
typedef int (*event_function)(int version, const struct event_arguments *, struct event_result *);
typedef void (*close_function)(void *handle);
typedef void *(*constructor_function)(void *handle);
typedef void (*destructor_function)(void *handle, void *client);

#endif
