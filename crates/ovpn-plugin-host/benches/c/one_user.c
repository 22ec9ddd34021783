/* What the example `simple` does, written in C: the baseline it is measured against. */
#include <stdlib.h>
#include <string.h>
#include <openvpn/openvpn-plugin.h>

struct state { char *name, *password; };

static const char *value_of(const char *const *env, const char *name)
{
    size_t length = strlen(name);
    for (; env && *env; env++)
        if (!strncmp(*env, name, length) && (*env)[length] == '=')
            return *env + length + 1;
    return NULL;
}

OPENVPN_EXPORT int openvpn_plugin_open_v3(int version, struct openvpn_plugin_args_open_in const *in,
                                          struct openvpn_plugin_args_open_return *out)
{
    struct state *state = calloc(1, sizeof *state);
    if (!state || version < 1 || !in->argv[1] || !in->argv[2])
        return OPENVPN_PLUGIN_FUNC_ERROR;
    state->name = strdup(in->argv[1]);
    state->password = strdup(in->argv[2]);
    out->type_mask = OPENVPN_PLUGIN_MASK(OPENVPN_PLUGIN_AUTH_USER_PASS_VERIFY);
    out->handle = (openvpn_plugin_handle_t)state;
    return OPENVPN_PLUGIN_FUNC_SUCCESS;
}

OPENVPN_EXPORT int openvpn_plugin_func_v3(int version, struct openvpn_plugin_args_func_in const *in,
                                          struct openvpn_plugin_args_func_return *out)
{
    struct state *state = (struct state *)in->handle;
    const char *const *env = (const char *const *)in->envp;
    const char *name = value_of(env, "username"), *password = value_of(env, "password");
    int good = name && password && !strcmp(name, state->name) && !strcmp(password, state->password);
    (void)version;
    (void)out;
    return good ? OPENVPN_PLUGIN_FUNC_SUCCESS : OPENVPN_PLUGIN_FUNC_ERROR;
}

OPENVPN_EXPORT void openvpn_plugin_close_v1(openvpn_plugin_handle_t handle)
{
    struct state *state = (struct state *)handle;
    free(state->name);
    free(state->password);
    free(state);
}
