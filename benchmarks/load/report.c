#include "report.h"

#include <inttypes.h>
#include <stdio.h>

bool went_well(const struct findings *found)
{
    const struct tally *tally = &found->tally;
    return found->present == found->connections && !found->ran_out_of_time && tally->delivered == tally->expected &&
           !tally->doubled && !tally->out_of_order;
}

static double per_delivery_us(const struct findings *found)
{
    return found->tally.delivered ? found->talk_cpu.total * 1e6 / (double)found->tally.delivered : 0;
}

static double per_connection_kib(const struct findings *found)
{
    return found->present ? (double)(found->rss_arrived_kib - found->rss_before_kib) / found->present : 0;
}

static double worst_ms(const struct findings *found)
{
    return (double)found->tally.latency.max_ns / 1e6;
}

static const char *truth(bool value)
{
    return value ? "true" : "false";
}

static void print_arrival_json(const struct options *options, const struct findings *found)
{
    printf("{\"went_well\": %s, \"ran_out_of_time\": %s, ", truth(went_well(found)), truth(found->ran_out_of_time));
    printf("\"dialect\": \"%s\", \"connections\": %d, ", dialect_name(options->dialect), found->connections);
    printf("\"present\": %d, \"closed_by_server\": %d, ", found->present, found->closed);
    printf("\"refusals\": %" PRIu64 ", \"arrival_seconds\": %.4f, ", found->refusals, found->arrival_seconds);
    printf("\"arrival_cpu_seconds\": %.6f, ", found->arrival_cpu.total);
    printf("\"rss_before_kib\": %ld, \"rss_arrived_kib\": %ld, ", found->rss_before_kib, found->rss_arrived_kib);
    printf("\"rss_per_connection_kib\": %.3f, ", per_connection_kib(found));
}

static void print_talk_json(const struct findings *found)
{
    const struct tally *tally = &found->tally;
    printf("\"expected\": %" PRIu64 ", \"delivered\": %" PRIu64 ", ", tally->expected, tally->delivered);
    printf("\"lost\": %" PRIu64 ", \"doubled\": %" PRIu64 ", ", tally->lost, tally->doubled);
    printf("\"out_of_order\": %" PRIu64 ", \"other_lines\": %" PRIu64 ", ", tally->out_of_order, found->other_lines);
    printf("\"bytes_received\": %" PRIu64 ", ", found->bytes_received);
    printf("\"talk_seconds\": %.4f, \"load_cpu_seconds\": %.4f, ", found->talk_seconds, found->load_cpu_seconds);
    printf("\"cpu_seconds\": %.6f, \"cpu_user_seconds\": %.2f, ", found->talk_cpu.total, found->talk_cpu.user);
    printf("\"cpu_system_seconds\": %.2f, ", found->talk_cpu.system);
    printf("\"cpu_us_per_delivery\": %.5f, ", per_delivery_us(found));
    printf("\"rss_peak_kib\": %ld, \"rss_after_kib\": %ld, ", found->rss_peak_kib, found->rss_after_kib);
}

static void print_latency_json(const struct findings *found)
{
    const struct histogram *latency = &found->tally.latency;
    printf("\"p50_ms\": %.4f, ", histogram_quantile_ms(latency, 0.5));
    printf("\"p90_ms\": %.4f, ", histogram_quantile_ms(latency, 0.9));
    printf("\"p99_ms\": %.4f, ", histogram_quantile_ms(latency, 0.99));
    printf("\"p999_ms\": %.4f, \"max_ms\": %.4f, ", histogram_quantile_ms(latency, 0.999), worst_ms(found));
    printf("\"second_half_p99_ms\": %.4f, ", histogram_quantile_ms(&found->tally.late_latency, 0.99));
}

static void print_rest_json(const struct options *options, const struct findings *found)
{
    const struct stalled_findings *stalled = &found->stalled;
    printf("\"idle_seconds\": %.1f, \"idle_cpu_seconds\": %.6f, ", options->idle_seconds, found->idle_cpu.total);
    printf("\"stalled\": %d, \"stalled_closed\": %d, ", options->stalled, stalled->closed);
    printf("\"stalled_caught_up\": %d, \"stalled_behind\": %d, ", stalled->caught_up, stalled->behind);
    printf("\"stalled_told\": %d, ", stalled->told);
    printf("\"stalled_untold\": %d, \"trouble\": \"%s\", ", stalled->untold, trouble_name(options->trouble));
    printf("\"trouble_bytes\": %" PRIu64 ", ", found->trouble_bytes);
    printf("\"trouble_closed\": %s}\n", truth(found->trouble_closed));
}

void print_json(const struct options *options, const struct findings *found)
{
    print_arrival_json(options, found);
    print_talk_json(found);
    print_latency_json(found);
    print_rest_json(options, found);
}

static void print_talk_summary(const struct findings *found)
{
    const struct tally *tally = &found->tally;
    fprintf(stderr, "%" PRIu64 " of %" PRIu64 " delivered in %.2f s ", tally->delivered, tally->expected, found->talk_seconds);
    fprintf(stderr, "(lost %" PRIu64 ", doubled %" PRIu64 ", out of order %" PRIu64 ")\n", tally->lost, tally->doubled,
            tally->out_of_order);
    fprintf(stderr, "server: %.3f us a delivery, %.2f s (user %.2f, system %.2f), peak %ld KiB; load: %.2f s\n",
            per_delivery_us(found), found->talk_cpu.total, found->talk_cpu.user, found->talk_cpu.system,
            found->rss_peak_kib, found->load_cpu_seconds);
    fprintf(stderr, "latency: p50 %.2f, p99 %.2f, p99.9 %.2f, worst %.2f ms\n", histogram_quantile_ms(&tally->latency, 0.5),
            histogram_quantile_ms(&tally->latency, 0.99), histogram_quantile_ms(&tally->latency, 0.999), worst_ms(found));
}

void print_summary(const struct options *options, const struct findings *found)
{
    const struct stalled_findings *stalled = &found->stalled;
    fprintf(stderr, "%d of %d present after %.2f s ", found->present, found->connections, found->arrival_seconds);
    fprintf(stderr, "(server: %.2f s of processor time, %ld -> %ld KiB, %.2f KiB a connection)\n",
            found->arrival_cpu.total, found->rss_before_kib, found->rss_arrived_kib, per_connection_kib(found));
    if (found->tally.expected)
        print_talk_summary(found);
    if (options->idle_seconds > 0)
        fprintf(stderr, "idle: %.3f s of processor time in %.0f s\n", found->idle_cpu.total, options->idle_seconds);
    if (found->closed)
        fprintf(stderr, "the server closed %d connections of people who had done nothing wrong\n", found->closed);
    if (options->stalled)
        fprintf(stderr, "stalled: %d let go, %d caught up, %d behind, %d told what they missed, %d not told\n",
                stalled->closed, stalled->caught_up, stalled->behind, stalled->told, stalled->untold);
    if (options->trouble)
        fprintf(stderr, "the troublemaker sent %" PRIu64 " bytes and was %s\n", found->trouble_bytes,
                found->trouble_closed ? "let go" : "not let go");
    if (found->ran_out_of_time)
        fprintf(stderr, "given up: nothing moved for %.0f s, or %.0f s were over\n", options->patience_seconds,
                options->limit_seconds);
}
