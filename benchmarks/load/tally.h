/* Who has heard what: loss, doubling, order and latency of every message at every person. */
#ifndef TALLY_H
#define TALLY_H

#include "dialect.h"
#include "measure.h"

/* What one person has heard of one speaker. */
struct track {
    uint32_t next;    /* the sequence number that should come now */
    uint32_t heard;   /* how many were heard */
    uint64_t recent;  /* bit i: number next-1-i was heard */
};

struct tally {
    uint64_t expected, delivered;
    uint64_t lost;          /* passed over and not heard since */
    uint64_t doubled;       /* heard before (or more than 64 numbers late, which cannot be told apart) */
    uint64_t out_of_order;  /* heard after a later one */
    struct histogram latency;
    uint64_t late_from_ns;          /* messages from this moment on count in `late_latency` as well */
    struct histogram late_latency;
};

/* Enter one message that somebody heard. */
void tally_hear(struct tally *tally, struct track *track, struct stamp stamp, uint64_t arrived_ns);

/* Somebody is gone: what they have not heard of a speaker's `messages` is lost. */
void tally_give_up(struct tally *tally, const struct track *track, int messages);

#endif
