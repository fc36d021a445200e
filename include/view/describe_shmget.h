/*
 * Why a call of shmget, and of shmat after it, is answered as it is.
 */
#ifndef SHMTOOL_VIEW_DESCRIBE_SHMGET_H
#define SHMTOOL_VIEW_DESCRIBE_SHMGET_H

#include "action/diagnose.h"
#include "base/strbuf.h"

/* Appends why shmget answers so, and where shmat would fail after it, why that does. */
void describe_shmget(struct strbuf *out, const struct shmget_diagnosis *diagnosis);

/*
 * Appends what will go wrong although both calls succeed: the memory control group allows less.
 * Nothing where that is not so.
 */
void describe_shmget_warning(struct strbuf *out, const struct shmget_diagnosis *diagnosis);

#endif
