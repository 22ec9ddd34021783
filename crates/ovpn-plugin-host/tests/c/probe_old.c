/* A plugin of interface 1 or, with -DV2, 2. */
#include <openvpn/openvpn-plugin.h>
#include <stdlib.h>
#include <string.h>

static int events;

#ifdef V2
openvpn_plugin_handle_t openvpn_plugin_open_v2(unsigned int *type_mask, const char *argv[], const char *envp[],
                                               struct openvpn_plugin_string_list **return_list)
{
    (void)return_list;
#else
openvpn_plugin_handle_t openvpn_plugin_open_v1(unsigned int *type_mask, const char *argv[], const char *envp[])
{
#endif
    (void)envp;
    *type_mask = OPENVPN_PLUGIN_MASK(OPENVPN_PLUGIN_UP);
    return argv[1] && strcmp(argv[1], "fail") == 0 ? NULL : &events;
}

#ifdef V2
int openvpn_plugin_func_v2(openvpn_plugin_handle_t handle, const int type, const char *argv[], const char *envp[],
                           void *client, struct openvpn_plugin_string_list **return_list)
{
    (void)return_list;
    (void)client;
#else
int openvpn_plugin_func_v1(openvpn_plugin_handle_t handle, const int type, const char *argv[], const char *envp[])
{
#endif
    (void)argv;
    (void)envp;
    ++*(int *)handle;
    return type == OPENVPN_PLUGIN_UP ? OPENVPN_PLUGIN_FUNC_SUCCESS : OPENVPN_PLUGIN_FUNC_ERROR;
}

void openvpn_plugin_close_v1(openvpn_plugin_handle_t handle)
{
    *(int *)handle = 0;
}
