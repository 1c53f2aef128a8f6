#define _GNU_SOURCE
#include "dialect.h"

#include <stdio.h>
#include <string.h>

#define SAY_IN_IRC "PRIVMSG #bench :"

void queue_login(struct peer *peer, const struct options *options)
{
    char text[128];
    int length = 0;
    if (options->dialect == TEXT)
        length = snprintf(text, sizeof text, "u%d\n", peer->number);
    else if (options->dialect == IRC)
        length = snprintf(text, sizeof text, "NICK u%d\r\nUSER u%d 0 * :bench\r\n", peer->number, peer->number);
    peer_queue(peer, text, (size_t)length);
}

void queue_join(struct peer *peer)
{
    static const char join[] = "JOIN #bench\r\n";
    peer_queue(peer, join, sizeof join - 1);
}

static const char *say_prefix(const struct options *options)
{
    return options->dialect == IRC ? SAY_IN_IRC : "";
}

void queue_message(struct peer *peer, const struct options *options, struct stamp stamp)
{
    char text[512];
    const char *line_end = options->dialect == IRC ? "\r\n" : "\n";
    int prefix = snprintf(text, sizeof text, "%s", say_prefix(options));
    int length = prefix + snprintf(text + prefix, sizeof text - (size_t)prefix, "{%u %u %llu}", stamp.speaker,
                                   stamp.sequence, (unsigned long long)stamp.sent_ns);
    while (length < prefix + options->message_bytes)
        text[length++] = 'x';
    peer_queue(peer, text, (size_t)length);
    peer_queue(peer, line_end, strlen(line_end));
}

void queue_pong(struct peer *peer, const char *ping, size_t length)
{
    peer_queue(peer, "PONG", 4);
    peer_queue(peer, ping + 4, length - 4);
    peer_queue(peer, "\r\n", 2);
}

size_t write_trouble(char *piece, size_t size, const struct options *options)
{
    char line[128];
    int length;
    switch (options->trouble) {
    case LINES:
        length = snprintf(line, sizeof line, "%syou will all read this%s", say_prefix(options), "\r\n");
        for (size_t at = 0; at + (size_t)length <= size; at += (size_t)length)
            memcpy(piece + at, line, (size_t)length);
        return size / (size_t)length * (size_t)length;
    case NEWLINES:
        memset(piece, '\n', size);
        return size;
    case ENDLESS_LINE:
        memset(piece, 'x', size);
        return size;
    case TRICKLE:
        *piece = 'x';
        return 1;
    case NO_TROUBLE:
        break;
    }
    return 0;
}

static bool begins_with(const char *line, size_t length, const char *prefix)
{
    size_t wanted = strlen(prefix);
    return length >= wanted && !memcmp(line, prefix, wanted);
}

/* A decimal number that ends with `stop`; NULL when there is none. */
static const char *read_number(const char *at, const char *end, char stop, uint64_t *number)
{
    const char *first = at;
    for (*number = 0; at < end && *at >= '0' && *at <= '9'; at++)
        *number = *number * 10 + (uint64_t)(*at - '0');
    return at > first && at < end && *at == stop ? at + 1 : NULL;
}

static bool read_stamp(const char *line, size_t length, struct stamp *stamp)
{
    const char *end = line + length, *at = memchr(line, '{', length);
    uint64_t speaker, sequence;
    if (!at || !(at = read_number(at + 1, end, ' ', &speaker)) || !(at = read_number(at, end, ' ', &sequence)))
        return false;
    if (!read_number(at, end, '}', &stamp->sent_ns))
        return false;
    stamp->speaker = (unsigned)speaker;
    stamp->sequence = (unsigned)sequence;
    return true;
}

/* ":server 001 nick ...": the numerics of RFC 2812 that a login meets. */
static enum meaning understand_numeric(const char *line, size_t length)
{
    const char *space = memchr(line, ' ', length);
    if (!space || *line != ':')
        return NOTHING;
    const char *numeric = space + 1;
    size_t left = length - (size_t)(numeric - line);
    if (begins_with(numeric, left, "001 "))
        return WELCOME;
    if (begins_with(numeric, left, "366 "))
        return ARRIVED;
    bool in_use = begins_with(numeric, left, "433 "), bad_nick = begins_with(numeric, left, "432 ");
    return in_use || bad_nick ? REFUSED : NOTHING;
}

enum meaning understand(const char *line, size_t length, const struct options *options, struct stamp *stamp)
{
    if (read_stamp(line, length, stamp))
        return MESSAGE;
    if (options->dialect == IRC) {
        if (begins_with(line, length, "PING"))
            return PING;
        return begins_with(line, length, "ERROR") ? REFUSED : understand_numeric(line, length);
    }
    if (options->greeting && begins_with(line, length, options->greeting))
        return ARRIVED;
    if (begins_with(line, length, "-- You have missed "))
        return MISSED;
    return begins_with(line, length, "!! ") ? REFUSED : NOTHING;
}
