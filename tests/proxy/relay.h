/* One client's connection, from accept to its end, on a thread of its own. */
#ifndef FAULTPROXY_RELAY_H
#define FAULTPROXY_RELAY_H

#include "log.h"
#include "rules.h"

#include <sys/socket.h>

struct proxy {
	struct rules *rules;
	struct log *log;
	struct sockaddr_storage upstream;
	socklen_t upstream_len;
	long delay_ms;
};

/* Takes fd over. */
void relay_connection(struct proxy *proxy, int fd);

/* control.c: requests under /-/ are the proxy's own. */
bool control_is(const struct head *request);

/* Answers one; false where the connection is to be closed. */
bool control_answer(struct proxy *proxy, struct stream *client, const struct head *request);

#endif
