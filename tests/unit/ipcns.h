/*
 * An IPC namespace of a test's own, where making and removing segments harms nobody.
 */
#ifndef SHMTOOL_TESTS_IPCNS_H
#define SHMTOOL_TESTS_IPCNS_H

/*
 * Puts the whole test program into an IPC namespace of its own, at the first call. Where that is
 * not allowed, the running test is skipped with a line that says so.
 */
void ipcns_enter(void);

/* Makes a segment of the namespace; returns its id. Only after ipcns_enter(). */
int ipcns_segment(int key, unsigned long size, int mode);

/* Removes all the namespace's segments. For cmocka: a teardown of tests that make some. */
int ipcns_teardown(void **state);

#endif
