/* What the command line asks for. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum dialect { TEXT, IRC, SILENT };

/* What a troublemaker sends, as fast as the server takes it (a trickle: a byte a second). */
enum trouble { NO_TROUBLE, LINES, ENDLESS_LINE, NEWLINES, TRICKLE };

#define MAX_PIDS 64

struct options {
    uint16_t port;
    enum dialect dialect;
    const char *greeting;          /* how the line begins that says "you are in"; NULL: none is awaited */
    bool join;                     /* irc: join the channel */
    int listeners, speakers, stalled;
    enum trouble trouble;
    int login_window;              /* logins under way at a time; 0: all at once */
    int messages;                  /* of each speaker */
    int window;                    /* closed loop: messages of a speaker that the first listener has not heard */
    double rate;                   /* paced: messages a second, of all speakers together; 0: closed loop */
    double seconds;                /* paced: how long */
    int message_bytes;             /* text of a message */
    double idle_seconds;           /* silence at the end, in which processor time is measured */
    double patience_seconds;       /* give up when nothing moves for so long */
    double limit_seconds;          /* give up in any case */
    pid_t pids[MAX_PIDS];
    int pid_count;
};

/* Parse, check, and end with a plain sentence and status 2 where something is wrong. */
struct options parse_options(int argc, char **argv);

const char *trouble_name(enum trouble trouble);
const char *dialect_name(enum dialect dialect);

#endif
