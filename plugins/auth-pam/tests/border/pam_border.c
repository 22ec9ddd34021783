/*
 * A PAM module that does to its process what the username says; the password is the argument. What waits for the test
 * gets "REACHED|RELEASE" there, two FIFOs: the module writes a pid into the first, and reads a byte from the second.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#define UNUSED __attribute__((unused))

static void say(int to, const void *bytes, size_t count)
{
    if (write(to, bytes, count) < 0)
        _exit(99);
}

/* Tells the test `pid`. */
static void arrive(const char *gate, pid_t pid)
{
    char path[512] = {0}, line[32];
    strncpy(path, gate, strcspn(gate, "|") < 511 ? strcspn(gate, "|") : 511);
    int fifo = open(path, O_WRONLY);
    say(fifo, line, (size_t)sprintf(line, "%d\n", (int)pid));
    close(fifo);
}

static void wait_for_release(const char *gate)
{
    char byte;
    int fifo = open(strchr(gate, '|') + 1, O_RDONLY);
    if (read(fifo, &byte, 1) != 1)
        _exit(98);
    close(fifo);
}

/* The socket that leads to the supervisor. */
static int channel(void)
{
    for (int number = 3; number < 256; number++) {
        int type;
        socklen_t size = sizeof type;
        if (getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET)
            return number;
    }
    return -1;
}

static unsigned char frame[65536];

static size_t from_hex(const char *text)
{
    size_t count = 0;
    for (; text[0] && text[1] && count < sizeof frame; text += 2) {
        char digits[3] = {text[0], text[1], 0};
        frame[count++] = (unsigned char)strtoul(digits, NULL, 16);
    }
    return count;
}

/* A report: tag, number of the login, and for 50 the code 0, no words and no leaving, for 49 no text. */
static void report(unsigned char tag, uint64_t nonce)
{
    unsigned char bytes[18] = {tag};
    memcpy(bytes + 1, &nonce, 8);
    send(channel(), bytes, tag == 50 ? 18 : 13, MSG_NOSIGNAL);
}

static void *rest(void *nothing)
{
    for (;;)
        pause();
    return nothing;
}

static void on_alarm(int number UNUSED) { _exit(97); }

static void tell_state(void)
{
    char line[512], directory[256] = "";
    sigset_t blocked;
    struct sigaction alarm_action, child_action;
    struct itimerval timer;
    struct stat tasks;
    uid_t r, e, s;
    mode_t mask = umask(0);
    umask(mask);
    getresuid(&r, &e, &s);
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    sigaction(SIGALRM, NULL, &alarm_action);
    sigaction(SIGCHLD, NULL, &child_action);
    getitimer(ITIMER_REAL, &timer);
    if (!getcwd(directory, sizeof directory) || stat("/proc/self/task", &tasks))
        return;
    int length = snprintf(line, sizeof line,
        "state: uid %d/%d/%d gid %d groups %d umask %03o cwd %s threads %d alarm-blocked %d alarm-handled %d "
        "child-ignored %d timer %d",
        r, e, s, getegid(), getgroups(0, NULL), mask, directory, (int)tasks.st_nlink - 2,
        sigismember(&blocked, SIGALRM), alarm_action.sa_handler != SIG_DFL, child_action.sa_handler == SIG_IGN,
        timer.it_value.tv_sec != 0 || timer.it_value.tv_usec != 0);
    say(1, line, (size_t)length);
}

/* What changes the process and succeeds; -1 when it is none of these. */
static int change(const char *what)
{
    if (!strcmp(what, "seteuid"))
        return seteuid(1000);
    if (!strcmp(what, "setgroups"))
        return (int)syscall(SYS_setgroups, 1, (gid_t[]){1000});
    if (!strcmp(what, "umask"))
        return umask(0) & 0;
    if (!strcmp(what, "chdir"))
        return chdir("/proc");
    if (!strcmp(what, "thread")) {
        pthread_t thread;
        return pthread_create(&thread, NULL, rest, NULL);
    }
    if (!strcmp(what, "alarm")) {
        signal(SIGALRM, on_alarm);
        return (int)alarm(1);
    }
    if (!strcmp(what, "block")) {
        sigset_t all;
        sigfillset(&all);
        return sigprocmask(SIG_SETMASK, &all, NULL);
    }
    if (!strcmp(what, "ignore"))
        return signal(SIGCHLD, SIG_IGN) == SIG_ERR;
    return -1;
}

static int act(const char *what, const char *with)
{
    if (!strcmp(what, "good"))
        return PAM_SUCCESS;
    if (!strcmp(what, "gate-deny") || !strcmp(what, "gate-good")) {
        arrive(with, getpid());
        wait_for_release(with);
        return strcmp(what, "gate-good") ? PAM_AUTH_ERR : PAM_SUCCESS;
    }
    if (!strcmp(what, "forkreturn")) { /* the child falls back out of here */
        if (fork() == 0) {
            arrive(with, getpid());
            wait_for_release(with);
            return PAM_SUCCESS;
        }
        return PAM_AUTH_ERR;
    }
    if (!strcmp(what, "forklie") || !strcmp(what, "forklie-zero")) { /* the child reports success by itself */
        if (fork() == 0) {
            arrive(with, getpid());
            wait_for_release(with);
            report(50, strcmp(what, "forklie") ? 0 : 7);
            arrive(with, getpid());
            rest(NULL);
        }
        return PAM_AUTH_ERR;
    }
    if (!strcmp(what, "forkabort") || !strcmp(what, "forkhang") || !strcmp(what, "forkgood")) {
        pid_t child = fork();
        if (child == 0)
            rest(NULL);
        arrive(with, child);
        if (!strcmp(what, "forkgood"))
            return PAM_SUCCESS;
        if (!strcmp(what, "forkhang"))
            rest(NULL);
        signal(SIGABRT, SIG_DFL);
        abort();
    }
    if (!strcmp(what, "doublefork")) {
        pid_t child = fork();
        if (child == 0) {
            if (fork() == 0) {
                arrive(with, getpid());
                rest(NULL);
            }
            _exit(0);
        }
        return PAM_SUCCESS;
    }
    if (!strcmp(what, "killparent")) {
        kill(getppid(), SIGKILL);
        rest(NULL);
    }
    if (!strcmp(what, "spam"))
        for (;;)
            report(49, 7);
    if (!strcmp(what, "send")) {
        send(channel(), frame, from_hex(with), MSG_NOSIGNAL);
        return PAM_SUCCESS;
    }
    if (!strcmp(what, "big")) {
        send(channel(), frame, 30000, MSG_NOSIGNAL);
        return PAM_SUCCESS;
    }
    if (!strcmp(what, "closeall")) {
        for (int number = 0; number < 1024; number++)
            close(number);
        return PAM_SUCCESS;
    }
    if (!strcmp(what, "print")) {
        say(1, frame, from_hex(with));
        return PAM_SUCCESS;
    }
    if (!strcmp(what, "partial")) {
        say(2, "without an end", 14);
        return PAM_AUTH_ERR;
    }
    if (!strcmp(what, "flood")) {
        char line[64];
        memset(line, 'x', sizeof line);
        line[63] = '\n';
        for (int count = 0; count < (1 << 20) / 64; count++)
            if (write(1, line, 64) < 0)
                usleep(100); /* nobody reads that fast */
        return PAM_SUCCESS;
    }
    if (!strcmp(what, "state")) {
        tell_state();
        return PAM_SUCCESS;
    }
    return change(what) == 0 ? PAM_SUCCESS : PAM_AUTH_ERR;
}

static int rename_user(pam_handle_t *pamh, const char *to)
{
    return pam_set_item(pamh, PAM_USER, to);
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags UNUSED, int argc UNUSED, const char **argv UNUSED)
{
    const char *user = NULL, *password = NULL;
    if (pam_get_user(pamh, &user, NULL) || pam_get_authtok(pamh, PAM_AUTHTOK, &password, NULL))
        return PAM_CONV_ERR;
    if (!strcmp(user, "chatter"))
        for (int count = 0; count < 1000; count++)
            pam_info(pamh, "message %d", count);
    if (!strcmp(user, "rename"))
        return rename_user(pamh, password);
    return act(strcmp(user, "chatter") ? user : "good", password);
}

int pam_sm_acct_mgmt(pam_handle_t *pamh UNUSED, int flags UNUSED, int argc UNUSED, const char **argv UNUSED)
{
    return PAM_SUCCESS;
}

int pam_sm_setcred(pam_handle_t *pamh UNUSED, int flags UNUSED, int argc UNUSED, const char **argv UNUSED)
{
    return PAM_SUCCESS;
}
