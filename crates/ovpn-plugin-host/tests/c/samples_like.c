/* Like OpenVPN's own samples: uses libcrypto without being linked with it, looks at certificates, and keeps pointers to the
   words of its line, which it reads as long as it is loaded. */
#include <openvpn/openvpn-plugin.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static plugin_log_t host_log;
static const char **words;

int openvpn_plugin_open_v3(const int version, struct openvpn_plugin_args_open_in const *in,
                           struct openvpn_plugin_args_open_return *out)
{
    (void)version;
    host_log = in->callbacks->plugin_log;
    words = (const char **)in->argv;
    out->type_mask = OPENVPN_PLUGIN_MASK(OPENVPN_PLUGIN_TLS_VERIFY);
    out->handle = &words;
    return OPENVPN_PLUGIN_FUNC_SUCCESS;
}

int openvpn_plugin_func_v3(const int version, struct openvpn_plugin_args_func_in const *in,
                           struct openvpn_plugin_args_func_return *out)
{
    char subject[256] = "none", issuer[256] = "none";
    (void)version;
    (void)out;
    if (in->current_cert)
    {
        X509_NAME_oneline(X509_get_subject_name(in->current_cert), subject, sizeof(subject));
        X509_NAME_oneline(X509_get_issuer_name(in->current_cert), issuer, sizeof(issuer));
    }
    host_log(PLOG_NOTE, "LIKE", "depth %d: %s by %s", in->current_cert_depth, subject, issuer);
    return OPENVPN_PLUGIN_FUNC_SUCCESS;
}

void openvpn_plugin_close_v1(openvpn_plugin_handle_t handle)
{
    (void)handle;
}

/* When it is unloaded, which OpenVPN does before it forgets the line. */
__attribute__((destructor)) static void at_unload(void)
{
    if (words && words[1])
    {
        int file = open(words[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        ssize_t written = write(file, "unloaded\n", 9);
        (void)written;
        close(file);
    }
}
