/*
 * Why does shmget fail? One call foreseen, with all that explains its answer.
 */
#ifndef SHMTOOL_ACTION_DIAGNOSE_CALL_H
#define SHMTOOL_ACTION_DIAGNOSE_CALL_H

#include <stdbool.h>
#include <stddef.h>

#include "action/survey.h"
#include "base/error.h"
#include "kernel/attach.h"
#include "kernel/system.h"
#include "model/shmget.h"
#include "model/state.h"

struct call_diagnosis {
    struct shmget_request request;
    struct shmget_answer answer;
    struct credentials credentials;
    struct survey survey;
    struct memory_state memory;
    bool has_segment; /* somebody has the key */
    struct segment segment;
    enum segment_state state;
    bool has_former; /* nobody has it, but this one, marked for destruction, once had */
    struct segment former;
    struct attachment_list attachments; /* empty unless one of the two is attached */
    struct share *shares; /* owned; the largest first, when a limit of all is reached */
    size_t share_count;
};

/*
 * Foresees what shmget would answer to this process, and changes nothing. The kernel is asked too
 * where that can be done without IPC_CREAT; its word counts, SHMGET_REFUSED where the facts do not
 * explain it.
 *
 * machine: the live system
 * ret_diagnosis: released by the caller with call_diagnosis_release()
 * Returns 0, or a negative errno with words in ERR when segments or limits cannot be read.
 */
int diagnose_call(struct system *system, const struct shmget_request *request,
                  const struct survey_sink *sink, struct call_diagnosis *ret_diagnosis,
                  struct error *err);

void call_diagnosis_release(struct call_diagnosis *diagnosis);

#endif
