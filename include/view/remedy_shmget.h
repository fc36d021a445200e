/*
 * What helps where a call of shmget, or of shmat after it, fails.
 */
#ifndef SHMTOOL_VIEW_REMEDY_SHMGET_H
#define SHMTOOL_VIEW_REMEDY_SHMGET_H

#include "action/diagnose.h"
#include "base/strbuf.h"

/* Appends what helps, a command if there is one; nothing where nothing is to be done. */
void remedy_shmget(struct strbuf *out, const struct shmget_diagnosis *diagnosis);

#endif
