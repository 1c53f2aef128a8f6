#define _GNU_SOURCE
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: load --port PORT [option ...]\n"
    "Let a crowd of people talk through a chat server on 127.0.0.1, and check what each of them hears.\n"
    "Prints one JSON object on standard output and a summary on standard error.\n"
    "\n"
    "  --dialect text|irc|silent  how to log in and to talk [text]; silent: connect and say nothing\n"
    "  --greeting PREFIX          the line that says \"you are in\" [text: \"-- Hello\"; silent: none]\n"
    "                             none, or \"\": whoever is connected is in\n"
    "  --no-join                  irc: log in without joining #bench\n"
    "  --pids PID[,PID...]        the server's processes, whose processor time and memory are measured\n"
    "  --listeners N              people who only listen [100]\n"
    "  --speakers N               people who talk, and hear the other speakers [1]\n"
    "  --stalled N                people who log in and never read again [0]\n"
    "  --trouble KIND             one person who sends lines, endless (bytes without a newline) or newlines\n"
    "                             as fast as the server takes them, or a trickle (a byte a second)\n"
    "  --login-window N           logins under way at a time [100]; 0: everybody arrives at once\n"
    "  --messages N               messages of each speaker [1000]; 0: nobody talks\n"
    "  --window N                 a speaker waits when the first listener has not heard N of its messages [64]\n"
    "  --rate N --seconds N       instead: N messages a second in all, for so long; late counts from when due\n"
    "  --bytes N                  length of a message's text [64]\n"
    "  --idle N                   seconds of silence at the end, in which processor time is measured [0]\n"
    "  --patience N               give up when nothing has moved for so many seconds [8]\n"
    "  --time-limit N             give up after so many seconds in any case [120]\n";

static const char *const dialect_names[] = {"text", "irc", "silent", NULL};
static const char *const trouble_names[] = {"none", "lines", "endless", "newlines", "trickle", NULL};

const char *dialect_name(enum dialect dialect)
{
    return dialect_names[dialect];
}

const char *trouble_name(enum trouble trouble)
{
    return trouble_names[trouble];
}

static _Noreturn void refuse(const char *option, const char *value, const char *wanted)
{
    fprintf(stderr, "load: --%s %s: %s\n", option, value, wanted);
    exit(2);
}

static int one_of(const char *option, const char *value, const char *const *names)
{
    for (int i = 0; names[i]; i++)
        if (!strcmp(value, names[i]))
            return i;
    refuse(option, value, "not one of the words that --help lists");
}

static double number(const char *option, const char *value, double low, double high)
{
    char *end;
    double parsed = strtod(value, &end);
    if (end == value || *end || !(parsed >= low && parsed <= high)) {
        char wanted[80];
        snprintf(wanted, sizeof wanted, "a number from %g to %g is wanted", low, high);
        refuse(option, value, wanted);
    }
    return parsed;
}

static int whole(const char *option, const char *value, double low, double high)
{
    double parsed = number(option, value, low, high);
    if (parsed != (int)parsed)
        refuse(option, value, "a whole number is wanted");
    return (int)parsed;
}

static void parse_pids(struct options *options, const char *option, char *list)
{
    for (char *word = strtok(list, ","); word; word = strtok(NULL, ",")) {
        if (options->pid_count == MAX_PIDS)
            refuse(option, word, "too many processes");
        options->pids[options->pid_count++] = whole(option, word, 1, 1 << 22);
    }
}

static void check_together(const struct options *options)
{
    if (!options->port)
        refuse("port", "", "is needed");
    if (options->rate > 0 && options->speakers == 0)
        refuse("rate", "", "somebody has to speak: --speakers");
    if (options->rate <= 0 && options->messages > 0 && options->speakers > 0 && options->listeners == 0)
        refuse("listeners", "0", "without --rate the first listener sets the pace, so one is needed");
    if (options->dialect == SILENT && (options->speakers > 0 || options->trouble))
        refuse("dialect", "silent", "nobody can speak: --speakers 0, and no --trouble");
}

/* The letters stand for the long options and are not offered as short ones. */
static const struct option long_options[] = {
    {"port", required_argument, NULL, 'p'},         {"dialect", required_argument, NULL, 'd'},
    {"greeting", required_argument, NULL, 'g'},     {"no-join", no_argument, NULL, 'J'},
    {"pids", required_argument, NULL, 'P'},         {"listeners", required_argument, NULL, 'n'},
    {"speakers", required_argument, NULL, 's'},     {"stalled", required_argument, NULL, 'S'},
    {"trouble", required_argument, NULL, 'x'},      {"login-window", required_argument, NULL, 'L'},
    {"messages", required_argument, NULL, 'm'},     {"window", required_argument, NULL, 'w'},
    {"rate", required_argument, NULL, 'r'},         {"seconds", required_argument, NULL, 't'},
    {"bytes", required_argument, NULL, 'b'},        {"idle", required_argument, NULL, 'i'},
    {"patience", required_argument, NULL, 'q'},     {"time-limit", required_argument, NULL, 'T'},
    {"help", no_argument, NULL, 'h'},               {NULL, 0, NULL, 0},
};

static void set(struct options *options, int letter, const char *name, char *value)
{
    switch (letter) {
    case 'p': options->port = (uint16_t)whole(name, value, 1, 65535); break;
    case 'd': options->dialect = (enum dialect)one_of(name, value, dialect_names); break;
    case 'g': options->greeting = value; break;
    case 'J': options->join = false; break;
    case 'P': parse_pids(options, name, value); break;
    case 'n': options->listeners = whole(name, value, 0, 60000); break;
    case 's': options->speakers = whole(name, value, 0, 10000); break;
    case 'S': options->stalled = whole(name, value, 0, 60000); break;
    case 'x': options->trouble = (enum trouble)one_of(name, value, trouble_names); break;
    case 'L': options->login_window = whole(name, value, 0, 60000); break;
    case 'm': options->messages = whole(name, value, 0, 1e8); break;
    case 'w': options->window = whole(name, value, 1, 1e6); break;
    case 'r': options->rate = number(name, value, 0.01, 1e6); break;
    case 't': options->seconds = number(name, value, 0.1, 600); break;
    case 'b': options->message_bytes = whole(name, value, 48, 400); break;
    case 'i': options->idle_seconds = number(name, value, 0, 600); break;
    case 'q': options->patience_seconds = number(name, value, 1, 600); break;
    case 'T': options->limit_seconds = number(name, value, 1, 1200); break;
    case 'h': fputs(usage, stdout); exit(0);
    default: fputs("load: --help lists the options\n", stderr); exit(2);
    }
}

struct options parse_options(int argc, char **argv)
{
    struct options options = {
        .join = true, .listeners = 100, .speakers = 1, .login_window = 100, .messages = 1000, .window = 64,
        .seconds = 5, .message_bytes = 64, .patience_seconds = 8, .limit_seconds = 120,
    };
    int letter, which = 0;
    while ((letter = getopt_long(argc, argv, "", long_options, &which)) != -1)
        set(&options, letter, letter == '?' ? "" : long_options[which].name, optarg);
    if (optind < argc)
        refuse("help", argv[optind], "nothing is expected here");
    if (!options.greeting && options.dialect == TEXT)
        options.greeting = "-- Hello";
    if (options.greeting && !*options.greeting)
        options.greeting = NULL;
    if (options.rate > 0)
        options.messages = (int)(options.rate * options.seconds / (options.speakers ? options.speakers : 1)) + 1;
    check_together(&options);
    return options;
}
