/* A PAM module for tests. Its arguments are done in order:
 *   off:PROMPT  on:PROMPT  info:TEXT  error:TEXT   add a message to the next call of the conversation
 *   style:N     add a message of style N;  null:N  one of style N whose text is NULL;  hole  a NULL message
 *   count:N     say the call has N messages, whatever was added
 *   ask         call the conversation;  ask:thread  from another thread, waiting for it
 *   want:I=TEXT the I-th answer of the last call must be TEXT;  none:I  it must be NULL
 *   user:NAME   set PAM_USER
 *   flags:N     the phase was called with these flags
 *   late:FILE   when the transaction ends, write "STATUS CODE" to FILE: what pam_end passed on, and what the
 *               conversation returned when called then
 * Any failure ends it with the code of the conversation or, for want and none, PAM_AUTH_ERR. */
#include <pthread.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 40

struct call {
    const struct pam_conv *conv;
    int count;
    struct pam_message messages[MOST];
    const struct pam_message *pointers[MOST];
    struct pam_response *answers;
    int code;
};

static void *ask(void *argument)
{
    struct call *call = argument;
    call->answers = (struct pam_response *) 8; /* must be overwritten, also on failure */
    call->code = call->conv->conv(call->count, call->pointers, &call->answers, call->conv->appdata_ptr);
    return NULL;
}

static void forget(struct call *call, int count)
{
    if (call->code == PAM_SUCCESS && call->answers != NULL) {
        for (int i = 0; i < count; i++)
            free(call->answers[i].resp);
        free(call->answers);
    }
    call->answers = NULL;
    call->count = 0;
}

static void add(struct call *call, int style, const char *text)
{
    if (call->count < MOST) {
        call->messages[call->count].msg_style = style;
        call->messages[call->count].msg = text;
        call->pointers[call->count] = &call->messages[call->count];
        call->count++;
    }
}

static const char *after(const char *word, const char *start)
{
    size_t len = strlen(start);
    return strncmp(word, start, len) == 0 ? word + len : NULL;
}

static void late(pam_handle_t *handle, void *data, int status)
{
    struct call call = {0};
    const void *conv = NULL;
    char *path = data;
    FILE *file = fopen(path, "w");
    pam_get_item(handle, PAM_CONV, &conv);
    call.conv = conv;
    add(&call, PAM_PROMPT_ECHO_OFF, "too late");
    ask(&call);
    if (file != NULL) {
        fprintf(file, "%d %d", status, call.code);
        fclose(file);
    }
    forget(&call, 1);
    free(path);
}

PAM_EXTERN int pam_sm_authenticate(pam_handle_t *handle, int flags, int argc, const char **argv)
{
    struct call call = {0};
    const void *conv = NULL;
    const char *rest;
    int asked = 0, result = PAM_SUCCESS;
    pthread_t thread;
    pam_get_item(handle, PAM_CONV, &conv);
    call.conv = conv;
    for (int i = 0; i < argc && result == PAM_SUCCESS; i++) {
        if ((rest = after(argv[i], "off:")))
            add(&call, PAM_PROMPT_ECHO_OFF, rest);
        else if ((rest = after(argv[i], "on:")))
            add(&call, PAM_PROMPT_ECHO_ON, rest);
        else if ((rest = after(argv[i], "info:")))
            add(&call, PAM_TEXT_INFO, rest);
        else if ((rest = after(argv[i], "error:")))
            add(&call, PAM_ERROR_MSG, rest);
        else if ((rest = after(argv[i], "style:")))
            add(&call, atoi(rest), "odd");
        else if ((rest = after(argv[i], "null:")))
            add(&call, atoi(rest), NULL);
        else if (strcmp(argv[i], "hole") == 0)
            call.pointers[call.count++] = NULL;
        else if ((rest = after(argv[i], "count:")))
            call.count = atoi(rest);
        else if ((rest = after(argv[i], "ask"))) {
            asked = call.count;
            if (*rest == '\0')
                ask(&call);
            else if (pthread_create(&thread, NULL, ask, &call) != 0 || pthread_join(thread, NULL) != 0)
                call.code = PAM_SYSTEM_ERR;
            result = call.code;
            if (result != PAM_SUCCESS && call.answers != NULL)
                result = PAM_SERVICE_ERR;
            call.count = 0;
        } else if ((rest = after(argv[i], "want:"))) {
            const char *answer = call.answers[atoi(rest)].resp;
            if (answer == NULL || strcmp(answer, strchr(rest, '=') + 1) != 0)
                result = PAM_AUTH_ERR;
        } else if ((rest = after(argv[i], "none:"))) {
            if (call.answers[atoi(rest)].resp != NULL)
                result = PAM_AUTH_ERR;
        } else if ((rest = after(argv[i], "flags:"))) {
            if (flags != atoi(rest))
                result = PAM_AUTH_ERR;
        } else if ((rest = after(argv[i], "user:")))
            pam_set_item(handle, PAM_USER, rest);
        else if ((rest = after(argv[i], "late:")))
            pam_set_data(handle, "late", strdup(rest), late);
        else
            result = PAM_MODULE_UNKNOWN;
    }
    forget(&call, asked);
    return result;
}

PAM_EXTERN int pam_sm_acct_mgmt(pam_handle_t *handle, int flags, int argc, const char **argv)
{
    return pam_sm_authenticate(handle, flags, argc, argv);
}

PAM_EXTERN int pam_sm_setcred(pam_handle_t *handle, int flags, int argc, const char **argv)
{
    (void) handle, (void) flags, (void) argc, (void) argv;
    return PAM_SUCCESS;
}
