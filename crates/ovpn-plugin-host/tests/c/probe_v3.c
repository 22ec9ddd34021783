/* A plugin of the newest interface: reports what the host's functions do. Built with -DMASK=... and the like. */
#include <openvpn/openvpn-plugin.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MASK
#define MASK OPENVPN_PLUGIN_MASK(OPENVPN_PLUGIN_AUTH_USER_PASS_VERIFY)
#endif
#ifndef HANDLE
#define HANDLE (&state)
#endif

int state;
static struct openvpn_plugin_callbacks host;
#define LOG(flags, ...) host.plugin_log(flags, "C-PROBE", __VA_ARGS__)

#ifdef MIN_VERSION
int openvpn_plugin_min_version_required_v1(void)
{
    return MIN_VERSION;
}
#endif

int openvpn_plugin_open_v3(const int version, struct openvpn_plugin_args_open_in const *in,
                           struct openvpn_plugin_args_open_return *out)
{
    (void)version;
    host = *in->callbacks;
    out->type_mask = MASK;
    out->handle = HANDLE;
    return OPENVPN_PLUGIN_FUNC_SUCCESS;
}

static void vlog(int flags, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    host.plugin_vlog(flags, "C-PROBE", format, arguments);
    va_end(arguments);
}

static void log_in_child(void)
{
    pid_t child = fork();
    if (child == 0)
    {
        for (int fd = 0; fd < 1024; fd++)
        {
            close(fd);
        }
        LOG(PLOG_NOTE, "from a child without descriptors");
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static void try_functions(void)
{
    char secret[8] = "secret!";
    host.plugin_secure_memzero(secret, sizeof(secret));
    char *text = NULL;
    int encoded = host.plugin_base64_encode("hello", 5, &text);
    LOG(PLOG_NOTE, "wiped %d, encoded %d %s", memcmp(secret, "\0\0\0\0\0\0\0", 8) == 0, encoded, text);
    free(text);
    char buffer[5];
    int fits = host.plugin_base64_decode("aGVsbG8=", buffer, 5);
    LOG(PLOG_NOTE, "decoded %d %.5s, too small %d, bad %d", fits, buffer,
        host.plugin_base64_decode("aGVsbG8=", buffer, 4), host.plugin_base64_decode("aGV", buffer, 5));
}

int openvpn_plugin_func_v3(const int version, struct openvpn_plugin_args_func_in const *in,
                           struct openvpn_plugin_args_func_return *out)
{
    (void)version;
    LOG(PLOG_DEBUG, "event %d, words %s %s, first variable %s", in->type, in->argv[0],
        in->argv[1] ? in->argv[1] : "-", in->envp[0] ? in->envp[0] : "-");
    errno = EACCES;
    vlog(PLOG_WARN | PLOG_ERRNO, "line %d\nand %s", 1, "another");
    log_in_child();
    try_functions();
    struct openvpn_plugin_string_list *node = malloc(sizeof(*node));
    node->next = NULL;
    node->name = strdup("config");
    node->value = strdup("push \"x\"");
    *out->return_list = node;
    return 17;
}

void openvpn_plugin_close_v1(openvpn_plugin_handle_t handle)
{
    (void)handle;
}
