/* slow_sync: makes a disk whose sync takes SLOW_SYNC_US microseconds at least, for the one program that is started with it
 * (LD_PRELOAD). What is synced is synced; the rest of the time is slept. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

static int slowly(const char *name, int file)
{
    const char *wanted = getenv("SLOW_SYNC_US");
    long end = now_ns() + 1000 * (wanted ? atol(wanted) : 0);
    int (*sync)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    int done = sync(file), why = errno;
    long left = end - now_ns();
    if (left > 0)
        nanosleep(&(struct timespec){.tv_sec = left / 1000000000L, .tv_nsec = left % 1000000000L}, NULL);
    errno = why;
    return done;
}

int fdatasync(int file)
{
    return slowly("fdatasync", file);
}

int fsync(int file)
{
    return slowly("fsync", file);
}
