/* A plugin that lets everybody in, and has the fault that its first word names. Some faults are built in with -D. */
#define _GNU_SOURCE
#include <openvpn/openvpn-plugin.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MASK
/* What the host has, but for an event that was removed. */
#define MASK (in->type_mask & ~(1 << 11))
#endif

static plugin_log_t host_log;
static char what[64];
static int descriptor = -1;
static pid_t helper;
static pthread_t thread;
static int has_thread;
static volatile pid_t thread_number;
static int wake[2];
static char *volatile kept;

static int is(const char *fault)
{
    return strcmp(what, fault) == 0;
}

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

/* Until close closes the other end. */
static void *wait_for_close(void *argument)
{
    char byte;
    thread_number = (pid_t)syscall(SYS_gettid);
    while (read(wake[0], &byte, 1) > 0)
    {
    }
    return argument;
}

static void *sleep_for_ever(void *argument)
{
    for (;;)
    {
        pause();
    }
    return argument;
}

static void *say(void *argument)
{
    host_log(PLOG_NOTE, "FAULTS", "a line of a thread");
    return argument;
}

/* What a thread needs that decides about a login. */
struct login
{
    char *control;
    char *reason;
    char *pending;
};

/* Where the last login's verdict goes. */
static char *volatile last_control;
static int is_up;

static void write_to(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file >= 0)
    {
        ssize_t written = write(file, text, strlen(text));
        (void)written;
        close(file);
    }
}

/* Decides a little later, with this and that mistake. */
static void *decide(void *argument)
{
    struct login *login = argument;
    usleep(30000);
    if (is("question-late"))
    {
        write_to(login->pending, "60\ncrtext\nCR_TEXT:R:code\n");
    }
    write_to(is("one-control-file") ? last_control : login->control, "1");
    if (is("reason-late"))
    {
        write_to(login->reason, "no reason");
    }
    free(login->control);
    free(login->reason);
    free(login->pending);
    free(login);
    return NULL;
}

/* Creates the file if it is gone. */
static void *write_later(void *path)
{
    usleep(30000);
    FILE *file = fopen(path, "w");
    if (file)
    {
        fputs("1", file);
        fclose(file);
    }
    free(path);
    return NULL;
}

static pthread_t start(void *(*body)(void *), void *argument, int with_signals)
{
    sigset_t all, before;
    pthread_t made;
    sigfillset(&all);
    pthread_sigmask(with_signals ? SIG_UNBLOCK : SIG_BLOCK, &all, &before);
    if (pthread_create(&made, NULL, body, argument) != 0)
    {
        abort();
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return made;
}

static void open_with_fault(void)
{
    if (is("keeps-descriptors") || is("process-left") || is("outlives"))
    {
        helper = fork();
        if (helper == 0)
        {
            if (!is("keeps-descriptors"))
            {
                close_range(0, ~0U, 0);
            }
            else
            {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
            }
            sleep_for_ever(NULL);
        }
    }
    if (is("open-on-exec") || is("descriptor-left"))
    {
        descriptor = open("/dev/zero", is("open-on-exec") ? O_RDONLY : O_RDONLY | O_CLOEXEC);
    }
    if (is("thread-left"))
    {
        /* Of libc alone: one that comes to this file's code after the file was unloaded crashes. */
        sem_t *never = calloc(1, sizeof(sem_t));
        start((void *(*)(void *))sem_wait, never, 0);
    }
    if ((is("thread-takes-signals") || is("thread-of-open")) && pipe2(wake, O_CLOEXEC) == 0)
    {
        thread = start(wait_for_close, NULL, is("thread-takes-signals"));
        has_thread = 1;
        while (!thread_number)
        {
            usleep(1000);
        }
    }
}

int openvpn_plugin_open_v3(const int version, struct openvpn_plugin_args_open_in const *in,
                           struct openvpn_plugin_args_open_return *out)
{
    (void)version;
    host_log = in->callbacks->plugin_log;
    snprintf(what, sizeof(what), "%s", in->argv[1] ? in->argv[1] : "");
    /* Static variables are gone with the plugin; this is not. */
    int opened = is("opens-once") && getenv("FAULTS_OPENED");
    if (is("opens-once"))
    {
        setenv("FAULTS_OPENED", "1", 1);
    }
    if (is("refuses") || opened)
    {
        host_log(PLOG_ERR, "FAULTS", "I will not");
        return OPENVPN_PLUGIN_FUNC_ERROR;
    }
    if (is("reads-too-far"))
    {
        kept = strdup(in->ovpn_version);
    }
    open_with_fault();
    out->type_mask = MASK;
    out->handle = is("one-handle") ? what : strdup(what);
    return OPENVPN_PLUGIN_FUNC_SUCCESS;
}

/* Lets those in who answer 123456 when they come again. */
static int ask_again(const char **envp)
{
    const char *password = value_of("password", envp);
    if (strcmp(password, "CRV1::state::123456") == 0)
    {
        return OPENVPN_PLUGIN_FUNC_SUCCESS;
    }
    write_to(value_of("auth_failed_reason_file", envp), "CRV1:R:state:dGVzdA==:Code:");
    return OPENVPN_PLUGIN_FUNC_ERROR;
}

/* Asks who can be asked, and waits for the answer. */
static int ask(const char **envp)
{
    const char *can = value_of("IV_SSO", envp);
    if (!can || !strstr(can, "crtext"))
    {
        return OPENVPN_PLUGIN_FUNC_ERROR;
    }
    write_to(value_of("auth_pending_file", envp), "60\ncrtext\nCR_TEXT:R:Code:\n");
    return OPENVPN_PLUGIN_FUNC_DEFERRED;
}

static int log_in(const char **envp)
{
    const char *control = value_of("auth_control_file", envp);
    if (is("asks-again") || is("asks"))
    {
        return is("asks") ? ask(envp) : ask_again(envp);
    }
    if (is("crashes-on-empty") && value_of("username", envp)[0] == 0)
    {
        abort();
    }
    if (is("writes-and-answers") || is("verdict-early") || is("verdict-unreadable"))
    {
        int file = open(control, O_WRONLY | O_CLOEXEC);
        ssize_t written = write(file, is("verdict-unreadable") ? "x" : "1", 1);
        (void)written;
        close(file);
        return is("writes-and-answers") ? OPENVPN_PLUGIN_FUNC_SUCCESS : OPENVPN_PLUGIN_FUNC_DEFERRED;
    }
    if (is("verdict-later") || is("reason-late") || is("question-late") || is("one-control-file"))
    {
        struct login *login = malloc(sizeof(*login));
        login->control = strdup(control);
        login->reason = strdup(value_of("auth_failed_reason_file", envp));
        login->pending = strdup(value_of("auth_pending_file", envp));
        free(last_control);
        last_control = strdup(control);
        pthread_detach(start(decide, login, 0));
        return OPENVPN_PLUGIN_FUNC_DEFERRED;
    }
    if (is("panics"))
    {
        /* As the SDK logs it. */
        host_log(PLOG_ERR, "FAULTS", "panic in AUTH_USER_PASS_VERIFY at src/lib.rs:7: no such user");
        return OPENVPN_PLUGIN_FUNC_ERROR;
    }
    if (is("keeps-out"))
    {
        host_log(PLOG_ERR, "FAULTS", "the database is down");
        return OPENVPN_PLUGIN_FUNC_ERROR;
    }
    if (is("no-verdict"))
    {
        return OPENVPN_PLUGIN_FUNC_DEFERRED;
    }
    if (is("verdict-creates"))
    {
        pthread_detach(start(write_later, strdup(control), 0));
        return OPENVPN_PLUGIN_FUNC_DEFERRED;
    }
    if (is("keeps-memory"))
    {
        kept = malloc(100);
        kept[0] = 0;
    }
    if (is("keeps-descriptor"))
    {
        descriptor = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    }
    if (is("thread-logs"))
    {
        pthread_join(start(say, NULL, 0), NULL);
    }
    if (is("needs-files") || is("names-files"))
    {
        int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
        if (file < 0 && is("names-files"))
        {
            host_log(PLOG_ERR, "FAULTS", "cannot open /etc/passwd");
        }
        close(file);
        return file >= 0 ? OPENVPN_PLUGIN_FUNC_SUCCESS : OPENVPN_PLUGIN_FUNC_ERROR;
    }
    if (is("thread-of-open"))
    {
        char path[64];
        snprintf(path, sizeof(path), "/proc/self/task/%d", (int)thread_number);
        return access(path, F_OK) == 0 ? OPENVPN_PLUGIN_FUNC_SUCCESS : OPENVPN_PLUGIN_FUNC_ERROR;
    }
    return OPENVPN_PLUGIN_FUNC_SUCCESS;
}

static int up(void)
{
    is_up = 1;
    if (is("slow") || is("very-slow"))
    {
        usleep(is("slow") ? 200000 : 1200000);
    }
    if (is("cannot-start"))
    {
        host_log(PLOG_ERR, "FAULTS", "cannot start: no such file");
        return OPENVPN_PLUGIN_FUNC_ERROR;
    }
    if (is("hangs"))
    {
        sleep_for_ever(NULL);
    }
    if (is("signals"))
    {
        signal(SIGUSR1, SIG_IGN);
    }
    if (is("umask"))
    {
        umask(077);
    }
    if (is("directory") && chdir("/proc") != 0)
    {
        abort();
    }
    if (is("environment"))
    {
        setenv("FAULTS", "1", 1);
    }
    if (is("locale"))
    {
        setlocale(LC_ALL, "C.UTF-8");
    }
    if (is("limits"))
    {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        setrlimit(RLIMIT_MSGQUEUE, &none);
    }
    if (is("identity"))
    {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    }
    if (is("standard-output"))
    {
        dup2(open("/dev/zero", O_WRONLY | O_CLOEXEC), 1);
    }
    return OPENVPN_PLUGIN_FUNC_SUCCESS;
}

int openvpn_plugin_func_v3(const int version, struct openvpn_plugin_args_func_in const *in,
                           struct openvpn_plugin_args_func_return *out)
{
    (void)version;
    (void)out;
    switch (in->type)
    {
        case OPENVPN_PLUGIN_UP:
            return up();
        case OPENVPN_PLUGIN_DOWN:
            is_up = 0;
            break;
        case OPENVPN_PLUGIN_AUTH_USER_PASS_VERIFY:
            return log_in(in->envp);
        case OPENVPN_PLUGIN_CLIENT_CRRESPONSE:
            if (is("asks"))
            {
                int right = strcmp(value_of("crresponse", in->envp), "MTIzNDU2") == 0;
                write_to(value_of("auth_control_file", in->envp), right ? "1" : "0");
            }
            break;
        case OPENVPN_PLUGIN_LEARN_ADDRESS:
            if (is("down-for-all") && !is_up)
            {
                return OPENVPN_PLUGIN_FUNC_ERROR;
            }
            if (is("prints"))
            {
                puts("an address is here");
                fflush(stdout);
            }
            if (is("logs-errors"))
            {
                host_log(PLOG_ERR, "FAULTS", "no table of addresses");
            }
            if (is("crashes"))
            {
                abort();
            }
            if (is("exits"))
            {
                exit(0);
            }
            if (is("forks"))
            {
                pid_t child = fork();
                if (child == 0)
                {
                    _exit(0);
                }
                waitpid(child, NULL, 0);
            }
    }
    return OPENVPN_PLUGIN_FUNC_SUCCESS;
}

void openvpn_plugin_close_v1(openvpn_plugin_handle_t handle)
{
    if (is("slow-close") || is("very-slow-close"))
    {
        usleep(is("slow-close") ? 200000 : 1200000);
    }
    if (!is("one-handle"))
    {
        free(handle);
    }
    if (helper > 0 && !is("process-left"))
    {
        kill(helper, SIGKILL);
        waitpid(helper, NULL, 0);
    }
    if (has_thread)
    {
        close(wake[1]);
        pthread_join(thread, NULL);
        close(wake[0]);
    }
    if (is("open-on-exec"))
    {
        close(descriptor);
    }
}

#if defined(CONSTRUCTOR) || defined(CLIENT_STATE)
void *openvpn_plugin_client_constructor_v1(openvpn_plugin_handle_t handle)
{
    usleep(is("slow-constructor") ? 200000 : 0);
    return handle;
}
#endif

#ifdef CLIENT_STATE
void openvpn_plugin_client_destructor_v1(openvpn_plugin_handle_t handle, void *state)
{
    (void)handle;
    (void)state;
    usleep(is("slow-destructor") ? 1200000 : 0);
}
#endif

#ifdef INIT_POINT
int openvpn_plugin_select_initialization_point_v1(void)
{
    return INIT_POINT;
}
#endif

#ifdef ABORTS
void openvpn_plugin_abort_v1(openvpn_plugin_handle_t handle)
{
    (void)handle;
    abort();
}
#endif

#ifdef UNLINKED
void faults_free(X509 *certificate)
{
    X509_free(certificate);
}
#endif
