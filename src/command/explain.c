#include "command/explain.h"

#include <errno.h>
#include <string.h>

#include "action/diagnose.h"
#include "base/cleanup.h"
#include "command/protect.h"
#include "view/describe_shmget.h"
#include "view/remedy.h"
#include "view/remedy_shmget.h"
#include "view/shmget_report.h"

int explain_shmget(struct context *context, const char *whose, const struct shmget_request *request,
                   int code)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_STRBUF struct strbuf call = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;
    struct shmget_diagnosis diagnosis;

    shmget_report_call(&call, request);
    context_warn(context, "%s%s: %s", whose, strbuf_string(&call), strerror(code));
    if (!context->system.protection)
        protect_read(context, NULL, NEED_PROTECTION);
    if (diagnose_shmget(&context->system, request, 0, NULL, &diagnosis, &err) < 0) {
        context_warn(context, "%swhy is not known: %s", whose, err.text);
        return STATUS_FAILED;
    }
    if (diagnosis.answer.code == code) {
        describe_shmget(&reason, &diagnosis);
        remedy_shmget(&remedy, &diagnosis);
    } else {
        strbuf_puts(&reason, "not known, for it is gone: now the call would ");
        strbuf_puts(&reason, diagnosis.answer.code ? "fail with: " : "succeed");
        if (diagnosis.answer.code)
            strbuf_puts(&reason, strerror(diagnosis.answer.code));
    }
    context_warn(context, "%sreason: %s", whose, strbuf_string(&reason));
    if (remedy.length > 0)
        context_warn(context, "%sremedy: %s", whose, strbuf_string(&remedy));
    shmget_diagnosis_release(&diagnosis);
    return code == ENOSYS ? STATUS_UNREADABLE : STATUS_FAILED;
}

int explain_forced(struct context *context)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_INVENTORY struct inventory inventory = {0};
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;

    if (inventory_read(&context->system, NULL, NEED_LIMITS | NEED_CREDENTIALS, &inventory, &err) <
        0)
        return context_fail(context, &err, STATUS_FAILED);
    remedy_set_limit(&remedy, &inventory, LIMIT_RMID_FORCED, 0);
    context_warn(context, "remedy: %s", strbuf_string(&remedy));
    return STATUS_FAILED;
}
