/* A plugin that does what its first word says, good or bad. */
#include <openvpn/openvpn-plugin.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct openvpn_plugin_callbacks host;
static const char *what = "";

#define LOG(...) host.plugin_log(PLOG_NOTE, "MISTAKES", __VA_ARGS__)

static const char *value_of(const char *name, const char **envp)
{
    size_t length = strlen(name);
    for (; *envp; envp++)
    {
        if (strncmp(*envp, name, length) == 0 && (*envp)[length] == '=')
        {
            return *envp + length + 1;
        }
    }
    return NULL;
}

static void write_to(const char *path, const char *text)
{
    FILE *file = path ? fopen(path, "w") : NULL;
    if (file)
    {
        fputs(text, file);
        fclose(file);
    }
}

static void leave(int number)
{
    _exit(128 + number);
}

static void go_on(int number)
{
    (void)number;
}

int openvpn_plugin_open_v3(const int version, struct openvpn_plugin_args_open_in const *in,
                           struct openvpn_plugin_args_open_return *out)
{
    (void)version;
    host = *in->callbacks;
    what = in->argv[1] ? strdup(in->argv[1]) : "";
    if (strcmp(what, "crash-at-open") == 0)
    {
        abort();
    }
    if (strcmp(what, "exit-at-open") == 0)
    {
        exit(0);
    }
    if (strcmp(what, "words") == 0)
    {
        for (int i = 1; in->argv[i]; i++)
        {
            LOG("word %d: %s", i, in->argv[i]);
        }
        LOG("a variable: %s", value_of("opt", in->envp) ? value_of("opt", in->envp) : "(none)");
    }
    if (strcmp(what, "leave-a-process") == 0 && fork() == 0)
    {
        setsid();
        pause();
        _exit(0);
    }
    out->type_mask = strcmp(what, "no-logins") == 0 ? 1 << OPENVPN_PLUGIN_UP : (1 << OPENVPN_PLUGIN_N) - 1;
    out->handle = &host;
    return OPENVPN_PLUGIN_FUNC_SUCCESS;
}

static int log_in(const char **envp)
{
    const char *password = value_of("password", envp);
    const char *reason = value_of("auth_failed_reason_file", envp);
    if (strcmp(what, "crash") == 0)
    {
        *(volatile int *)1 = 0;
    }
    if (strcmp(what, "exit") == 0)
    {
        exit(0);
    }
    if (strcmp(what, "hang") == 0)
    {
        pause();
    }
    if (strcmp(what, "leave-when-interrupted") == 0)
    {
        signal(SIGINT, leave);
        LOG("waiting");
        pause();
    }
    if (strcmp(what, "refuse-when-interrupted") == 0)
    {
        signal(SIGINT, go_on);
        LOG("waiting");
        pause();
        return OPENVPN_PLUGIN_FUNC_ERROR;
    }
    if (strcmp(what, "warn") == 0)
    {
        host.plugin_log(PLOG_WARN, "MISTAKES", "one thing is wrong; correct it");
    }
    if (strcmp(what, "speak-of-passwords") == 0)
    {
        LOG("prompt 'password: ' answered");
        write_to(reason, "your password is wrong");
        return OPENVPN_PLUGIN_FUNC_ERROR;
    }
    if (strcmp(what, "defer-for-ever") == 0)
    {
        return OPENVPN_PLUGIN_FUNC_DEFERRED;
    }
    if (strcmp(what, "signals") == 0)
    {
        char line[256];
        FILE *status = fopen("/proc/self/status", "r");
        while (status && fgets(line, sizeof(line), status))
        {
            if (strncmp(line, "SigBlk", 6) == 0)
            {
                line[strcspn(line, "\n")] = 0;
                LOG("%s", line);
            }
        }
    }
    if (strcmp(what, "tell") == 0)
    {
        LOG("password '%s', from %s %s, name %s, %s, IV_PROTO %s", password, value_of("untrusted_ip", envp),
            value_of("untrusted_ip6", envp), value_of("common_name", envp), value_of("opt", envp),
            value_of("IV_PROTO", envp));
    }
    if (strcmp(what, "shout") == 0)
    {
        printf("\033[2Jprinted\n");
        fflush(stdout);
        LOG("\033[31mlogged\r");
        write_to(reason, "no\033[2J");
        return OPENVPN_PLUGIN_FUNC_ERROR;
    }
    if (strcmp(what, "challenge") == 0)
    {
        write_to(reason, "CRV1:R,E:id:dXNlcg==:Code?");
        return OPENVPN_PLUGIN_FUNC_ERROR;
    }
    if (strcmp(what, "rounds") == 0)
    {
        /* Two questions, the first one with hidden input. */
        if (strcmp(password, "CRV1::two::second") == 0)
        {
            return OPENVPN_PLUGIN_FUNC_SUCCESS;
        }
        write_to(reason, strcmp(password, "secret99") == 0            ? "CRV1:R:one:am9l:First?"
                         : strcmp(password, "CRV1::one::first99") == 0 ? "CRV1:R,E:two:am9l:Second?"
                                                                      : "wrong answer");
        return OPENVPN_PLUGIN_FUNC_ERROR;
    }
    if (strcmp(what, "announce") == 0)
    {
        /* Nothing is wanted: the text is only to be read. */
        write_to(reason, "CRV1:E:id:am9l:Read this");
        return OPENVPN_PLUGIN_FUNC_ERROR;
    }
    if (strcmp(what, "ask") == 0)
    {
        write_to(value_of("auth_pending_file", envp), "60\ncrtext\nCR_TEXT:R,E:Code?\n");
        write_to(value_of("auth_control_file", envp), "1");
        return OPENVPN_PLUGIN_FUNC_DEFERRED;
    }
    return strcmp(what, "refuse") == 0 ? OPENVPN_PLUGIN_FUNC_ERROR : OPENVPN_PLUGIN_FUNC_SUCCESS;
}

int openvpn_plugin_func_v3(const int version, struct openvpn_plugin_args_func_in const *in,
                           struct openvpn_plugin_args_func_return *out)
{
    (void)version;
    (void)out;
    if (in->type == OPENVPN_PLUGIN_UP && value_of("opt", in->envp))
    {
        LOG("at UP: %s", value_of("opt", in->envp));
    }
    if (strcmp(what, "fail-at") == 0 && in->type == atoi(value_of("event", in->envp)))
    {
        return OPENVPN_PLUGIN_FUNC_ERROR;
    }
    if (strcmp(what, "clients") == 0 && in->type != OPENVPN_PLUGIN_AUTH_USER_PASS_VERIFY)
    {
        static const char *const names[] = {"common_name", "X509_0_CN", "untrusted_ip", "untrusted_ip6", "trusted_ip", "trusted_ip6"};
        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        {
            const char *value = value_of(names[i], in->envp);
            LOG("event %d: %s=%s", in->type, names[i], value ? value : "(none)");
        }
        for (int i = 1; in->argv[i]; i++)
        {
            LOG("event %d: word %s", in->type, in->argv[i]);
        }
    }
    return in->type == OPENVPN_PLUGIN_AUTH_USER_PASS_VERIFY ? log_in(in->envp) : OPENVPN_PLUGIN_FUNC_SUCCESS;
}

void openvpn_plugin_close_v1(openvpn_plugin_handle_t handle)
{
    (void)handle;
    if (strcmp(what, "hang-at-close") == 0)
    {
        pause();
    }
}
