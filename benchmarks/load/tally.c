#include "tally.h"

#define REMEMBERED 64

static void hear_next(struct tally *tally, struct track *track, uint32_t sequence)
{
    uint32_t skipped = sequence - track->next;
    tally->lost += skipped;
    track->recent = skipped + 1 < REMEMBERED ? track->recent << (skipped + 1) : 0;
    track->recent |= 1;
    track->next = sequence + 1;
}

/* True when this is the first time, late as it is. */
static bool hear_late(struct tally *tally, struct track *track, uint32_t sequence)
{
    uint32_t age = track->next - 1 - sequence;
    if (age >= REMEMBERED || track->recent >> age & 1) {
        tally->doubled++;
        return false;
    }
    track->recent |= 1ull << age;
    tally->out_of_order++;
    tally->lost--;
    return true;
}

void tally_hear(struct tally *tally, struct track *track, struct stamp stamp, uint64_t arrived_ns)
{
    if (stamp.sequence >= track->next)
        hear_next(tally, track, stamp.sequence);
    else if (!hear_late(tally, track, stamp.sequence))
        return;
    track->heard++;
    tally->delivered++;
    uint64_t latency_ns = arrived_ns > stamp.sent_ns ? arrived_ns - stamp.sent_ns : 0;
    histogram_add(&tally->latency, latency_ns);
    if (stamp.sent_ns >= tally->late_from_ns)
        histogram_add(&tally->late_latency, latency_ns);
}

void tally_give_up(struct tally *tally, const struct track *track, int messages)
{
    if (track->next < (uint32_t)messages)
        tally->lost += (uint32_t)messages - track->next;
}
