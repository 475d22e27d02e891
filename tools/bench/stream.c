// SPDX-License-Identifier: GPL-2.0
/* One thread sends, one receives, and both do nothing else. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node.h"
#include "peer.h"
#include "stream.h"

#define PORT 7400
#define PIECE (256 << 10)

struct sink {
	int fd;
	uint64_t bytes;
	uint64_t got;
	uint64_t ended;
};

static void *receive(void *arg)
{
	struct sink *sink = arg;
	int fd = accept4(sink->fd, NULL, NULL, SOCK_CLOEXEC);
	char *piece = malloc(PIECE);
	ssize_t n;

	if (fd < 0 || !piece)
		die("accept: %s", strerror(errno));
	while (sink->got < sink->bytes &&
	       (n = recv(fd, piece, PIECE, 0)) > 0)
		sink->got += (uint64_t)n;
	sink->ended = now_ns();
	free(piece);
	close(fd);
	return NULL;
}

static void transmit(int fd, uint64_t bytes)
{
	char *piece = malloc(PIECE);
	uint64_t left = bytes;
	ssize_t n;

	if (!piece)
		die("out of memory");
	memset(piece, 1, PIECE);
	while (left) {
		n = send(fd, piece, left < PIECE ? left : PIECE, MSG_NOSIGNAL);
		if (n < 0)
			die("send: %s", strerror(errno));
		left -= (uint64_t)n;
	}
	free(piece);
}

uint64_t stream_ns(int from, int to, uint64_t bytes)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(0x0a000000 + (uint32_t)to),
	};
	struct sink sink = {
		.fd = socket_in(to, AF_INET, SOCK_STREAM, 0),
		.bytes = bytes,
	};
	int fd = socket_in(from, AF_INET, SOCK_STREAM, 0), on = 1, err;
	pthread_t thread;
	uint64_t began;

	if (sink.fd < 0 || fd < 0 ||
	    setsockopt(sink.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(sink.fd, (struct sockaddr *)&at, sizeof(at)) ||
	    listen(sink.fd, 1))
		die("listen: %s", strerror(errno));
	err = pthread_create(&thread, NULL, receive, &sink);
	if (err)
		die("pthread_create: %s", strerror(err));
	began = now_ns();
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)))
		die("connect: %s", strerror(errno));
	transmit(fd, bytes);
	pthread_join(thread, NULL);
	close(fd);
	close(sink.fd);
	if (sink.got != bytes)
		die("plain TCP: %llu bytes of %llu came",
		    (unsigned long long)sink.got, (unsigned long long)bytes);
	return sink.ended - began;
}
