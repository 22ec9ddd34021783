/*
 * A PAM module that does to its process what the username says; the password is the argument. What waits for the test
 * gets "REACHED|RELEASE" there, two FIFOs: the module writes a pid into the first, and reads a byte from the second.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
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

/* A report: tag, number of the login, and for 51 the code 0 and nothing else, for 50 no text. */
static void report(unsigned char tag, uint64_t nonce)
{
    unsigned char bytes[36] = {tag};
    memcpy(bytes + 1, &nonce, 8);
    send(channel(), bytes, tag == 51 ? 36 : 13, MSG_NOSIGNAL);
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

static int limit_files(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur--;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

static int leave_a_processor(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) || CPU_COUNT(&set) < 2)
        return -1;
    for (int number = 0; number < CPU_SETSIZE; number++)
        if (CPU_ISSET(number, &set)) {
            CPU_CLR(number, &set);
            break;
        }
    return sched_setaffinity(0, sizeof set, &set);
}

/* Takes CAP_SYS_TIME out of one of the sets, or puts it in: 0 effective, 1 permitted and effective, 2 inheritable. */
static int capability(int set)
{
    struct { uint32_t version; int pid; } header = {0x20080522, 0};
    uint32_t sets[6];
    if (syscall(SYS_capget, &header, sets))
        return -1;
    sets[set] ^= 1u << 25;
    if (set == 1)
        sets[0] &= sets[1];
    return (int)syscall(SYS_capset, &header, sets);
}

static int ambient(void)
{
    return capability(2) || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 25, 0, 0);
}

static int posix_timer(void)
{
    struct sigevent none = {.sigev_notify = SIGEV_NONE};
    timer_t timer;
    return timer_create(CLOCK_MONOTONIC, &none, &timer);
}

static int put(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t written = write(file, text, strlen(text));
    close(file);
    return written == (ssize_t)strlen(text) ? 0 : -1;
}

static int stack_for_signals(void)
{
    static char room[65536];
    return sigaltstack(&(stack_t){.ss_sp = room, .ss_size = sizeof room}, NULL);
}

static int leave_a_child(void)
{
    pid_t child = fork();
    if (child == 0)
        rest(NULL);
    return child < 0;
}

/* One whose end is told by no signal. */
static int leave_a_clone(void)
{
    long child = syscall(SYS_clone, 0, 0, 0, 0, 0);
    if (child == 0)
        rest(NULL);
    return child < 0;
}

static int use_other_output(void)
{
    int file = open("/dev/null", O_WRONLY | O_CLOEXEC);
    return dup2(file, 1) != 1 || close(file);
}

static int in_passing(void)
{
    uid_t own = geteuid();
    syslog(LOG_DEBUG, "a line of a module");
    if (seteuid(65534) || seteuid(own))
        return -1;
    return prctl(PR_SET_NAME, "renamed");
}

/* Keeps a connection to the socket. */
static int connect_to(const char *path, int flags)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    return connect(socket(AF_UNIX, SOCK_STREAM | flags, 0), (struct sockaddr *)&address, sizeof address);
}

/* A number among the code, as a relocation or a hook has it: it is changed like code. */
__asm__(".text\n.balign 4\nnumber_in_code: .long 1\n.previous");
extern int number_in_code __attribute__((visibility("hidden")));

static int change_code(void)
{
    uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE);
    void *page = (void *)((uintptr_t)&number_in_code & ~(size - 1));
    if (mprotect(page, size, PROT_READ | PROT_WRITE | PROT_EXEC))
        return 1;
    *(volatile int *)&number_in_code = 2;
    return mprotect(page, size, PROT_READ | PROT_EXEC);
}

/* A filter of system calls that lets all of them pass. */
static int filter(void)
{
    struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &(struct sock_fprog){.len = 1, .filter = &all});
}

static void on_trap(int number UNUSED) { raise(SIGSTOP); }

/* Stops the process when it sets its name, which a worker does after the end of its transaction. */
static int stop_later(void)
{
    struct sock_filter lines[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_NAME, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    signal(SIGSYS, on_trap);
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &(struct sock_fprog){.len = 6, .filter = lines});
}

/* As in a unit with SystemCallFilter=, if the test has asked for it: the worker finds it when it looks first. */
__attribute__((constructor)) static void filter_from_the_start(void)
{
    char path[512];
    snprintf(path, sizeof path, "%s/filter-from-the-start", getenv("TMPDIR") ? getenv("TMPDIR") : "");
    if (!access(path, F_OK) && filter())
        _exit(98);
}

/* What changes the process and succeeds; -1 when it is none of these. */
static int change(const char *what, const char *with)
{
    if (!strcmp(what, "child"))
        return leave_a_child();
    if (!strcmp(what, "clone"))
        return leave_a_clone();
    if (!strcmp(what, "request-key"))
        return syscall(SYS_keyctl, 14, 4) == -1;
    if (!strcmp(what, "huge-pages"))
        return prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    if (!strcmp(what, "no-new-code"))
        return prctl(65, 1, 0, 0, 0);
    if (!strcmp(what, "setegid"))
        return setegid(1000);
    if (!strcmp(what, "setfsuid"))
        return setfsuid(1000) != 0;
    if (!strcmp(what, "setenv"))
        return setenv("LEFT", "behind", 1);
    if (!strcmp(what, "unsetenv"))
        return clearenv();
    if (!strcmp(what, "chroot"))
        return chroot("/proc") || chdir("/");
    if (!strcmp(what, "rlimit"))
        return limit_files();
    if (!strcmp(what, "nice"))
        return nice(1) == -1;
    if (!strcmp(what, "batch"))
        return sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
    if (!strcmp(what, "affinity"))
        return leave_a_processor();
    if (!strcmp(what, "ioprio"))
        return (int)syscall(SYS_ioprio_set, 1, 0, 3 << 13);
    if (!strcmp(what, "timerslack"))
        return prctl(PR_SET_TIMERSLACK, 12345);
    if (!strcmp(what, "effective"))
        return capability(0);
    if (!strcmp(what, "permitted"))
        return capability(1);
    if (!strcmp(what, "inheritable"))
        return capability(2);
    if (!strcmp(what, "ambient"))
        return ambient();
    if (!strcmp(what, "bounding"))
        return prctl(PR_CAPBSET_DROP, 25);
    if (!strcmp(what, "securebits"))
        return prctl(PR_SET_SECUREBITS, 1 << 4);
    if (!strcmp(what, "nonewprivs"))
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!strcmp(what, "change-code"))
        return change_code();
    if (!strcmp(what, "code-is-changed"))
        return *(volatile int *)&number_in_code != 2;
    if (!strcmp(what, "filter"))
        return filter();
    if (!strcmp(what, "stop-later"))
        return stop_later();
    if (!strcmp(what, "dumpable"))
        return prctl(PR_SET_DUMPABLE, 1);
    if (!strcmp(what, "subreaper"))
        return prctl(PR_SET_CHILD_SUBREAPER, 0);
    if (!strcmp(what, "personality"))
        return personality(ADDR_NO_RANDOMIZE) == -1;
    if (!strcmp(what, "uts"))
        return unshare(CLONE_NEWUTS);
    if (!strcmp(what, "mounts"))
        return unshare(CLONE_NEWNS);
    if (!strcmp(what, "pids"))
        return unshare(CLONE_NEWPID);
    if (!strcmp(what, "keyring"))
        return syscall(SYS_keyctl, 1, NULL) == -1;
    if (!strcmp(what, "timer"))
        return posix_timer();
    if (!strcmp(what, "itimer"))
        return setitimer(ITIMER_PROF, &(struct itimerval){.it_value = {.tv_sec = 3600}}, NULL);
    if (!strcmp(what, "handler"))
        return signal(SIGUSR1, on_alarm) == SIG_ERR;
    if (!strcmp(what, "realtime"))
        return signal(SIGRTMIN, SIG_IGN) == SIG_ERR;
    if (!strcmp(what, "sigaltstack"))
        return stack_for_signals();
    if (!strcmp(what, "setpgid"))
        return setpgid(0, getppid());
    if (!strcmp(what, "oom"))
        return put("/proc/self/oom_score_adj", "500");
    if (!strcmp(what, "open"))
        return open("/dev/null", O_RDONLY | O_CLOEXEC) < 0;
    if (!strcmp(what, "open-high"))
        return dup2(0, 700) < 0;
    if (!strcmp(what, "output"))
        return use_other_output();
    if (!strcmp(what, "close-on-exec"))
        return fcntl(channel(), F_SETFD, 0);
    if (!strcmp(what, "in-passing"))
        return in_passing();
    if (!strcmp(what, "connect"))
        return connect_to(with, SOCK_CLOEXEC);
    if (!strcmp(what, "connect-inherited"))
        return connect_to(with, 0);
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

/*
 * A daemon as such, a session of its own, told to the gate. "-stubborn" ignores SIGTERM, and so does its own child; then
 * "-polite" tells the gate once more when SIGTERM comes. "-hang": the module does not come back, "-exit", "-crash": it
 * ends the worker.
 */
static int leave_a_daemon(const char *how, const char *with)
{
    int stubborn = strstr(how, "-stubborn") != NULL;
    pid_t child = fork();
    if (child == 0) {
        setsid();
        if (fork() == 0) {
            setsid();
            signal(SIGTERM, stubborn ? SIG_IGN : SIG_DFL);
            if (stubborn && fork() == 0) {
                setsid();
                rest(NULL);
            }
            sigset_t term;
            sigemptyset(&term);
            sigaddset(&term, SIGTERM);
            if (strstr(how, "-polite"))
                sigprocmask(SIG_BLOCK, &term, NULL);
            arrive(with, getpid());
            if (strstr(how, "-polite")) {
                int number;
                sigwait(&term, &number);
                arrive(with, getpid());
                _exit(0);
            }
            rest(NULL);
        }
        _exit(0);
    }
    waitpid(child, NULL, 0);
    wait_for_release(with);
    if (strstr(how, "-hang"))
        rest(NULL);
    if (strstr(how, "-exit"))
        _exit(3);
    if (strstr(how, "-crash")) {
        signal(SIGABRT, SIG_DFL);
        abort();
    }
    return strstr(how, "-deny") ? PAM_AUTH_ERR : PAM_SUCCESS;
}

/* So many processes, each in a session of its own. */
static int leave_a_crowd(int count)
{
    while (count-- > 0)
        if (fork() == 0) {
            setsid();
            rest(NULL);
        }
    return PAM_SUCCESS;
}

/* A process that goes on as its own child, as fast as it can, out of every group; not for ever, if nobody ends it. */
static int leave_a_bomb(void)
{
    if (fork() == 0) {
        signal(SIGTERM, SIG_IGN);
        for (time_t end = time(NULL) + 30; time(NULL) < end;) {
            pid_t child = fork();
            if (child > 0)
                _exit(0);
            if (child == 0)
                setsid();
        }
        _exit(0);
    }
    return PAM_SUCCESS;
}

static int act(const char *what, const char *with)
{
    if (!strcmp(what, "good") || !strncmp(what, "session-", 8))
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
        wait(NULL);
        return PAM_AUTH_ERR;
    }
    if (!strcmp(what, "forklie") || !strcmp(what, "forklie-zero")) { /* the child reports success by itself */
        if (fork() == 0) {
            arrive(with, getpid());
            wait_for_release(with);
            report(51, strcmp(what, "forklie") ? 0 : 7);
            rest(NULL);
        }
        wait(NULL);
        return PAM_AUTH_ERR;
    }
    if (!strcmp(what, "forkabort") || !strcmp(what, "forkhang")) {
        pid_t child = fork();
        if (child == 0)
            rest(NULL);
        arrive(with, child);
        if (!strcmp(what, "forkhang"))
            rest(NULL);
        signal(SIGABRT, SIG_DFL);
        abort();
    }
    if (!strcmp(what, "segv")) {
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
    }
    if (!strcmp(what, "exit"))
        _exit(3);
    if (!strncmp(what, "daemon", 6))
        return leave_a_daemon(what + 6, with);
    if (!strcmp(what, "crowd") || !strcmp(what, "bomb"))
        return what[0] == 'c' ? leave_a_crowd(atoi(with)) : leave_a_bomb();
    if (!strcmp(what, "kill") || !strcmp(what, "killparent")) {
        kill(what[4] ? getppid() : atoi(with), SIGKILL);
        rest(NULL);
    }
    if (!strcmp(what, "spam"))
        for (;;)
            report(50, 7);
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
    return change(what, with) == 0 ? PAM_SUCCESS : PAM_AUTH_ERR;
}

/* Asks so many questions, one by one, hidden and shown in turn; each wants its own answer. */
static int ask_in_turn(pam_handle_t *pamh, int count)
{
    for (int number = 1; number <= count; number++) {
        char expected[32], *answer = NULL;
        snprintf(expected, sizeof expected, "answer %d", number);
        pam_info(pamh, "Message %d", number);
        int style = number % 2 ? PAM_PROMPT_ECHO_OFF : PAM_PROMPT_ECHO_ON;
        int code = pam_prompt(pamh, style, &answer, "Question %d: ", number);
        if (code != PAM_SUCCESS)
            return code;
        int good = answer != NULL && !strcmp(answer, expected);
        free(answer);
        if (!good)
            return PAM_AUTH_ERR;
    }
    return PAM_SUCCESS;
}

/* Ten messages of all styles in one call. */
static int ask_at_once(pam_handle_t *pamh)
{
    static const int styles[10] = {PAM_TEXT_INFO, PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_ON, PAM_ERROR_MSG,
        PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_ON, PAM_TEXT_INFO, PAM_PROMPT_ECHO_ON, PAM_TEXT_INFO};
    const struct pam_conv *conv = NULL;
    struct pam_message messages[10];
    const struct pam_message *pointers[10];
    struct pam_response *answers = NULL;
    char texts[10][32];
    if (pam_get_item(pamh, PAM_CONV, (const void **)&conv) != PAM_SUCCESS || conv == NULL)
        return PAM_SYSTEM_ERR;
    for (int number = 0; number < 10; number++) {
        snprintf(texts[number], sizeof texts[number], "text %d", number);
        messages[number] = (struct pam_message){.msg_style = styles[number], .msg = texts[number]};
        pointers[number] = &messages[number];
    }
    int code = conv->conv(10, pointers, &answers, conv->appdata_ptr);
    if (code != PAM_SUCCESS)
        return code;
    int good = 1;
    for (int number = 0; number < 10; number++) {
        char expected[32];
        int asked = styles[number] == PAM_PROMPT_ECHO_OFF || styles[number] == PAM_PROMPT_ECHO_ON;
        snprintf(expected, sizeof expected, "to %d", number);
        good &= asked ? answers[number].resp && !strcmp(answers[number].resp, expected) : !answers[number].resp;
        free(answers[number].resp);
    }
    free(answers);
    return good ? PAM_SUCCESS : PAM_AUTH_ERR;
}

/* What pam_end runs. */
static void on_end(pam_handle_t *pamh UNUSED, void *gate, int status UNUSED)
{
    arrive(gate, getpid());
    free(gate);
}

/* The same for a module that has something to do first. */
static void on_slow_end(pam_handle_t *pamh, void *gate, int status)
{
    usleep(700000);
    on_end(pamh, gate, status);
}

/* Names a page as modules of device flows do, in a message or in a prompt, and wants an empty answer. */
static int ask_for_a_page(pam_handle_t *pamh, const char *how, const char *gate)
{
    char *answer = NULL;
    int code = PAM_SUCCESS;
    if (!strchr(how, 'P'))
        code = pam_info(pamh, "Open https://example.com/d?c=AB-12.");
    if (code == PAM_SUCCESS && strchr(how, 'E'))
        code = pam_prompt(pamh, PAM_PROMPT_ECHO_OFF, &answer, "Press Enter when done: ");
    if (code == PAM_SUCCESS && strchr(how, 'P'))
        code = pam_prompt(pamh, PAM_PROMPT_ECHO_OFF, &answer, "Open https://example.com/d?c=AB-12 and press Enter: ");
    if (code == PAM_SUCCESS && answer && *answer)
        code = PAM_AUTH_ERR;
    free(answer);
    if (code == PAM_SUCCESS && strchr(how, 'G')) {
        arrive(gate, getpid());
        wait_for_release(gate);
        /* It says so again and again. */
        code = pam_info(pamh, "Still waiting for https://example.com/d?c=AB-12");
    }
    return code;
}

/* One message as it is, whatever is in it; its code. */
static int converse(pam_handle_t *pamh, int style, const char *text)
{
    const struct pam_conv *conv = NULL;
    struct pam_message message = {.msg_style = style, .msg = text};
    const struct pam_message *pointer = &message;
    struct pam_response *answer = NULL;
    if (pam_get_item(pamh, PAM_CONV, (const void **)&conv) != PAM_SUCCESS || conv == NULL)
        return PAM_SYSTEM_ERR;
    int code = conv->conv(1, &pointer, &answer, conv->appdata_ptr);
    if (answer)
        free(answer->resp);
    free(answer);
    return code;
}

/* A module that does not know when to stop: "raw" says and asks the bytes of the argument, "huge" a megabyte, "endless" asks
 * whatever the answer, "babble" says nothing a million times. */
static int ask_badly(pam_handle_t *pamh, const char *how, const char *with)
{
    if (!strcmp(how, "raw")) {
        frame[from_hex(with) % sizeof frame] = 0;
        converse(pamh, PAM_TEXT_INFO, (char *)frame);
        converse(pamh, PAM_ERROR_MSG, (char *)frame);
        return converse(pamh, PAM_PROMPT_ECHO_OFF, (char *)frame);
    }
    if (!strcmp(how, "huge")) {
        size_t size = 1 << 20;
        char *text = malloc(size);
        memset(text, 'x', size - 1);
        text[size - 1] = 0;
        converse(pamh, PAM_TEXT_INFO, text);
        int code = converse(pamh, PAM_PROMPT_ECHO_OFF, text);
        free(text);
        return code;
    }
    if (!strcmp(how, "endless"))
        for (;;)
            converse(pamh, PAM_PROMPT_ECHO_OFF, "Again: ");
    for (int count = 0; count < 1000000; count++)
        converse(pamh, PAM_TEXT_INFO, "");
    arrive(with, getpid());
    wait_for_release(with);
    return PAM_SUCCESS;
}

static int ask(pam_handle_t *pamh, const char *how, const char *with)
{
    if (!strcmp(how, "raw") || !strcmp(how, "huge") || !strcmp(how, "endless") || !strcmp(how, "babble"))
        return ask_badly(pamh, how, with);
    if (!strncmp(how, "page", 4))
        return ask_for_a_page(pamh, how + 4, with);
    if (!strcmp(how, "all"))
        return ask_at_once(pamh);
    if (!strcmp(how, "many"))
        return ask_in_turn(pamh, atoi(with));
    if (!strncmp(how, "gate", 4)) {
        arrive(with, getpid());
        wait_for_release(with);
    }
    if (!strcmp(how, "long")) {
        char text[300];
        memset(text, 'x', sizeof text - 1);
        text[sizeof text - 1] = 0;
        pam_info(pamh, "%s", text);
    }
    if (!strcmp(how, "end") || !strcmp(how, "slow-end"))
        pam_set_data(pamh, "end", strdup(with), strcmp(how, "end") ? on_slow_end : on_end);
    return ask_in_turn(pamh, 1);
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
    if (!strncmp(user, "ask-", 4))
        return ask(pamh, user + 4, password);
    if (!strncmp(user, "expired-", 8))
        return strcmp(password, "x") ? PAM_AUTH_ERR : PAM_SUCCESS;
    return act(strcmp(user, "chatter") ? user : "good", password);
}

/*
 * Passwords of "expired-..." have expired until they are changed, that of "expired-still" for good. "session-fork-account":
 * the child falls back out of here, with an error. A user who comes as device "renamed" is somebody else afterwards.
 */
int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags UNUSED, int argc UNUSED, const char **argv UNUSED)
{
    const char *user = NULL;
    const void *changed = NULL;
    const char *device = pam_getenv(pamh, "OPENVPN_COMMON_NAME");
    if (device && !strcmp(device, "renamed"))
        return pam_set_item(pamh, PAM_USER, "daemon");
    if (!pam_get_user(pamh, &user, NULL) && !strcmp(user, "session-fork-account")) {
        pid_t child = fork();
        if (child == 0)
            return PAM_ACCT_EXPIRED;
        return waitpid(child, NULL, 0) == child ? PAM_SUCCESS : PAM_SYSTEM_ERR;
    }
    if (pam_get_user(pamh, &user, NULL) || strncmp(user, "expired-", 8))
        return PAM_SUCCESS;
    pam_get_data(pamh, "changed", &changed);
    return changed && strcmp(user, "expired-still") ? PAM_SUCCESS : PAM_NEW_AUTHTOK_REQD;
}

/* Asks for the password until now, for a new one, and for that again; then it does what the name says. */
static int choose(pam_handle_t *pamh, const char *how)
{
    char *current = NULL, *new = NULL, *again = NULL;
    int code = PAM_SUCCESS;
    if (!strcmp(how, "many"))
        return ask_in_turn(pamh, 20);
    if (!strcmp(how, "deny"))
        return PAM_AUTHTOK_ERR;
    if (pam_prompt(pamh, PAM_PROMPT_ECHO_OFF, &current, "(current) password: ") ||
        pam_prompt(pamh, PAM_PROMPT_ECHO_OFF, &new, "New password: ") ||
        pam_prompt(pamh, PAM_PROMPT_ECHO_OFF, &again, "Retype new password: "))
        code = PAM_CONV_ERR;
    else if (!current || strcmp(current, "x"))
        code = PAM_AUTHTOK_RECOVERY_ERR;
    else if (!new || !again || strcmp(new, again))
        code = PAM_TRY_AGAIN;
    else if (!strcmp(new, "weak"))
        code = PAM_AUTHTOK_ERR;
    else if (!strcmp(new, "busy"))
        code = PAM_AUTHTOK_LOCK_BUSY;
    else if (!strcmp(how, "forbidden"))
        code = PAM_PERM_DENIED;
    free(current);
    free(new);
    free(again);
    return code;
}

int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc UNUSED, const char **argv UNUSED)
{
    const char *user = NULL;
    if (flags & PAM_PRELIM_CHECK)
        return PAM_SUCCESS;
    if (!(flags & PAM_CHANGE_EXPIRED_AUTHTOK) || pam_get_user(pamh, &user, NULL) || strncmp(user, "expired-", 8))
        return PAM_SYSTEM_ERR;
    say(1, "changing\n", 9);
    int code = choose(pamh, user + 8);
    if (code == PAM_SUCCESS)
        pam_set_data(pamh, "changed", pamh, NULL);
    return code;
}

/* The end of a session tells that its credentials are deleted. */
int pam_sm_setcred(pam_handle_t *pamh UNUSED, int flags, int argc UNUSED, const char **argv UNUSED)
{
    if (flags & PAM_DELETE_CRED)
        say(1, "credentials deleted\n", 20);
    return PAM_SUCCESS;
}

/*
 * "session-WHAT-open", "session-WHAT-close". "fork": the child falls back out of here, with an error, and the parent waits for
 * it. "lie": says of another transaction that its session is open. "child": leaves one.
 */
static int in_session(pam_handle_t *pamh, const char *when)
{
    const char *user = NULL, *what;
    if (pam_get_user(pamh, &user, NULL) || strncmp(user, "session-", 8) || !strstr(user, when))
        return PAM_SUCCESS;
    what = user + 8;
    if (!strncmp(what, "fork-", 5)) {
        pid_t child = fork();
        if (child == 0)
            return PAM_SESSION_ERR;
        return waitpid(child, NULL, 0) == child ? PAM_SUCCESS : PAM_SYSTEM_ERR;
    }
    if (!strncmp(what, "crash-", 6)) {
        signal(SIGABRT, SIG_DFL);
        abort();
    }
    if (!strncmp(what, "exit-", 5))
        _exit(0);
    if (!strncmp(what, "lie-", 4)) {
        report(54, 7);
        rest(NULL);
    }
    if (!strncmp(what, "closeall-", 9))
        for (int number = 0; number < 1024; number++)
            close(number);
    if (!strncmp(what, "child-", 6) && leave_a_child())
        return PAM_SYSTEM_ERR;
    return PAM_SUCCESS;
}

int pam_sm_open_session(pam_handle_t *pamh, int flags UNUSED, int argc UNUSED, const char **argv UNUSED)
{
    return in_session(pamh, "open");
}

int pam_sm_close_session(pam_handle_t *pamh, int flags UNUSED, int argc UNUSED, const char **argv UNUSED)
{
    return in_session(pamh, "close");
}
