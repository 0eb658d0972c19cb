/* s3tui-sandbox: the S3 server as a program, for tests that talk to it from other processes. */
#include "core/json.h"
#include "core/parse.h"
#include "core/xml.h"
#include "sandbox/sandbox.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: s3tui-sandbox [options]\n"
	"  --keys N        a bucket \"" SANDBOX_SYNTHETIC_BUCKET "\" with N computed keys\n"
	"  --dir D         keep the store in D (default: a temporary directory)\n"
	"  --rate SIZE     bytes a second in each direction\n"
	"  --latency T     before each answer, as in 50ms\n"
	"  --region R      default us-east-1\n"
	"  --min-part SIZE smallest part but the last, default 5MiB\n"
	"  --clock SECONDS the server's clock is off by so much\n"
	"  --read-only     refuse all writes\n"
	"Prints one line of JSON with endpoint and keys, serves until SIGINT or SIGTERM.\n";

enum {
	OPT_HELP = 256,
	OPT_KEYS,
	OPT_DIR,
	OPT_RATE,
	OPT_LATENCY,
	OPT_REGION,
	OPT_MIN_PART,
	OPT_CLOCK,
	OPT_READ_ONLY
};

static const struct option long_options[] = {
	{"help", no_argument, NULL, OPT_HELP},
	{"keys", required_argument, NULL, OPT_KEYS},
	{"dir", required_argument, NULL, OPT_DIR},
	{"rate", required_argument, NULL, OPT_RATE},
	{"latency", required_argument, NULL, OPT_LATENCY},
	{"region", required_argument, NULL, OPT_REGION},
	{"min-part", required_argument, NULL, OPT_MIN_PART},
	{"clock", required_argument, NULL, OPT_CLOCK},
	{"read-only", no_argument, NULL, OPT_READ_ONLY},
	{0},
};

static bool read_option(int option, const char *value, struct sandbox_options *o)
{
	switch (option) {
	case OPT_KEYS:
		return parse_u64(sv(value), &o->synthetic_keys);
	case OPT_DIR:
		o->dir = value;
		return true;
	case OPT_RATE:
		return parse_size(sv(value), &o->bytes_per_second);
	case OPT_LATENCY:
		return parse_duration_ms(sv(value), &o->latency_ms);
	case OPT_REGION:
		o->region = value;
		return true;
	case OPT_MIN_PART:
		return parse_size(sv(value), &o->min_part_bytes);
	case OPT_CLOCK:
		return parse_i64(sv(value), &o->clock_offset_s);
	case OPT_READ_ONLY:
		o->read_only = true;
		return true;
	default:
		return false;
	}
}

static bool print_line(const struct sandbox *sb)
{
	struct strbuf line;
	struct json_writer w;
	strbuf_init(&line);
	json_begin(&w, &line);
	json_add_string(&w, "endpoint", sv(sandbox_endpoint(sb)));
	json_add_string(&w, "access_key_id", sv(sandbox_access_key(sb)));
	json_add_string(&w, "secret_access_key", sv(sandbox_secret_key(sb)));
	json_add_string(&w, "bucket", sv(sandbox_bucket(sb)));
	json_add_string(&w, "region", sv(sandbox_region(sb)));
	json_end(&w);
	bool ok = puts(line.data) != EOF && fflush(stdout) == 0;
	strbuf_deinit(&line);
	return ok;
}

int main(int argc, char **argv)
{
	struct sandbox_options options = {0};
	int option;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option == OPT_HELP) {
			fputs(usage, stdout);
			return 0;
		}
		if (!read_option(option, optarg, &options)) {
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	/* Blocked before any thread is there, so that only sigwait() gets them. */
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	xml_global_init();

	struct sandbox *sb;
	struct s3t_err err;
	int status = 1, got;
	if (sandbox_start(&options, &sb, &err) != S3T_OK) {
		fprintf(stderr, "s3tui-sandbox: %s\n", err.message);
	} else {
		if (print_line(sb)) {
			sigwait(&ends, &got);
			status = 0;
		}
		sandbox_stop(sb);
	}
	xml_global_cleanup();
	return status;
}
