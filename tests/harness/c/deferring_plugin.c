/*
 * A plugin that judges logins beside the one under test, by the password alone.
 *
 * The word after the path is a time in milliseconds.  The password is
 *   yes, no   the answer is DEFERRED; after that time a thread writes 1 or 0 into auth_control_file
 *   early     1 is written into auth_control_file at once and the answer is SUCCESS, which no plugin should do
 *   direct    the answer is SUCCESS, and nothing is written
 *   anything else: the answer is ERROR
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openvpn/openvpn-plugin.h>

struct plugin {
    long delay_ms;
    plugin_log_t log;
    pthread_mutex_t lock;
    pthread_cond_t none_left;
    int running;
};

struct verdict {
    struct plugin *plugin;
    char byte;
    char path[];
};

static const char *variable(const char *const envp[], const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; envp[i] != NULL; i++)
        if (strncmp(envp[i], name, length) == 0 && envp[i][length] == '=')
            return envp[i] + length + 1;
    return "";
}

/* As the interface says: without O_CREAT. */
static int write_verdict(const char *path, char byte)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t written = write(fd, &byte, 1);
    close(fd);
    return written == 1 ? 0 : -1;
}

static void *decide(void *argument)
{
    struct verdict *verdict = argument;
    struct plugin *plugin = verdict->plugin;
    struct timespec left = { plugin->delay_ms / 1000, plugin->delay_ms % 1000 * 1000000L };

    while (nanosleep(&left, &left) != 0)
        ;
    /* OpenVPN may have given up the login and removed the file. */
    (void)write_verdict(verdict->path, verdict->byte);
    free(verdict);
    pthread_mutex_lock(&plugin->lock);
    if (--plugin->running == 0)
        pthread_cond_signal(&plugin->none_left);
    pthread_mutex_unlock(&plugin->lock);
    return NULL;
}

static int defer(struct plugin *plugin, const char *path, char byte)
{
    struct verdict *verdict = malloc(sizeof *verdict + strlen(path) + 1);
    pthread_t thread;

    if (verdict == NULL)
        return OPENVPN_PLUGIN_FUNC_ERROR;
    verdict->plugin = plugin;
    verdict->byte = byte;
    strcpy(verdict->path, path);
    pthread_mutex_lock(&plugin->lock);
    plugin->running++;
    pthread_mutex_unlock(&plugin->lock);
    if (pthread_create(&thread, NULL, decide, verdict) != 0)
        abort();
    pthread_detach(thread);
    plugin->log(PLOG_NOTE, "SECOND", "deferred, will write %c", byte);
    return OPENVPN_PLUGIN_FUNC_DEFERRED;
}

int openvpn_plugin_open_v3(const int version, struct openvpn_plugin_args_open_in const *in,
                           struct openvpn_plugin_args_open_return *out)
{
    struct plugin *plugin = calloc(1, sizeof *plugin);

    (void)version;
    if (plugin == NULL || in->argv[1] == NULL)
        return OPENVPN_PLUGIN_FUNC_ERROR;
    plugin->delay_ms = atol(in->argv[1]);
    plugin->log = in->callbacks->plugin_log;
    pthread_mutex_init(&plugin->lock, NULL);
    pthread_cond_init(&plugin->none_left, NULL);
    out->type_mask = OPENVPN_PLUGIN_MASK(OPENVPN_PLUGIN_AUTH_USER_PASS_VERIFY);
    out->handle = (openvpn_plugin_handle_t *)plugin;
    return OPENVPN_PLUGIN_FUNC_SUCCESS;
}

int openvpn_plugin_func_v3(const int version, struct openvpn_plugin_args_func_in const *in,
                           struct openvpn_plugin_args_func_return *out)
{
    struct plugin *plugin = (struct plugin *)in->handle;
    const char *password = variable(in->envp, "password");
    const char *path = variable(in->envp, "auth_control_file");

    (void)version;
    (void)out;
    if (strcmp(password, "direct") == 0)
        return OPENVPN_PLUGIN_FUNC_SUCCESS;
    if (strcmp(password, "yes") == 0)
        return defer(plugin, path, '1');
    if (strcmp(password, "no") == 0)
        return defer(plugin, path, '0');
    if (strcmp(password, "early") == 0 && write_verdict(path, '1') == 0)
        return OPENVPN_PLUGIN_FUNC_SUCCESS;
    return OPENVPN_PLUGIN_FUNC_ERROR;
}

/* No thread may run on when the plugin is unloaded. */
void openvpn_plugin_close_v1(openvpn_plugin_handle_t handle)
{
    struct plugin *plugin = (struct plugin *)handle;

    pthread_mutex_lock(&plugin->lock);
    while (plugin->running > 0)
        pthread_cond_wait(&plugin->none_left, &plugin->lock);
    pthread_mutex_unlock(&plugin->lock);
}
