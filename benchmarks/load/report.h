/* What a run has found, and how it is told: JSON for programs, a few lines for people. */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "measure.h"
#include "options.h"
#include "tally.h"

/* What became of the people who stalled: each counts once. */
struct stalled_findings {
    int closed;     /* the server let go of them */
    int caught_up;  /* when they read again at the end, everything came */
    int behind;     /* nothing is missing up to where they are, but the rest is still on the way (TCP waits long) */
    int told;       /* something is missing, and the server says so */
    int untold;     /* something is missing, and nothing is said */
};

struct findings {
    int connections;
    int present;                     /* how many were greeted */
    int closed;                      /* listeners and speakers that the server hung up on */
    uint64_t refusals;               /* lines that say no, to anybody but the troublemaker */
    uint64_t other_lines;            /* heard in the talk, and no message of a speaker */
    uint64_t bytes_received;         /* in the talk and after */
    bool ran_out_of_time;
    double arrival_seconds, talk_seconds;
    struct cpu_time arrival_cpu, talk_cpu, idle_cpu;
    double load_cpu_seconds;         /* of this program in the talk: near talk_seconds, it was the brake itself */
    long rss_before_kib, rss_arrived_kib, rss_peak_kib, rss_after_kib;
    struct tally tally;
    struct stalled_findings stalled;
    uint64_t trouble_bytes;          /* sent by the troublemaker */
    bool trouble_closed;
};

/* Everybody was greeted, and everything arrived once and in order, in time. */
bool went_well(const struct findings *found);

void print_json(const struct options *options, const struct findings *found);
void print_summary(const struct options *options, const struct findings *found);

#endif
