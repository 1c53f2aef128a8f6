/* The two languages that the crowd can speak: chatd's text lines, and IRC. */
#ifndef DIALECT_H
#define DIALECT_H

#include <stdint.h>

#include "options.h"
#include "peer.h"

/* A message's text begins with a stamp, "{speaker sequence nanoseconds}". */
struct stamp {
    unsigned speaker, sequence;
    uint64_t sent_ns;
};

enum meaning {
    NOTHING,   /* a line that is of no interest here */
    MESSAGE,   /* a stamped message of a speaker */
    WELCOME,   /* irc: registered; the channel is next */
    ARRIVED,   /* the login is complete */
    MISSED,    /* the server says that something could not be delivered to this peer */
    PING,      /* wants the same line back, with PONG in place of PING */
    REFUSED,   /* the server does not want this peer */
};

/* Queue what a peer says first. */
void queue_login(struct peer *peer, const struct options *options);
void queue_join(struct peer *peer);
void queue_message(struct peer *peer, const struct options *options, struct stamp stamp);
void queue_pong(struct peer *peer, const char *ping, size_t length);

/* The piece that a troublemaker sends again and again, as long as `size` allows; returns its length. */
size_t write_trouble(char *piece, size_t size, const struct options *options);

/* What a line says. Fills in `stamp` when it is a MESSAGE. */
enum meaning understand(const char *line, size_t length, const struct options *options, struct stamp *stamp);

#endif
