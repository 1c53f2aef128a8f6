/* Clocks, what the server has used, and a histogram of latencies. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NS_PER_SECOND 1000000000ull

/* Monotonic time in nanoseconds. */
uint64_t now_ns(void);
double seconds_between(uint64_t earlier_ns, uint64_t later_ns);

/* Processor time in seconds, summed over processes. `total` is exact to the nanosecond; `user` and
 * `system` come from /proc/PID/stat, which counts in ticks of 10 ms, and only tell how it divides. */
struct cpu_time {
    double total, user, system;
};
struct cpu_time cpu_time_of(const pid_t *pids, int count);
struct cpu_time cpu_time_between(struct cpu_time earlier, struct cpu_time later);

/* Resident memory in KiB, summed over processes. */
long resident_kib(const pid_t *pids, int count);

/* Latencies in buckets: 64 to each doubling, so a quantile is right to 1 %. */
#define HISTOGRAM_STEPS 64
struct histogram {
    uint64_t buckets[59 * HISTOGRAM_STEPS];
    uint64_t count, max_ns;
};
void histogram_add(struct histogram *histogram, uint64_t ns);
/* The latency in milliseconds that a share of `quantile` (0 to 1) does not exceed; 0 when empty. */
double histogram_quantile_ms(const struct histogram *histogram, double quantile);

/* Say what went wrong, with the reason in errno if there is one, and end with status 2. */
_Noreturn void fail(const char *what);

/* realloc that never returns NULL. */
void *grow(void *memory, size_t size);

#endif
