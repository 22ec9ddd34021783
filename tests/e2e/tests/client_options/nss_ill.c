/* A name service that does what it should not, by the name that it is asked for. */
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum nss_status behave(const char *name, int *errnop)
{
    if (!strcmp(name, "ill-hangs"))
        for (;;)
            pause();
    if (!strcmp(name, "ill-crashes"))
        abort();
    if (!strcmp(name, "ill-exits"))
        _exit(0);
    if (!strcmp(name, "ill-forks") && !fork()) {
        setsid();
        execl("/bin/sleep", "nss-ill-child", "1000", (char *)NULL);
        _exit(1);
    }
    if (!strcmp(name, "ill-away")) {
        *errnop = EIO;
        return NSS_STATUS_UNAVAIL;
    }
    /* As nslcd's part does without nslcd. */
    if (!strcmp(name, "ill-stopped")) {
        *errnop = ENOENT;
        return NSS_STATUS_UNAVAIL;
    }
    if (!strcmp(name, "ill-busy")) {
        *errnop = EAGAIN;
        return NSS_STATUS_TRYAGAIN;
    }
    return NSS_STATUS_NOTFOUND;
}

enum nss_status _nss_ill_getpwnam_r(const char *name, struct passwd *out, char *buffer, size_t size, int *errnop)
{
    (void)out, (void)buffer, (void)size;
    return behave(name, errnop);
}

enum nss_status _nss_ill_getgrnam_r(const char *name, struct group *out, char *buffer, size_t size, int *errnop)
{
    static char *members[] = {"alice", NULL};
    (void)buffer, (void)size;
    if (strcmp(name, "ill-listed"))
        return behave(name, errnop);
    out->gr_name = "ill-listed";
    out->gr_passwd = "x";
    out->gr_gid = 4711;
    out->gr_mem = members;
    return NSS_STATUS_SUCCESS;
}

/* Nobody's groups are known, which getgrouplist(3) does not say. */
enum nss_status _nss_ill_initgroups_dyn(const char *user, gid_t group, long *start, long *size, gid_t **groups,
                                        long limit, int *errnop)
{
    (void)user, (void)group, (void)start, (void)size, (void)groups, (void)limit;
    *errnop = EIO;
    return NSS_STATUS_UNAVAIL;
}
