/* A plugin that logs 100 MB at UP, and lines of other forms before and after. */
#include <openvpn/openvpn-plugin.h>
#include <string.h>

static plugin_log_t host_log;
static int state;

int openvpn_plugin_open_v3(const int version, struct openvpn_plugin_args_open_in const *in,
                           struct openvpn_plugin_args_open_return *out)
{
    (void)version;
    host_log = in->callbacks->plugin_log;
    out->type_mask = OPENVPN_PLUGIN_MASK(OPENVPN_PLUGIN_UP);
    out->handle = &state;
    return OPENVPN_PLUGIN_FUNC_SUCCESS;
}

int openvpn_plugin_func_v3(const int version, struct openvpn_plugin_args_func_in const *in,
                           struct openvpn_plugin_args_func_return *out)
{
    static char text[10001];
    (void)version;
    (void)in;
    (void)out;
    memset(text, 'x', sizeof(text) - 1);
    host_log(PLOG_NOTE, "MUCH", "the first");
    for (int number = 0; number < 10000; number++)
    {
        host_log(PLOG_NOTE, "MUCH", "%s", text);
    }
    return OPENVPN_PLUGIN_FUNC_SUCCESS;
}

void openvpn_plugin_close_v1(openvpn_plugin_handle_t handle)
{
    (void)handle;
}
