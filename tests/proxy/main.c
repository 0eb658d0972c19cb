/*
 * s3tui-faultproxy: stands in front of an S3 endpoint (http only) and breaks what it is told to.
 * Host and every byte go through unchanged unless a rule strikes, so signatures stay valid.
 */
#include "relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BACKLOG = 1024, STACK_SIZE = 512 << 10, RECEIVE_BUFFER = 512 << 10 };

static const char usage[] =
	"usage: s3tui-faultproxy --upstream http://HOST:PORT [--port N] [--log FILE] [--delay MS]\n"
	"                        [--fault RULE]...\n"
	"Prints {\"endpoint\":...,\"pid\":...} when it is ready; SIGTERM or SIGINT ends it.\n"
	"  --port N     on 127.0.0.1; 0, the default: a free one\n"
	"  --log FILE   a line a request is appended\n"
	"  --delay MS   before every request\n"
	"While it runs, with curl:\n"
	"  PUT /-/faults     replaces all rules, one a line; numbers and log start again\n"
	"  DELETE /-/faults  no rules\n"
	"  GET /-/log        a line a request: method, raw target, status that the client got (-: "
	"none),\n"
	"                    bytes of the request's body, of the response's body, the rule that "
	"struck\n"
	"                    or -. Waits for requests that run\n"
	"  GET /-/struck     how often a rule has struck\n"
	"  PUT /-/release    lets go what do=hold holds\n";

struct listener {
	struct proxy proxy;
	int fd;
};

struct connection {
	struct proxy *proxy;
	int fd;
};

static void *run_connection(void *arg)
{
	struct connection c = *(struct connection *)arg;
	free(arg);
	relay_connection(c.proxy, c.fd);
	return NULL;
}

static void *run_listener(void *arg)
{
	struct listener *l = arg;
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	for (;;) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0 && errno != EINTR && errno != ECONNABORTED && errno != EMFILE)
			break;
		if (fd < 0)
			continue;
		struct connection *c = malloc(sizeof *c);
		pthread_t thread;
		if (c)
			*c = (struct connection){.proxy = &l->proxy, .fd = fd};
		if (!c || pthread_create(&thread, &attr, run_connection, c) != 0) {
			close(fd);
			free(c);
		}
	}
	pthread_attr_destroy(&attr);
	return NULL;
}

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "s3tui-faultproxy: %s: %s\n", what, why);
	return 1;
}

static bool find_upstream(struct proxy *proxy, const char *url)
{
	char host[256], port[8] = "80";
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	if (sscanf(url, "http://%255[^:/]:%7[0-9]", host, port) < 1 ||
		getaddrinfo(host, port, &hints, &found) != 0)
		return false;
	memcpy(&proxy->upstream, found->ai_addr, found->ai_addrlen);
	proxy->upstream_len = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

/* The port, or 0. */
static unsigned start_listening(struct listener *l, unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;
	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	/* So that a fault in a request's body is not far ahead of what the client believes sent. */
	setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &(int){RECEIVE_BUFFER}, sizeof(int));
	if (l->fd < 0 || bind(l->fd, (struct sockaddr *)&a, len) != 0 ||
		listen(l->fd, BACKLOG) != 0 || getsockname(l->fd, (struct sockaddr *)&a, &len) != 0)
		return 0;
	return ntohs(a.sin_port);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"upstream", required_argument, NULL, 'u'},
		{"port", required_argument, NULL, 'p'}, {"log", required_argument, NULL, 'l'},
		{"delay", required_argument, NULL, 'd'}, {"fault", required_argument, NULL, 'f'},
		{"help", no_argument, NULL, 'h'}, {0}};
	struct listener l = {.proxy.rules = rules_new()};
	const char *upstream = "", *log_path = NULL;
	unsigned port = 0;
	char why[3072];
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (c) {
		case 'u':
			upstream = optarg;
			break;
		case 'p':
			port = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'l':
			log_path = optarg;
			break;
		case 'd':
			l.proxy.delay_ms = strtol(optarg, NULL, 10);
			break;
		case 'f':
			if (!rules_add(l.proxy.rules, optarg, why, sizeof why))
				return fail("--fault", why);
			break;
		case 'h':
			printf("%s\n%s", usage, rules_help);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc || !find_upstream(&l.proxy, upstream)) {
		fputs(usage, stderr);
		return 2;
	}
	l.proxy.log = log_new(log_path);
	if (!l.proxy.log)
		return fail(log_path, "cannot be written");

	/* Blocked before there are threads, so that they arrive here alone. */
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	port = start_listening(&l, port);
	if (!port)
		return fail("--port", "cannot listen there");
	pthread_t thread;
	if (pthread_create(&thread, NULL, run_listener, &l) != 0)
		return fail("thread", "cannot be started");
	printf("{\"endpoint\":\"http://127.0.0.1:%u\",\"pid\":%ld}\n", port, (long)getpid());
	fflush(stdout);
	int signal_number;
	sigwait(&ends, &signal_number);
	/* Threads still run; what they hold goes with the process. */
	_exit(0);
}
