/*
 * A delay line: what comes in at one end goes out at the other after half a round trip, in order,
 * and as much of it as the link holds may be under way. A new connection waits one round trip
 * before its first byte, as TCP's handshake does on a long link. s3tui-delay MS TARGET_PORT...
 * round trip in milliseconds; prints the ports it listens on, one for each target, all on the
 * loopback address; serves until killed
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* One direction holds so much: 40 ms at 1 GB/s are 40 MB for all; one connection rarely has more.
 */
enum { CHUNK = 64 << 10, HELD_MAX = 4 << 20, PORTS_MAX = 8, EVENTS = 256 };

struct chunk {
	struct chunk *next;
	int64_t due_us;
	size_t len, at;
	char data[];
};

struct link;

/* One end of a connection; what it reads goes to its peer's queue. */
struct end {
	struct link *link;
	int fd;
	struct end *peer;
	/* to be written to fd */
	struct chunk *head, **tail;
	size_t held;
	bool is_closing; /* the peer has said that nothing more comes */
	bool has_shut, is_dry, reads, writes;
	int64_t shut_us;
};

struct link {
	struct link *next, *prev;
	struct end ends[2];
	int64_t open_us; /* the handshake's end */
};

static int epoll;
static int64_t half_us;
static struct link links = {.next = &links, .prev = &links};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "s3tui-delay: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void watch(struct end *e)
{
	bool reads = !e->is_dry && e->peer->held < HELD_MAX, writes = e->writes;
	struct epoll_event event = {
		.events = (reads ? (uint32_t)EPOLLIN : 0) | (writes ? (uint32_t)EPOLLOUT : 0),
		.data.ptr = e};
	epoll_ctl(epoll, EPOLL_CTL_MOD, e->fd, &event);
}

static void link_free(struct link *l)
{
	l->next->prev = l->prev;
	l->prev->next = l->next;
	for (int i = 0; i < 2; i++) {
		close(l->ends[i].fd);
		while (l->ends[i].head) {
			struct chunk *c = l->ends[i].head;
			l->ends[i].head = c->next;
			free(c);
		}
	}
	free(l);
}

/* Reads what there is, into the peer's queue. False: the link is broken. */
static bool take(struct end *e)
{
	while (!e->is_dry && e->peer->held < HELD_MAX) {
		struct chunk *c = malloc(sizeof *c + CHUNK);
		if (!c)
			die("malloc");
		ssize_t n = read(e->fd, c->data, CHUNK);
		if (n <= 0) {
			free(c);
			if (n < 0)
				return errno == EAGAIN || errno == EINTR;
			e->is_dry = true;
			e->peer->is_closing = true;
			e->peer->shut_us = now_us() + half_us;
			return true;
		}
		/* the end of a real link would not wait 40 ms with its ACK while a writer's Nagle
		 * waits for it */
		int on = 1;
		setsockopt(e->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
		int64_t now = now_us();
		int64_t from = now > e->link->open_us ? now : e->link->open_us;
		*c = (struct chunk){.due_us = from + half_us, .len = (size_t)n};
		struct chunk *fit = realloc(c, sizeof *c + (size_t)n);
		c = fit ? fit : c;
		*e->peer->tail = c;
		e->peer->tail = &c->next;
		e->peer->held += (size_t)n;
	}
	return true;
}

/* Writes what is due. False: the link is broken. */
static bool give(struct end *e, int64_t now)
{
	e->writes = false;
	while (e->head && e->head->due_us <= now) {
		struct chunk *c = e->head;
		ssize_t n = send(e->fd, c->data + c->at, c->len - c->at, MSG_NOSIGNAL);
		if (n < 0) {
			e->writes = errno == EAGAIN;
			return errno == EAGAIN || errno == EINTR;
		}
		c->at += (size_t)n;
		e->held -= (size_t)n;
		if (c->at < c->len)
			continue;
		e->head = c->next;
		if (!e->head)
			e->tail = &e->head;
		free(c);
	}
	if (e->is_closing && !e->head && !e->has_shut && e->shut_us <= now) {
		shutdown(e->fd, SHUT_WR);
		e->has_shut = true;
	}
	return true;
}

static void set_up(int fd)
{
	int on = 1;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void add_end(struct link *l, int index, int fd)
{
	struct end *e = &l->ends[index];
	*e = (struct end){.link = l, .fd = fd, .peer = &l->ends[1 - index]};
	e->tail = &e->head;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = e};
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		die("epoll_ctl");
}

static struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void accept_link(int listener, unsigned port)
{
	int fd = accept(listener, NULL, NULL);
	if (fd < 0)
		return;
	int out = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in to = loopback(port);
	if (out < 0 || connect(out, (struct sockaddr *)&to, sizeof to) != 0) {
		close(fd);
		close(out);
		return;
	}
	struct link *l = calloc(1, sizeof *l);
	if (!l)
		die("calloc");
	set_up(fd);
	set_up(out);
	l->open_us = now_us() + 2 * half_us;
	l->next = links.next;
	l->prev = &links;
	links.next->prev = l;
	links.next = l;
	add_end(l, 0, fd);
	add_end(l, 1, out);
}

/* Gives everywhere what is due; the microseconds until more is, or -1. */
static int64_t give_all(void)
{
	int64_t next = -1, now = now_us();
	for (struct link *l = links.next, *after; l != &links; l = after) {
		after = l->next;
		bool ok = give(&l->ends[0], now) && give(&l->ends[1], now);
		if (!ok || (l->ends[0].has_shut && l->ends[1].has_shut)) {
			link_free(l);
			continue;
		}
		for (int i = 0; i < 2; i++) {
			struct end *e = &l->ends[i];
			int64_t due = e->head                         ? e->head->due_us
				      : e->is_closing && !e->has_shut ? e->shut_us
								      : -1;
			if (due >= 0 && !e->writes && (next < 0 || due - now < next))
				next = due > now ? due - now : 0;
			watch(e);
		}
	}
	return next;
}

int main(int argc, char **argv)
{
	int listeners[PORTS_MAX], count = argc - 2;
	if (count < 1 || count > PORTS_MAX) {
		fputs("usage: s3tui-delay MS TARGET_PORT...\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	half_us = (int64_t)(strtod(argv[1], NULL) * 500);
	epoll = epoll_create1(0);
	for (int i = 0; i < count; i++) {
		struct sockaddr_in at = loopback(0);
		socklen_t len = sizeof at;
		listeners[i] = socket(AF_INET, SOCK_STREAM, 0);
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listeners[i]};
		if (listeners[i] < 0 || bind(listeners[i], (struct sockaddr *)&at, len) != 0 ||
			listen(listeners[i], 1024) != 0 ||
			getsockname(listeners[i], (struct sockaddr *)&at, &len) != 0 ||
			epoll_ctl(epoll, EPOLL_CTL_ADD, listeners[i], &event) != 0)
			die("listen");
		printf("%u%c", ntohs(at.sin_port), i + 1 < count ? ' ' : '\n');
	}
	fflush(stdout);
	for (;;) {
		int64_t wait_us = give_all();
		struct timespec wait = {
			.tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000};
		struct epoll_event events[EVENTS];
		int n = epoll_pwait2(epoll, events, EVENTS, wait_us < 0 ? NULL : &wait, NULL);
		for (int i = 0; i < n; i++) {
			void *what = events[i].data.ptr;
			if ((int *)what >= listeners && (int *)what < listeners + count) {
				long at = (int *)what - listeners;
				accept_link(listeners[at], (unsigned)atoi(argv[2 + at]));
				continue;
			}
			struct end *e = what;
			/* a broken one is freed when nothing of this round points to it any more */
			if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !take(e))
				e->link->ends[0].has_shut = e->link->ends[1].has_shut = true;
		}
	}
}
