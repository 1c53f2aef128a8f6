/* load: a crowd of people who talk through a line-based chat server on 127.0.0.1, and check what they hear.
 *
 * The people come in four roles, numbered in this order: listeners, speakers (who hear the other speakers),
 * stalled people (who log in and stop reading) and at most one troublemaker. A run has these phases:
 *
 *   arrive   everybody connects and logs in; how long until the last one is greeted?
 *   settle   until nothing more arrives, so that announcements of the arrivals are not counted below
 *   talk     closed loop, or paced by a clock; every message carries its speaker, number and time
 *   idle     silence; what does the server do when nobody does anything?
 *   wake     the stalled read again: what have they missed, and were they told?
 *
 * Closed loop means that a speaker has at most --window messages on the way that the first listener has not
 * heard. It measures what a delivery costs. Paced (--rate) means that messages have a moment when they are due,
 * and latency counts from then, even when the server holds up their sending: it measures what people notice.
 *
 * One thread, one epoll, bounded in time by --patience and --time-limit. --help lists the options. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "load/dialect.h"
#include "load/measure.h"
#include "load/options.h"
#include "load/peer.h"
#include "load/report.h"
#include "load/tally.h"

#define EVENTS_AT_ONCE 512
#define SPEAKER_QUEUE_BYTES 65536
#define TROUBLE_BYTES 65536
#define MEMORY_SAMPLE_SECONDS 0.1
/* When nothing arrives for so long, nothing more is on the way. The sender of a woken peer may be between probes. */
#define QUIET_SECONDS 0.3
#define QUIET_SECONDS_AFTER_WAKING 2.0
#define QUIET_LIMIT_SECONDS 60
#define SETTLING_SECONDS 5 /* a server may gather joinings, and send the last of them so late */
#define COMPLAINTS 5 /* lines about single connections on standard error, of each kind */

enum phase { ARRIVE, TALK, IDLE, WAKE };

static struct options options;
static struct findings found;
static enum phase phase;
static int epoll;
static struct peer *peers;
static int opened, gone;
static uint64_t program_start_ns, talk_start_ns, last_progress_ns, last_receipt_ns;
static struct tally stalled_tally; /* what the stalled hear when they wake is nobody's figure, but must be kept apart */

static struct cpu_time server_cpu(void)
{
    return cpu_time_of(options.pids, options.pid_count);
}

static long server_rss_kib(void)
{
    return resident_kib(options.pids, options.pid_count);
}

/* ---- the crowd ---- */

static enum role role_of(int number)
{
    if (number < options.listeners)
        return LISTENER;
    if (number < options.listeners + options.speakers)
        return SPEAKER;
    return number < options.listeners + options.speakers + options.stalled ? STALLED : TROUBLEMAKER;
}

static bool reads_all_along(const struct peer *peer)
{
    return peer->role == LISTENER || peer->role == SPEAKER;
}

/* A speaker's number among the speakers; of anybody else, a number that no speaker has. */
static unsigned speaker_index(const struct peer *peer)
{
    return (unsigned)(peer->number - options.listeners);
}

static void allow_open_files(int needed)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    errno = 0;
    if (limit.rlim_cur < (rlim_t)needed)
        fail("too few open files are allowed (ulimit -Hn) for so many connections");
}

static void *allocate(int count, size_t size)
{
    void *memory = calloc((size_t)count + 1, size);
    if (!memory)
        fail("out of memory");
    return memory;
}

static void assemble_crowd(void)
{
    found.connections = options.listeners + options.speakers + options.stalled + (options.trouble != NO_TROUBLE);
    allow_open_files(found.connections + 32);
    peers = allocate(found.connections, sizeof *peers);
    for (int i = 0; i < found.connections; i++) {
        peers[i].number = i;
        peers[i].role = role_of(i);
        peers[i].tracks = allocate(options.speakers, sizeof *peers[i].tracks);
    }
}

static void give_up_on(const struct peer *peer)
{
    for (unsigned speaker = 0; reads_all_along(peer) && speaker < (unsigned)options.speakers; speaker++)
        if (speaker != speaker_index(peer))
            tally_give_up(&found.tally, &peer->tracks[speaker], options.messages);
}

/* The server has hung up on somebody. */
static void lose(struct peer *peer)
{
    gone++;
    if (peer->role == STALLED)
        found.stalled.closed++;
    else if (peer->role == TROUBLEMAKER)
        found.trouble_closed = true;
    else if (found.closed++ < COMPLAINTS)
        fprintf(stderr, "load: the server closed connection %d\n", peer->number);
    if (phase == TALK)
        give_up_on(peer);
    peer_close(peer);
}

static void flush(struct peer *peer)
{
    if (!peer_flush(peer, epoll))
        lose(peer);
}

/* ---- what happens on a connection ---- */

static void be_present(struct peer *peer)
{
    if (peer->stage == PRESENT)
        return;
    peer->stage = PRESENT;
    found.present++;
    last_progress_ns = now_ns();
    if (peer->role == STALLED)
        peer_watch(peer, epoll, EPOLLRDHUP);
}

static void be_connected(struct peer *peer)
{
    if (!peer_is_connected(peer)) {
        lose(peer);
        return;
    }
    peer->stage = LOGGING_IN;
    peer_watch(peer, epoll, EPOLLIN);
    queue_login(peer, &options);
    flush(peer);
    if (options.dialect != IRC && !options.greeting)
        be_present(peer);
}

static void hear_message(struct peer *peer, struct stamp stamp, uint64_t arrived_ns)
{
    /* History from before the talk carries older stamps. */
    if (phase == ARRIVE || stamp.sent_ns < talk_start_ns)
        return;
    if (stamp.speaker >= (unsigned)options.speakers || stamp.speaker == speaker_index(peer))
        return;
    struct tally *tally = reads_all_along(peer) ? &found.tally : &stalled_tally;
    tally_hear(tally, &peer->tracks[stamp.speaker], stamp, arrived_ns);
    if (tally == &found.tally)
        last_progress_ns = arrived_ns;
}

static void be_refused(const struct peer *peer, const char *line, size_t length)
{
    if (peer->role != TROUBLEMAKER && found.refusals++ < COMPLAINTS)
        fprintf(stderr, "load: connection %d was told: %.*s\n", peer->number, (int)length, line);
}

static void hear_line(struct peer *peer, const char *line, size_t length, uint64_t arrived_ns)
{
    struct stamp stamp;
    switch (understand(line, length, &options, &stamp)) {
    case MESSAGE:
        hear_message(peer, stamp, arrived_ns);
        break;
    case WELCOME:
        if (options.join)
            queue_join(peer);
        else
            be_present(peer);
        break;
    case ARRIVED:
        be_present(peer);
        break;
    case MISSED:
        peer->told_missed = true;
        break;
    case PING:
        queue_pong(peer, line, length);
        break;
    case REFUSED:
        be_refused(peer, line, length);
        break;
    case NOTHING:
        found.other_lines += phase == TALK;
        break;
    }
}

static void receive(struct peer *peer)
{
    long received = peer_receive(peer, hear_line);
    if (received < 0) {
        lose(peer);
        return;
    }
    found.bytes_received += (uint64_t)received;
    last_receipt_ns = now_ns();
    if (peer_queued(peer))
        flush(peer);
}

static void handle_event(struct peer *peer, uint32_t events)
{
    if (peer->stage == CONNECTING) {
        be_connected(peer);
    } else if (peer->role == STALLED && peer->stage == PRESENT && phase != WAKE) {
        lose(peer); /* it watches for the end of its connection, and for nothing else */
    } else {
        if (events & EPOLLOUT)
            flush(peer);
        if (peer->stage != CLOSED && events & ~(uint32_t)EPOLLOUT)
            receive(peer);
    }
}

static void handle_events(int wait_ms)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(epoll, events, EVENTS_AT_ONCE, wait_ms);
    for (int i = 0; i < count; i++)
        handle_event(events[i].data.ptr, events[i].events);
}

static void handle_events_until_quiet(double quiet_seconds)
{
    uint64_t start = last_receipt_ns = now_ns(), now;
    do {
        handle_events(20);
        now = now_ns();
    } while (seconds_between(last_receipt_ns, now) < quiet_seconds && seconds_between(start, now) < QUIET_LIMIT_SECONDS);
}

/* Nothing has moved for too long, or the whole takes too long. */
static bool out_of_time(uint64_t now)
{
    found.ran_out_of_time = seconds_between(program_start_ns, now) > options.limit_seconds ||
                            seconds_between(last_progress_ns, now) > options.patience_seconds;
    return found.ran_out_of_time;
}

/* ---- arrive ---- */

static void open_more(void)
{
    int window = options.login_window ? options.login_window : found.connections;
    while (opened < found.connections && opened - found.present - gone < window)
        peer_open(&peers[opened++], epoll, options.port);
}

static void arrive(void)
{
    uint64_t start = last_progress_ns = now_ns();
    struct cpu_time cpu = server_cpu();
    found.rss_before_kib = server_rss_kib();
    while (found.present < found.connections && !out_of_time(now_ns())) {
        open_more();
        handle_events(20);
    }
    found.arrival_seconds = seconds_between(start, last_progress_ns);
    found.arrival_cpu = cpu_time_between(cpu, server_cpu());
    handle_events_until_quiet(QUIET_SECONDS);
    found.rss_arrived_kib = found.rss_peak_kib = found.rss_after_kib = server_rss_kib();
}

/* ---- talk ---- */

/* When the next message of a speaker is due; the speakers take turns. */
static uint64_t due_ns(const struct peer *speaker)
{
    double turn = (double)speaker->said * options.speakers + speaker_index(speaker);
    return talk_start_ns + (uint64_t)(turn / options.rate * NS_PER_SECOND);
}

static bool may_speak(const struct peer *speaker, uint64_t now)
{
    if (speaker->said >= options.messages)
        return false;
    if (options.rate > 0)
        return due_ns(speaker) <= now;
    uint32_t heard = peers[0].tracks[speaker_index(speaker)].next;
    return (uint32_t)speaker->said < heard + (uint32_t)options.window && peer_queued(speaker) < SPEAKER_QUEUE_BYTES;
}

static void speak(struct peer *speaker, uint64_t now)
{
    if (speaker->stage != PRESENT || !may_speak(speaker, now))
        return;
    bool waits_for_kernel = peer_queued(speaker) > 0;
    while (may_speak(speaker, now)) {
        uint64_t sent_ns = options.rate > 0 ? due_ns(speaker) : now_ns();
        struct stamp stamp = {speaker_index(speaker), (unsigned)speaker->said, sent_ns};
        queue_message(speaker, &options, stamp);
        speaker->said++;
    }
    if (!waits_for_kernel)
        flush(speaker);
}

/* True when the troublemaker could go on at once. */
static bool make_trouble(uint64_t now)
{
    static char piece[TROUBLE_BYTES];
    static uint64_t next_drop_ns;
    struct peer *peer = &peers[found.connections - 1];
    if (options.trouble == NO_TROUBLE || peer->stage != PRESENT || peer_queued(peer))
        return false;
    if (options.trouble == TRICKLE) {
        if (now < next_drop_ns)
            return false;
        next_drop_ns = now + NS_PER_SECOND;
    }
    peer_queue(peer, piece, write_trouble(piece, sizeof piece, &options));
    flush(peer);
    return options.trouble != TRICKLE && peer->stage == PRESENT && !peer_queued(peer);
}

static void sample_memory(uint64_t now)
{
    static uint64_t last_ns;
    if (seconds_between(last_ns, now) < MEMORY_SAMPLE_SECONDS)
        return;
    last_ns = now;
    long rss_kib = server_rss_kib();
    if (rss_kib > found.rss_peak_kib)
        found.rss_peak_kib = rss_kib;
}

static void begin_to_talk(void)
{
    uint64_t speakers = (uint64_t)options.speakers, hearers = (uint64_t)options.listeners + speakers;
    found.tally.expected = speakers * (uint64_t)options.messages * (hearers - 1);
    found.bytes_received = 0;
    phase = TALK;
    for (int i = 0; i < found.connections; i++)
        if (peers[i].stage == CLOSED)
            give_up_on(&peers[i]);
    talk_start_ns = last_progress_ns = now_ns();
    /* In the second half of a paced talk, whoever stalls has stalled. */
    double half_seconds = options.rate > 0 ? options.seconds / 2 : 0;
    found.tally.late_from_ns = talk_start_ns + (uint64_t)(half_seconds * NS_PER_SECOND);
}

static void talk_until_all_is_heard(void)
{
    begin_to_talk();
    while (found.tally.delivered + found.tally.lost < found.tally.expected) {
        uint64_t now = now_ns();
        if (out_of_time(now))
            break;
        for (int i = 0; i < options.speakers; i++)
            speak(&peers[options.listeners + i], now);
        int wait_ms = make_trouble(now) ? 0 : options.rate > 0 ? 1 : 100;
        handle_events(wait_ms);
        sample_memory(now);
    }
}

static void talk(void)
{
    pid_t self = getpid();
    struct cpu_time cpu = server_cpu(), own_cpu = cpu_time_of(&self, 1);
    talk_until_all_is_heard();
    found.talk_seconds = seconds_between(talk_start_ns, last_progress_ns);
    found.talk_cpu = cpu_time_between(cpu, server_cpu());
    found.load_cpu_seconds = cpu_time_between(own_cpu, cpu_time_of(&self, 1)).total;
    found.rss_after_kib = server_rss_kib();
    if (options.trouble != NO_TROUBLE)
        found.trouble_bytes = peers[found.connections - 1].bytes_sent;
}

/* ---- idle, and wake ---- */

static void say_nothing(double seconds)
{
    uint64_t start = now_ns(), now;
    while (seconds_between(start, now = now_ns()) < seconds) {
        handle_events(100);
        sample_memory(now);
    }
}

static void idle(void)
{
    phase = IDLE;
    say_nothing(SETTLING_SECONDS);
    struct cpu_time cpu = server_cpu();
    say_nothing(options.idle_seconds);
    found.idle_cpu = cpu_time_between(cpu, server_cpu());
}

static void judge_stalled(const struct peer *peer)
{
    struct stalled_findings *stalled = &found.stalled;
    uint64_t passed = 0, heard = 0;
    for (int speaker = 0; speaker < options.speakers; speaker++) {
        passed += peer->tracks[speaker].next;
        heard += peer->tracks[speaker].heard;
    }
    if (peer->told_missed)
        stalled->told++;
    else if (heard < passed)
        stalled->untold++;
    else if (heard < (uint64_t)options.speakers * (uint64_t)options.messages)
        stalled->behind++;
    else
        stalled->caught_up++;
}

static void wake_the_stalled(void)
{
    struct peer *first = &peers[options.listeners + options.speakers], *end = first + options.stalled;
    phase = WAKE;
    for (struct peer *peer = first; peer < end; peer++)
        if (peer->stage == PRESENT)
            peer_watch(peer, epoll, EPOLLIN);
    handle_events_until_quiet(QUIET_SECONDS_AFTER_WAKING);
    for (struct peer *peer = first; peer < end; peer++)
        if (peer->stage == PRESENT)
            judge_stalled(peer);
}

int main(int argc, char **argv)
{
    program_start_ns = now_ns();
    options = parse_options(argc, argv);
    /* The phases look at the clock; this ends the program should one of them ever fail to. */
    alarm((unsigned)(options.limit_seconds + options.idle_seconds + 2 * QUIET_LIMIT_SECONDS + 10));
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        fail("epoll_create1");
    assemble_crowd();
    arrive();
    if (!found.ran_out_of_time && options.speakers && options.messages)
        talk();
    if (!found.ran_out_of_time && options.idle_seconds > 0)
        idle();
    if (!found.ran_out_of_time && options.stalled)
        wake_the_stalled();
    print_json(&options, &found);
    print_summary(&options, &found);
    return went_well(&found) ? 0 : 1;
}
