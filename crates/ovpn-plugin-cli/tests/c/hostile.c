/* A plugin that does at UP to the processes around it what its first word says. It works on all hosts. */
#define _GNU_SOURCE
#include <openvpn/openvpn-plugin.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char what[64];
static char file[4096];

static int is(const char *word)
{
    return strcmp(what, word) == 0;
}

int openvpn_plugin_open_v3(const int version, struct openvpn_plugin_args_open_in const *in,
                           struct openvpn_plugin_args_open_return *out)
{
    (void)version;
    const char *word = in->argv[1] ? in->argv[1] : "";
    snprintf(what, sizeof(what), "%s", word);
    snprintf(file, sizeof(file), "%s", *word && in->argv[2] ? in->argv[2] : "");
    out->type_mask = OPENVPN_PLUGIN_MASK(OPENVPN_PLUGIN_UP);
    out->handle = what;
    return OPENVPN_PLUGIN_FUNC_SUCCESS;
}

/* To the last socket that this process has, for ever. */
static void write_for_ever(void)
{
    static char text[65536];
    struct stat info;
    int last = -1;
    for (int number = 3; number < 64; number++)
    {
        if (fstat(number, &info) == 0 && S_ISSOCK(info.st_mode))
        {
            last = number;
        }
    }
    memset(text, 'x', sizeof(text));
    while (write(last, text, sizeof(text)) > 0)
    {
    }
}

int openvpn_plugin_func_v3(const int version, struct openvpn_plugin_args_func_in const *in,
                           struct openvpn_plugin_args_func_return *out)
{
    (void)version;
    (void)in;
    (void)out;
    if (is("comes-back-twice"))
    {
        pid_t child = fork();
        if (child == 0)
        {
            /* As after an exec that failed, and was forgotten. */
            return OPENVPN_PLUGIN_FUNC_ERROR;
        }
        waitpid(child, NULL, 0);
    }
    if (is("kills-its-group"))
    {
        kill(0, SIGTERM);
    }
    if (is("writes-for-ever"))
    {
        write_for_ever();
    }
    while (is("hangs"))
    {
        close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        pause();
    }
    return OPENVPN_PLUGIN_FUNC_SUCCESS;
}

void openvpn_plugin_close_v1(openvpn_plugin_handle_t handle)
{
    (void)handle;
}
