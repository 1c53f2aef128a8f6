#define _GNU_SOURCE
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"

#define LONGEST_LINE (256 * 1024)
#define READ_SIZE (256 * 1024)
#define STALLED_SEGMENT 1460
#define STALLED_RECEIVE_BUFFER 8192

/* 127.0.1.1 and on, 250 to a block: a server that counts connections by address sees as many people. */
static struct in_addr address_of(int number)
{
    uint32_t third = 1 + (uint32_t)number / 250, fourth = 1 + (uint32_t)number % 250;
    return (struct in_addr){htonl(0x7f000000u | third << 8 | fourth)};
}

static void set_option(int fd, int level, int option, int value)
{
    if (setsockopt(fd, level, option, &value, sizeof value) < 0)
        fail("setsockopt");
}

/* On loopback the kernel alone would hold 2.5 MB for somebody who does not read, because its segments, and with
 * them its buffers, are as large as they get. With segments as on a real network, and a small buffer at this
 * end, it holds about 0.2 MB, and the stall reaches the server. */
static void take_little(const struct peer *peer)
{
    set_option(peer->fd, IPPROTO_TCP, TCP_MAXSEG, STALLED_SEGMENT);
    set_option(peer->fd, SOL_SOCKET, SO_RCVBUF, STALLED_RECEIVE_BUFFER);
}

void peer_open(struct peer *peer, int epoll, uint16_t port)
{
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (peer->fd < 0)
        fail("socket");
    set_option(peer->fd, IPPROTO_TCP, TCP_NODELAY, 1);
    /* Let connect choose the source port, so that ports are spent for each address, not for all together. */
    set_option(peer->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    if (peer->role == STALLED)
        take_little(peer);
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = address_of(peer->number)};
    if (bind(peer->fd, (struct sockaddr *)&from, sizeof from) < 0)
        fail("bind to a loopback address");
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (connect(peer->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)
        fail("connect");
    peer->stage = CONNECTING;
    peer->watched = EPOLLOUT;
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = peer};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, peer->fd, &event) < 0)
        fail("epoll_ctl");
}

bool peer_is_connected(const struct peer *peer)
{
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(peer->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

void peer_close(struct peer *peer)
{
    close(peer->fd);
    peer->fd = -1;
    peer->stage = CLOSED;
    peer->output_start = peer->output_end = 0;
}

void peer_watch(struct peer *peer, int epoll, uint32_t events)
{
    if (peer->watched == events)
        return;
    struct epoll_event event = {.events = events, .data.ptr = peer};
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, peer->fd, &event) < 0)
        fail("epoll_ctl");
    peer->watched = events;
}

void peer_queue(struct peer *peer, const char *bytes, size_t length)
{
    if (peer->output_end + length > peer->output_size) {
        peer->output_size = 2 * (peer->output_end + length);
        peer->output = grow(peer->output, peer->output_size);
    }
    memcpy(peer->output + peer->output_end, bytes, length);
    peer->output_end += length;
}

size_t peer_queued(const struct peer *peer)
{
    return peer->output_end - peer->output_start;
}

bool peer_flush(struct peer *peer, int epoll)
{
    while (peer_queued(peer)) {
        ssize_t sent = send(peer->fd, peer->output + peer->output_start, peer_queued(peer), MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno != EAGAIN)
                return false;
            peer_watch(peer, epoll, peer->watched | EPOLLOUT);
            return true;
        }
        peer->output_start += (size_t)sent;
        peer->bytes_sent += (uint64_t)sent;
    }
    peer->output_start = peer->output_end = 0;
    peer_watch(peer, epoll, peer->watched & ~(uint32_t)EPOLLOUT);
    return true;
}

static void keep_partial(struct peer *peer, const char *rest, size_t length)
{
    if (length > LONGEST_LINE)
        fail("the server sent a line of more than 256 KiB");
    if (length > peer->partial_size) {
        peer->partial_size = 2 * length;
        peer->partial = grow(peer->partial, peer->partial_size);
    }
    if (length)
        memcpy(peer->partial, rest, length);
    peer->partial_length = length;
}

long peer_receive(struct peer *peer, on_line *heard)
{
    static char buffer[LONGEST_LINE + READ_SIZE];
    if (peer->partial_length)
        memcpy(buffer, peer->partial, peer->partial_length);
    ssize_t received = recv(peer->fd, buffer + peer->partial_length, READ_SIZE, 0);
    if (received <= 0)
        return received < 0 && errno == EAGAIN ? 0 : -1;
    uint64_t arrived_ns = now_ns();
    const char *line = buffer, *end = buffer + peer->partial_length + received, *newline;
    while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
        const char *stop = newline > line && newline[-1] == '\r' ? newline - 1 : newline;
        heard(peer, line, (size_t)(stop - line), arrived_ns);
        line = newline + 1;
    }
    keep_partial(peer, line, (size_t)(end - line));
    return received;
}
