#define _GNU_SOURCE
#include "measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t read_clock_ns(clockid_t clock)
{
    struct timespec time = {0};
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * NS_PER_SECOND + (uint64_t)time.tv_nsec;
}

uint64_t now_ns(void)
{
    return read_clock_ns(CLOCK_MONOTONIC);
}

double seconds_between(uint64_t earlier_ns, uint64_t later_ns)
{
    return later_ns < earlier_ns ? 0 : (double)(later_ns - earlier_ns) / NS_PER_SECOND;
}

/* Fields 14 and 15 of /proc/PID/stat. The name in field 2 may hold anything, so count from its last ')'. */
static void add_stat_times(pid_t pid, struct cpu_time *sum)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return;
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    char *after_name = strrchr(text, ')');
    unsigned long user, system;
    if (after_name && sscanf(after_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) == 2) {
        double ticks_per_second = (double)sysconf(_SC_CLK_TCK);
        sum->user += (double)user / ticks_per_second;
        sum->system += (double)system / ticks_per_second;
    }
}

struct cpu_time cpu_time_of(const pid_t *pids, int count)
{
    struct cpu_time sum = {0};
    for (int i = 0; i < count; i++) {
        clockid_t clock;
        if (clock_getcpuclockid(pids[i], &clock) == 0)
            sum.total += (double)read_clock_ns(clock) / NS_PER_SECOND;
        add_stat_times(pids[i], &sum);
    }
    return sum;
}

struct cpu_time cpu_time_between(struct cpu_time earlier, struct cpu_time later)
{
    return (struct cpu_time){later.total - earlier.total, later.user - earlier.user, later.system - earlier.system};
}

long resident_kib(const pid_t *pids, int count)
{
    long pages = 0;
    for (int i = 0; i < count; i++) {
        char path[64];
        long resident;
        snprintf(path, sizeof path, "/proc/%d/statm", (int)pids[i]);
        FILE *file = fopen(path, "r");
        if (!file)
            continue;
        if (fscanf(file, "%*d %ld", &resident) == 1)
            pages += resident;
        fclose(file);
    }
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Below 64 ns a bucket is one nanosecond wide; from there on the leading bit picks the group of 64
 * buckets, and the next six bits the bucket in it. */
static size_t bucket_of(uint64_t ns)
{
    if (ns < HISTOGRAM_STEPS)
        return ns;
    int shift = 63 - __builtin_clzll(ns) - 6;
    return (size_t)(shift + 1) * HISTOGRAM_STEPS + ((ns >> shift) & (HISTOGRAM_STEPS - 1));
}

static double middle_of_bucket_ns(size_t bucket)
{
    if (bucket < HISTOGRAM_STEPS)
        return (double)bucket;
    int shift = (int)(bucket / HISTOGRAM_STEPS) - 1;
    return ((double)(HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS) + 0.5) * (double)(1ull << shift);
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
    histogram->buckets[bucket_of(ns)]++;
    histogram->count++;
    if (ns > histogram->max_ns)
        histogram->max_ns = ns;
}

double histogram_quantile_ms(const struct histogram *histogram, double quantile)
{
    uint64_t seen = 0;
    double wanted = quantile * (double)histogram->count;
    for (size_t bucket = 0; bucket < sizeof histogram->buckets / sizeof *histogram->buckets; bucket++) {
        seen += histogram->buckets[bucket];
        if (seen && (double)seen >= wanted)
            return middle_of_bucket_ns(bucket) / 1e6;
    }
    return 0;
}

void fail(const char *what)
{
    if (errno)
        fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    else
        fprintf(stderr, "load: %s\n", what);
    exit(2);
}

void *grow(void *memory, size_t size)
{
    void *grown = realloc(memory, size);
    if (!grown)
        fail("out of memory");
    return grown;
}
