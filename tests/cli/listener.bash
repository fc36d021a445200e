# shellcheck shell=bash
# For the tests of run --exact and --explain (load listener, after common).

# need_listener: skips the test where calls of shmget cannot be listened to: an old kernel, or a filter that forbids it
need_listener() {
    local why
    why=$("$SHMTOOL" run --exact true 2>&1) || skip "${why#shmtool: run: }"
}
