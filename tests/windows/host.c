/*
 * Loads an example plugin as OpenVPN for Windows does, and checks what it answers and logs.
 *
 * Usage: host.exe simple|per-client-state PLUGIN.dll
 */
#include "host.h"

#include <stdio.h>
#include <string.h>
#include <windows.h>

#define TEXT_BYTES 4096

static int checks;
static int failures;
/* Whether good checks are named too. */
static int tells;
static char last_name[64];
static char last_text[TEXT_BYTES];
static int last_flags;

static void check(int good, const char *what)
{
    checks++;
    if (!good || tells)
    {
        printf("%s: %s\n", good ? "ok" : "FAILED", what);
    }
    if (!good)
    {
        printf("   the last line of the log: %d %s: %s\n", last_flags, last_name, last_text);
        failures++;
    }
}

static void forget_log(void)
{
    last_flags = 0;
    last_name[0] = last_text[0] = 0;
}

static void take_log(int flags, const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    last_flags = flags;
    snprintf(last_name, sizeof(last_name), "%s", name);
    vsnprintf(last_text, sizeof(last_text), format, arguments);
    va_end(arguments);
}

static void take_vlog(int flags, const char *name, const char *format, va_list arguments)
{
    last_flags = flags;
    snprintf(last_name, sizeof(last_name), "%s", name);
    vsnprintf(last_text, sizeof(last_text), format, arguments);
}

static int logged(int flags, const char *name, const char *part)
{
    return last_flags == flags && strcmp(last_name, name) == 0 && strstr(last_text, part) != NULL;
}

static HMODULE library;

/* Through a pointer to nothing in particular, which C allows to turn into any function. */
static void (*symbol(const char *name))(void)
{
    return (void (*)(void))GetProcAddress(library, name);
}

static int open_plugin(int version, const char **argv, struct open_result *result)
{
    static struct callbacks callbacks = { take_log, take_vlog, NULL, NULL, NULL };
    static const char *envp[] = { "verb=4", NULL };
    struct open_arguments arguments = {
        .type_mask = 0xf7ff,
        .argv = argv,
        .envp = envp,
        .callbacks = &callbacks,
        .version = "2.6.14",
        .major = 2,
        .minor = 6,
        .patch = ".14"
    };
    open_function open = (open_function)symbol("openvpn_plugin_open_v3");
    memset(result, 0, sizeof(*result));
    forget_log();
    return open(version, &arguments, result);
}

static int log_in(int version, void *handle, void *client, const char **envp)
{
    static const char *argv[] = { "plugin.dll", NULL };
    event_function event = (event_function)symbol("openvpn_plugin_func_v3");
    void *list = NULL;
    struct event_arguments arguments = {
        .type = CLIENT_AUTH,
        .argv = argv,
        .envp = envp,
        .handle = handle,
        .client = client,
        .certificate_depth = -1
    };
    struct event_result result = { &list };
    forget_log();
    int code = event(version, &arguments, &result);
    check(list == NULL, "a login returns no list");
    return code;
}

static void close_plugin(void *handle)
{
    close_function close = (close_function)symbol("openvpn_plugin_close_v1");
    close(handle);
}

/* Names and passwords are UTF-8 on Windows too: OpenVPN converts what it gets from Windows. */
static void simple(int version)
{
    struct open_result opened;
    const char *few[] = { "plugin.dll", "j\xc3\xb6" "e", NULL };
    check(open_plugin(version, few, &opened) == FAILURE, "a plugin line that is wrong is refused");
    check(logged(LOG_ERROR, "SIMPLE", "wanted: plugin FILE USERNAME PASSWORD"), "and the log says why");

    const char *words[] = { "plugin.dll", "j\xc3\xb6" "e", "s\xc3\xa9" "cret", NULL };
    check(open_plugin(version, words, &opened) == SUCCESS && opened.handle != NULL, "it opens");
    check(opened.type_mask == 1 << CLIENT_AUTH, "it wants logins and nothing else");

    const char *good[] = { "username=j\xc3\xb6" "e", "password=s\xc3\xa9" "cret", "common_name=x", NULL };
    const char *bad_password[] = { "username=j\xc3\xb6" "e", "password=secret", NULL };
    const char *bad_user[] = { "username=j\xc3\xb6" "e\n", "password=s\xc3\xa9" "cret", NULL };
    const char *without_password[] = { "no equals sign", "username=j\xc3\xb6" "e", NULL };
    const char *empty[] = { NULL };
    check(log_in(version, opened.handle, NULL, good) == SUCCESS, "name and password get in");
    check(last_flags == 0, "without a word in the log");
    check(log_in(version, opened.handle, NULL, bad_password) == FAILURE, "a wrong password does not");
    check(logged(LOG_NOTICE, "SIMPLE", "user 'j\xc3\xb6" "e' is rejected"), "and is logged");
    check(log_in(version, opened.handle, NULL, bad_user) == FAILURE, "nor does another name");
    check(logged(LOG_NOTICE, "SIMPLE", "user 'j\xc3\xb6" "e\\n' is rejected"), "which is logged escaped");
    check(log_in(version, opened.handle, NULL, without_password) == FAILURE, "nor a name alone");
    check(log_in(version, opened.handle, NULL, empty) == FAILURE, "nor nothing");
    check(log_in(version, opened.handle, NULL, good) == SUCCESS, "the right ones get in again");
    close_plugin(opened.handle);
}

static int reason_holds(const wchar_t *path, const char *text)
{
    char found[TEXT_BYTES] = "";
    FILE *file = _wfopen(path, L"rb");
    if (!file)
    {
        return 0;
    }
    found[fread(found, 1, sizeof(found) - 1, file)] = 0;
    fclose(file);
    return strcmp(found, text) == 0;
}

/* Clients that are made and dropped, and a file whose name is not ASCII. */
static void per_client_state(int version)
{
    struct open_result opened;
    const char *words[] = { "plugin.dll", "1", NULL };
    check(open_plugin(version, words, &opened) == SUCCESS, "it opens");
    constructor_function construct = (constructor_function)symbol("openvpn_plugin_client_constructor_v1");
    destructor_function destroy = (destructor_function)symbol("openvpn_plugin_client_destructor_v1");
    void *first = construct(opened.handle);
    void *second = construct(opened.handle);
    check(first && second && first != second, "clients have states of their own");

    FILE *made = _wfopen(L"reason-\u00e9.txt", L"wb");
    check(made != NULL, "there is a reason file");
    if (made)
    {
        fclose(made);
    }
    const char *login[] = { "username=joe", "password=x", "auth_failed_reason_file=reason-\xc3\xa9.txt", NULL };
    check(log_in(version, opened.handle, first, login) == SUCCESS, "the first login of a client succeeds");
    check(logged(LOG_NOTICE, "PER-CLIENT-STATE", "login 1 of this client"), "and is counted");
    check(log_in(version, opened.handle, first, login) == FAILURE, "the second is one too many");
    check(reason_holds(L"reason-\u00e9.txt", "too many logins"), "and the client is told why");
    check(log_in(version, opened.handle, second, login) == SUCCESS, "another client has its own count");
    forget_log();
    destroy(opened.handle, first);
    check(logged(LOG_NOTICE, "PER-CLIENT-STATE", "gone after 2 logins"), "a client that leaves is dropped");
    destroy(opened.handle, second);
    _wremove(L"reason-\u00e9.txt");
    close_plugin(opened.handle);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc != 3)
    {
        fprintf(stderr, "usage: host.exe simple|per-client-state PLUGIN.dll\n");
        return 2;
    }
    /* Again and again, as at SIGHUP, with the oldest structs and the newest. */
    for (int version = 1; version <= 5; version++)
    {
        library = LoadLibraryA(argv[2]);
        if (!library)
        {
            printf("FAILED: %s cannot be loaded: error %lu\n", argv[2], GetLastError());
            return 1;
        }
        tells = version == 1;
        printf("struct version %d\n", version);
        if (strcmp(argv[1], "simple") == 0)
        {
            simple(version);
        }
        else
        {
            per_client_state(version);
        }
        FreeLibrary(library);
        check(GetModuleHandleA(argv[2]) == NULL, "it can be unloaded");
    }
    if (failures == 0)
    {
        printf("%d checks, all good\n", checks);
    }
    return failures != 0;
}
