/*
 * A PAM module that behaves as its arguments say, so that a test can choose what goes wrong.
 *
 * An argument is   [auth/|account/][USER:]ACTION[=VALUE]
 * and counts only for that phase and that user name, or for all that begin so if USER ends in a star. Those that count
 * run in order until one ends the phase; if none does, the phase succeeds.
 *
 * ending the phase:  ok deny code=PAM_NAME crash abort exit hang
 * going on:          sleep=MS compute=MS closefds print info=TEXT error=TEXT ask=PROMPT show=PROMPT record=FILE
 *                    tell=FIFO wait=FIFO at-end=FIFO (tell when the transaction ends) rename=USER (the item USER)
 *                    radio=PROMPT binary
 *                    with-ask=, with-show=, with-info=, with-error=, with-radio=: in the same conversation call as the
 *                    next of these without "with-", before it
 * ending it on mismatch only:  password=VALUE (the item AUTHTOK), expect=VALUE (the last answer),
 *                    expect-all=A|B|C (the answers of the last conversation call)
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#define UNUSED __attribute__((unused))
/* In one conversation call. */
#define MOST_MESSAGES 16

struct run {
    pam_handle_t *pamh;
    const char *phase;
    const char *user;
    char *answer;
    /* All answers of a call, with bars between them. */
    char answers[1024];
    struct pam_message messages[MOST_MESSAGES];
    int waiting;
    int argc;
    const char **argv;
};

static const struct { const char *name; int code; } codes[] = {
    { "PAM_SUCCESS", PAM_SUCCESS },
    { "PAM_SYSTEM_ERR", PAM_SYSTEM_ERR },
    { "PAM_BUF_ERR", PAM_BUF_ERR },
    { "PAM_PERM_DENIED", PAM_PERM_DENIED },
    { "PAM_AUTH_ERR", PAM_AUTH_ERR },
    { "PAM_CRED_INSUFFICIENT", PAM_CRED_INSUFFICIENT },
    { "PAM_AUTHINFO_UNAVAIL", PAM_AUTHINFO_UNAVAIL },
    { "PAM_USER_UNKNOWN", PAM_USER_UNKNOWN },
    { "PAM_MAXTRIES", PAM_MAXTRIES },
    { "PAM_NEW_AUTHTOK_REQD", PAM_NEW_AUTHTOK_REQD },
    { "PAM_ACCT_EXPIRED", PAM_ACCT_EXPIRED },
    { "PAM_AUTHTOK_EXPIRED", PAM_AUTHTOK_EXPIRED },
    { "PAM_CONV_ERR", PAM_CONV_ERR },
    { "PAM_IGNORE", PAM_IGNORE },
    { "PAM_ABORT", PAM_ABORT },
    { "PAM_TRY_AGAIN", PAM_TRY_AGAIN },
};

static int code_named(const char *name)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(codes[i].name, name) == 0)
            return codes[i].code;
    return PAM_SERVICE_ERR;
}

/* Uses a processor for so long. */
static void compute_ms(long ms)
{
    clock_t until = clock() + ms * (CLOCKS_PER_SEC / 1000);
    while (clock() < until)
        ;
}

static void sleep_ms(long ms)
{
    struct timespec left = { ms / 1000, ms % 1000 * 1000000L };
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static void hang(void)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (;;)
        pause();
}

static const char *item(pam_handle_t *pamh, int which)
{
    const void *value = NULL;
    if (pam_get_item(pamh, which, &value) != PAM_SUCCESS || value == NULL)
        return "-";
    return value;
}

/* One line in one write(2), so that lines of several processes never mix. */
static void write_line(const char *path, int flags, const char *line, size_t length)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0600);
    if (fd < 0)
        return;
    if (write(fd, line, length) < 0)
        perror("pam_test: write");
    close(fd);
}

static void record(const struct run *run, const char *path)
{
    char line[4096];
    int used = snprintf(line, sizeof line,
                        "phase=%s pid=%ld uid=%ld user=%s rhost=%s service=%s tty=%s ruser=%s authtok=%s answer=%s argv=",
                        run->phase, (long)getpid(), (long)geteuid(), run->user, item(run->pamh, PAM_RHOST),
                        item(run->pamh, PAM_SERVICE), item(run->pamh, PAM_TTY), item(run->pamh, PAM_RUSER),
                        item(run->pamh, PAM_AUTHTOK), run->answer ? run->answer : "-");
    for (int i = 0; i < run->argc && used > 0 && (size_t)used < sizeof line; i++)
        used += snprintf(line + used, sizeof line - (size_t)used, "[%s]", run->argv[i]);
    if (used < 0)
        return;
    if ((size_t)used > sizeof line - 2)
        used = sizeof line - 2;
    line[used] = '\n';
    write_line(path, O_APPEND | O_CREAT, line, (size_t)used + 1);
}

static void tell(const char *phase, const char *user, const char *path)
{
    char line[256];
    int used = snprintf(line, sizeof line, "%s %s %ld\n", phase, user, (long)getpid());
    if (used > 0 && (size_t)used < sizeof line)
        write_line(path, 0, line, (size_t)used);
}

static void tell_end(pam_handle_t *pamh UNUSED, void *path, int status UNUSED)
{
    tell("end", "-", path);
    free(path);
}

static void wait_for_byte(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    while (read(fd, &byte, 1) < 0 && errno == EINTR)
        ;
    close(fd);
}

/* What is found in memory afterwards must not be this module's. */
static void forget_answer(struct run *run)
{
    if (run->answer != NULL)
        explicit_bzero(run->answer, strlen(run->answer));
    free(run->answer);
    run->answer = NULL;
    explicit_bzero(run->answers, sizeof run->answers);
}

/* Keeps a message for the next conversation call. */
static int add(struct run *run, int style, const char *text)
{
    if (run->waiting == MOST_MESSAGES)
        return PAM_BUF_ERR;
    run->messages[run->waiting++] = (struct pam_message){ .msg_style = style, .msg = text };
    return PAM_INCOMPLETE;
}

static void take_answer(struct run *run, char *answer)
{
    size_t used = strlen(run->answers);

    snprintf(run->answers + used, sizeof run->answers - used, "%s%s", used > 0 ? "|" : "", answer);
    if (run->answer != NULL)
        explicit_bzero(run->answer, strlen(run->answer));
    free(run->answer);
    run->answer = answer;
}

/* One conversation call, with this message as the last. */
static int prompt(struct run *run, int style, const char *text)
{
    const struct pam_message *messages[MOST_MESSAGES];
    struct pam_response *responses = NULL;
    const void *item = NULL;
    int count, code = add(run, style, text);

    if (code != PAM_INCOMPLETE)
        return code;
    count = run->waiting;
    run->waiting = 0;
    forget_answer(run);
    for (int i = 0; i < count; i++)
        messages[i] = &run->messages[i];
    code = pam_get_item(run->pamh, PAM_CONV, &item);
    if (code != PAM_SUCCESS || item == NULL)
        return PAM_CONV_ERR;
    const struct pam_conv *conv = item;
    code = conv->conv(count, messages, &responses, conv->appdata_ptr);
    for (int i = 0; i < count && code == PAM_SUCCESS && responses != NULL; i++)
        if (responses[i].resp != NULL)
            take_answer(run, responses[i].resp);
    free(responses);
    return code;
}

static int style_named(const char *name)
{
    static const struct { const char *name; int style; } styles[] = {
        { "ask", PAM_PROMPT_ECHO_OFF }, { "show", PAM_PROMPT_ECHO_ON }, { "info", PAM_TEXT_INFO },
        { "error", PAM_ERROR_MSG },     { "radio", PAM_RADIO_TYPE },    { "binary", PAM_BINARY_PROMPT },
    };
    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++)
        if (strcmp(styles[i].name, name) == 0)
            return styles[i].style;
    return 0;
}

/* PAM_INCOMPLETE stands for "go on with the next action". */
static int act(struct run *run, const char *action, const char *value)
{
    const char *authtok = NULL;
    int code;

    if (strcmp(action, "ok") == 0)
        return PAM_SUCCESS;
    if (strcmp(action, "deny") == 0)
        return PAM_AUTH_ERR;
    if (strcmp(action, "code") == 0)
        return code_named(value);
    if (strcmp(action, "crash") == 0) {
        signal(SIGSEGV, SIG_DFL);
        *(volatile int *)(volatile void *)8 = 1;
    }
    if (strcmp(action, "abort") == 0)
        abort();
    if (strcmp(action, "exit") == 0)
        exit(0);
    if (strcmp(action, "hang") == 0)
        hang();

    if (strcmp(action, "sleep") == 0)
        sleep_ms(atol(value));
    else if (strcmp(action, "compute") == 0)
        compute_ms(atol(value));
    else if (strcmp(action, "closefds") == 0)
        for (int fd = 0; fd < 1024; fd++)
            close(fd);
    else if (strcmp(action, "print") == 0) {
        printf("pam_test on stdout \033[31mred\007\r\n");
        fflush(stdout);
        fprintf(stderr, "pam_test on stderr \033[31mred\007\r\n");
    } else if (style_named(action) != 0) {
        code = prompt(run, style_named(action), value);
        if (code != PAM_SUCCESS)
            return code;
    } else if (strncmp(action, "with-", 5) == 0 && style_named(action + 5) != 0) {
        return add(run, style_named(action + 5), value);
    } else if (strcmp(action, "expect-all") == 0) {
        if (strcmp(run->answers, value) != 0)
            return PAM_AUTH_ERR;
    } else if (strcmp(action, "expect") == 0) {
        if (run->answer == NULL || strcmp(run->answer, value) != 0)
            return PAM_AUTH_ERR;
    } else if (strcmp(action, "password") == 0) {
        code = pam_get_authtok(run->pamh, PAM_AUTHTOK, &authtok, NULL);
        if (code != PAM_SUCCESS)
            return code;
        if (authtok == NULL || strcmp(authtok, value) != 0)
            return PAM_AUTH_ERR;
    } else if (strcmp(action, "record") == 0)
        record(run, value);
    else if (strcmp(action, "tell") == 0)
        tell(run->phase, run->user, value);
    else if (strcmp(action, "at-end") == 0)
        return pam_set_data(run->pamh, "pam_test", strdup(value), tell_end) == PAM_SUCCESS ? PAM_INCOMPLETE
                                                                                            : PAM_BUF_ERR;
    else if (strcmp(action, "rename") == 0) {
        code = pam_set_item(run->pamh, PAM_USER, value);
        if (code == PAM_SUCCESS)
            code = pam_get_user(run->pamh, &run->user, NULL);
        if (code != PAM_SUCCESS)
            return code;
    } else if (strcmp(action, "wait") == 0)
        wait_for_byte(value);
    else
        return PAM_SERVICE_ERR;
    return PAM_INCOMPLETE;
}

/* The part of an argument after "phase/" and "user:", or NULL if it is meant for another phase or user. */
static const char *meant_for_us(const struct run *run, const char *argument)
{
    const char *colon;
    size_t length = strlen(run->phase);

    if (strncmp(argument, run->phase, length) == 0 && argument[length] == '/')
        argument += length + 1;
    else if (strncmp(argument, "auth/", 5) == 0 || strncmp(argument, "account/", 8) == 0)
        return NULL;

    length = strcspn(argument, ":=");
    colon = argument + length;
    if (*colon != ':')
        return argument;
    if (length > 0 && argument[length - 1] == '*')
        return strncmp(argument, run->user, length - 1) == 0 ? colon + 1 : NULL;
    if (strlen(run->user) != length || strncmp(argument, run->user, length) != 0)
        return NULL;
    return colon + 1;
}

static int run_phase(pam_handle_t *pamh, const char *phase, int argc, const char **argv)
{
    struct run run = { .pamh = pamh, .phase = phase, .argc = argc, .argv = argv };
    int code = pam_get_user(pamh, &run.user, NULL);

    if (code != PAM_SUCCESS)
        return code;
    code = PAM_INCOMPLETE;
    for (int i = 0; i < argc && code == PAM_INCOMPLETE; i++) {
        char action[32];
        const char *argument = meant_for_us(&run, argv[i]);
        if (argument == NULL)
            continue;
        const char *equals = strchr(argument, '=');
        size_t length = equals ? (size_t)(equals - argument) : strlen(argument);
        if (length >= sizeof action)
            return PAM_SERVICE_ERR;
        memcpy(action, argument, length);
        action[length] = '\0';
        code = act(&run, action, equals ? equals + 1 : "");
    }
    forget_answer(&run);
    return code == PAM_INCOMPLETE ? PAM_SUCCESS : code;
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags UNUSED, int argc, const char **argv)
{
    return run_phase(pamh, "auth", argc, argv);
}

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags UNUSED, int argc, const char **argv)
{
    return run_phase(pamh, "account", argc, argv);
}

int pam_sm_setcred(pam_handle_t *pamh UNUSED, int flags UNUSED, int argc UNUSED, const char **argv UNUSED)
{
    return PAM_SUCCESS;
}
