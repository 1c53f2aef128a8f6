/* bare: the least that a chat server can do, to compare others with.
 *
 * It knows a nick line and one room. Each turn of its epoll loop reads everybody who has something to say,
 * puts the turn's messages behind each other in one chunk, and hands every person that chunk with one send;
 * a speaker gets a chunk without the own lines. No limits, no checks of what is said, no memory bound:
 * somebody who does not read makes it grow. What it costs is therefore close to what the kernel costs.
 *
 *   bare PORT        serves on 127.0.0.1 until it is killed */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 1024
#define READ_SIZE 65536
#define LONGEST_LINE 8192
#define LONGEST_NICK 63
#define BACKLOG 4096

struct bytes {
    char *data;
    size_t length, size;
};

struct person {
    int fd;
    int place;               /* where in the room; -1 before the nick is known */
    char nick[LONGEST_NICK];
    size_t nick_length;
    char *partial;           /* the beginning of a line whose end has not come yet */
    size_t partial_length;
    struct bytes pending;    /* what the kernel has not taken yet */
    bool spoke;              /* in this turn */
    struct person *next_gone;
};

/* One message of the turn: a stretch of the chunk. */
struct message {
    const struct person *speaker;
    size_t start, length;
};

static int epoll;
static struct person **room;
static int room_count, room_size;
static struct bytes chunk;         /* the turn's messages, one behind the other */
static struct bytes others_chunk;  /* the same without those of one speaker */
static struct message *messages;
static size_t message_count, message_size;
static struct person *gone;        /* who left in this turn: freed at its end, when no message names them */

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void *grow(void *memory, size_t size)
{
    void *grown = realloc(memory, size);
    if (!grown)
        fail("realloc");
    return grown;
}

/* Lengthen by `length` bytes, for the caller to fill in. */
static char *extend(struct bytes *bytes, size_t length)
{
    if (bytes->length + length > bytes->size) {
        bytes->size = 2 * (bytes->length + length);
        bytes->data = grow(bytes->data, bytes->size);
    }
    bytes->length += length;
    return bytes->data + bytes->length - length;
}

static void watch(int operation, int fd, uint32_t events, void *whom)
{
    struct epoll_event event = {.events = events, .data.ptr = whom};
    if (epoll_ctl(epoll, operation, fd, &event) < 0)
        fail("epoll_ctl");
}

/* ---- sending ---- */

/* What a send took; an error counts as nothing, for the next read meets it too and ends the connection. */
static size_t send_some(const struct person *person, const char *data, size_t length)
{
    ssize_t sent = send(person->fd, data, length, MSG_NOSIGNAL);
    return sent < 0 ? 0 : (size_t)sent;
}

/* Send now if nothing is pending, and keep what the kernel does not take. */
static void deliver(struct person *person, const char *data, size_t length)
{
    if (!person->pending.length) {
        size_t sent = send_some(person, data, length);
        if (sent == length)
            return;
        data += sent;
        length -= sent;
        watch(EPOLL_CTL_MOD, person->fd, EPOLLIN | EPOLLOUT, person);
    }
    memcpy(extend(&person->pending, length), data, length);
}

static void send_pending(struct person *person)
{
    struct bytes *pending = &person->pending;
    size_t sent = send_some(person, pending->data, pending->length);
    pending->length -= sent;
    memmove(pending->data, pending->data + sent, pending->length);
    if (!pending->length)
        watch(EPOLL_CTL_MOD, person->fd, EPOLLIN, person);
}

static void deliver_others(struct person *speaker)
{
    others_chunk.length = 0;
    for (size_t i = 0; i < message_count; i++)
        if (messages[i].speaker != speaker)
            memcpy(extend(&others_chunk, messages[i].length), chunk.data + messages[i].start, messages[i].length);
    if (others_chunk.length)
        deliver(speaker, others_chunk.data, others_chunk.length);
    speaker->spoke = false;
}

static void deliver_turn(void)
{
    for (int i = 0; message_count && i < room_count; i++) {
        if (room[i]->spoke)
            deliver_others(room[i]);
        else
            deliver(room[i], chunk.data, chunk.length);
    }
    message_count = chunk.length = 0;
}

/* ---- receiving ---- */

static void enter(struct person *person, const char *nick, size_t length)
{
    if (length && nick[length - 1] == '\r')
        length--;
    person->nick_length = length < LONGEST_NICK ? length : LONGEST_NICK;
    memcpy(person->nick, nick, person->nick_length);
    if (room_count == room_size) {
        room_size = 2 * room_size + 64;
        room = grow(room, (size_t)room_size * sizeof *room);
    }
    person->place = room_count;
    room[room_count++] = person;
    deliver(person, "-- Hello\r\n", 10);
}

/* `line` includes its newline. */
static void say(struct person *person, const char *line, size_t length)
{
    if (message_count == message_size) {
        message_size = 2 * message_size + 64;
        messages = grow(messages, message_size * sizeof *messages);
    }
    struct message *message = &messages[message_count++];
    *message = (struct message){person, chunk.length, person->nick_length + 3 + length};
    char *at = extend(&chunk, message->length);
    *at++ = '<';
    memcpy(at, person->nick, person->nick_length);
    at += person->nick_length;
    *at++ = '>';
    *at++ = ' ';
    memcpy(at, line, length);
    person->spoke = true;
}

static void leave(struct person *person)
{
    close(person->fd);
    if (person->place >= 0) {
        room[person->place] = room[--room_count];
        room[person->place]->place = person->place;
    }
    person->next_gone = gone;
    gone = person;
}

static void free_gone(void)
{
    while (gone) {
        struct person *person = gone;
        gone = person->next_gone;
        free(person->partial);
        free(person->pending.data);
        free(person);
    }
}

static void keep_partial(struct person *person, const char *rest, size_t length)
{
    if (length > LONGEST_LINE)
        length = 0; /* too long for a line: forgotten */
    if (length && !person->partial)
        person->partial = grow(NULL, LONGEST_LINE);
    if (length)
        memcpy(person->partial, rest, length);
    person->partial_length = length;
}

static void receive(struct person *person)
{
    static char buffer[LONGEST_LINE + READ_SIZE];
    if (person->partial_length)
        memcpy(buffer, person->partial, person->partial_length);
    ssize_t received = recv(person->fd, buffer + person->partial_length, READ_SIZE, 0);
    if (received <= 0) {
        if (received == 0 || errno != EAGAIN)
            leave(person);
        return;
    }
    const char *line = buffer, *end = buffer + person->partial_length + received, *newline;
    while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
        if (person->place < 0)
            enter(person, line, (size_t)(newline - line));
        else
            say(person, line, (size_t)(newline + 1 - line));
        line = newline + 1;
    }
    keep_partial(person, line, (size_t)(end - line));
}

/* ---- the loop ---- */

static int listen_on(uint16_t port)
{
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, BACKLOG) < 0)
        fail("listen");
    return fd;
}

static void accept_all(int listener)
{
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct person *person = calloc(1, sizeof *person);
        if (!person)
            fail("calloc");
        person->fd = fd;
        person->place = -1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(EPOLL_CTL_ADD, fd, EPOLLIN, person);
    }
}

static void allow_open_files(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void turn(int listener)
{
    static struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(epoll, events, EVENTS_AT_ONCE, -1);
    for (int i = 0; i < count; i++) {
        struct person *person = events[i].data.ptr;
        if (!person) {
            accept_all(listener);
            continue;
        }
        if (events[i].events & EPOLLOUT)
            send_pending(person);
        if (events[i].events & ~(uint32_t)EPOLLOUT)
            receive(person);
    }
    deliver_turn();
    free_gone();
}

int main(int argc, char **argv)
{
    int port = argc == 2 ? atoi(argv[1]) : 0;
    if (port < 1 || port > 65535) {
        fputs("usage: bare PORT\n", stderr);
        return 2;
    }
    allow_open_files();
    int listener = listen_on((uint16_t)port);
    epoll = epoll_create1(0);
    watch(EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
    for (;;)
        turn(listener);
}
