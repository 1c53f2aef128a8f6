/* One connection of the crowd: a non-blocking socket that reads lines and queues what it cannot send yet. */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum role { LISTENER, SPEAKER, STALLED, TROUBLEMAKER };

/* A login moves from left to right; CLOSED is reached from anywhere, when the server hangs up. */
enum stage { NOT_YET, CONNECTING, LOGGING_IN, PRESENT, CLOSED };

struct track; /* what a peer has heard of one speaker: see tally.h */

struct peer {
    int fd, number;
    enum role role;
    enum stage stage;
    uint32_t watched;      /* the epoll events that are asked for now */
    char *partial;         /* the beginning of a line whose end has not come yet */
    size_t partial_length, partial_size;
    char *output;          /* what waits to be sent: from output_start to output_end */
    size_t output_start, output_end, output_size;
    struct track *tracks;  /* one for each speaker */
    int said;              /* messages, of a speaker */
    bool told_missed;      /* the server has said that this peer has missed something */
    uint64_t bytes_sent;
};

/* What is called for each line: without its line end, and not ended by NUL. */
typedef void on_line(struct peer *peer, const char *line, size_t length, uint64_t arrived_ns);

/* Start to connect to 127.0.0.1:port from a loopback address that follows from the peer's number. */
void peer_open(struct peer *peer, int epoll, uint16_t port);

/* True when the connection that peer_open began stands; false when it was refused. */
bool peer_is_connected(const struct peer *peer);

void peer_close(struct peer *peer);

/* Ask epoll for these events (EPOLLIN and so on) from now on. */
void peer_watch(struct peer *peer, int epoll, uint32_t events);

void peer_queue(struct peer *peer, const char *bytes, size_t length);
size_t peer_queued(const struct peer *peer);

/* Send what is queued, as far as the kernel takes it. False when the connection is gone. */
bool peer_flush(struct peer *peer, int epoll);

/* Read once, and call `heard` for each whole line. The number of bytes read; -1 when the connection is gone. */
long peer_receive(struct peer *peer, on_line *heard);

#endif
