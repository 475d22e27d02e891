// SPDX-License-Identifier: GPL-2.0
/*
 * serf, if it is installed, with its profile "local". Who is there is what its
 * RPC stream says: MessagePack, of which this reads what it needs.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

#define PORT 7373

/**
 * struct stream - what came of an answer
 * @fd: the connection
 * @fill: bytes of
 * @data: which begin with an object
 */
struct stream {
	int fd;
	size_t fill;
	uint8_t data[1 << 17];
};

static struct stream *streams[NODES_MAX + 1];

static bool serf_present(void)
{
	return daemon_present("serf");
}

/* ---- MessagePack ---------------------------------------------------- */

enum kind { NUMBER, STRING, ARRAY, MAP };

/**
 * struct item - an object, or the beginning of one
 * @kind: of it
 * @n: bytes of a string, entries of an array, pairs of a map
 * @text: a string's
 */
struct item {
	enum kind kind;
	uint32_t n;
	const char *text;
};

static uint32_t big(const uint8_t *p, int len)
{
	uint32_t n = 0;

	while (len--)
		n = n << 8 | *p++;
	return n;
}

/* Behind the head of an object, for a string behind all of it; NULL: more. */
static const uint8_t *head(const uint8_t *p, const uint8_t *end,
			   struct item *it)
{
	static const uint8_t more[32] = {
		/* c0: nil, -, false, true, bin, ext, float, */
		[4] = 1, [5] = 2, [6] = 4, [7] = 2, [8] = 3, [9] = 5, [10] = 4,
		/* double, uint, int, */
		[11] = 8, [12] = 1, [13] = 2, [14] = 4, [15] = 8, [16] = 1,
		[17] = 2, [18] = 4, [19] = 8,
		/* fixext, str, array, map */
		[20] = 2, [21] = 3, [22] = 5, [23] = 9, [24] = 17, [25] = 1,
		[26] = 2, [27] = 4, [28] = 2, [29] = 4, [30] = 2, [31] = 4,
	};
	uint8_t tag;
	int len;

	if (p == end)
		return NULL;
	tag = *p++;
	*it = (struct item){ .kind = NUMBER };
	if (tag < 0x80 || tag >= 0xe0)
		return p;
	if (tag < 0xc0) {
		it->kind = tag < 0x90 ? MAP : tag < 0xa0 ? ARRAY : STRING;
		it->n = tag & (it->kind == STRING ? 31 : 15);
	} else {
		len = more[tag - 0xc0];
		if (end - p < len)
			return NULL;
		if (tag >= 0xd9 || (tag >= 0xc4 && tag <= 0xc6)) {
			it->kind = tag >= 0xde ? MAP :
				   tag >= 0xdc ? ARRAY : STRING;
			it->n = big(p, len);
		}
		p += len;
	}
	if (it->kind != STRING)
		return p;
	if ((size_t)(end - p) < it->n)
		return NULL;
	it->text = (const char *)p;
	return p + it->n;
}

/* Behind an object; NULL: there is more to come of it. */
static const uint8_t *behind(const uint8_t *p, const uint8_t *end)
{
	struct item it;
	uint32_t i;

	p = head(p, end, &it);
	if (!p || it.kind < ARRAY)
		return p;
	for (i = 0; p && i < it.n * (it.kind == MAP ? 2 : 1); i++)
		p = behind(p, end);
	return p;
}

static bool is(const struct item *it, const char *text)
{
	return it->kind == STRING && it->n == strlen(text) &&
	       !memcmp(it->text, text, it->n);
}

/* The value of a key in a map that is all there; NULL: it has none. */
static const uint8_t *value(const uint8_t *p, const uint8_t *end,
			    const char *key)
{
	struct item map, k;
	uint32_t i;

	p = head(p, end, &map);
	if (!p || map.kind != MAP)
		return NULL;
	for (i = 0; i < map.n; i++) {
		p = head(p, end, &k);
		if (is(&k, key))
			return p;
		p = behind(p, end);
	}
	return NULL;
}

/* ---- the stream ----------------------------------------------------- */

static void take(struct node *node, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *event = value(p, end, "Event"), *v;
	struct item it = {}, members, text;
	bool here;
	uint32_t i;

	p = value(p, end, "Members");
	if (!p)
		return;		/* the head of an answer, or another event */
	if (event && !head(event, end, &it))
		return;
	p = head(p, end, &members);
	for (i = 0; p && i < members.n; i++, p = behind(p, end)) {
		if (event) {
			here = is(&it, "member-join");
			if (!here && !is(&it, "member-failed") &&
			    !is(&it, "member-leave") && !is(&it, "member-reap"))
				continue;
		} else {
			v = value(p, end, "Status");
			if (!v || !head(v, end, &text) || !is(&text, "alive"))
				continue;
			here = true;
		}
		v = value(p, end, "Name");
		if (v && head(v, end, &text) && text.kind == STRING)
			node_told(node, atoi(strndupa(text.text, text.n)),
				  here);
	}
	node_told_all(node);
}

static void on_readable(struct node *node)
{
	struct stream *s = streams[node->number];
	const uint8_t *p = s->data, *end, *next;
	ssize_t n;

	n = recv(s->fd, s->data + s->fill, sizeof(s->data) - s->fill,
		 MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		loop_forget(s->fd);
		close(s->fd);
		daemon_lost(node);
		return;
	}
	s->fill += (size_t)n;
	end = s->data + s->fill;
	while ((next = behind(p, end))) {
		take(node, p, next);
		p = next;
	}
	s->fill = (size_t)(end - p);
	memmove(s->data, p, s->fill);
}

/* ---- requests ------------------------------------------------------- */

static char hello[256];
static size_t hello_len;

static void put(char byte)
{
	hello[hello_len++] = byte;
}

static void put_text(const char *text)
{
	put((char)(0xa0 + strlen(text)));
	while (*text)
		put(*text++);
}

static void put_command(const char *name, char seq)
{
	put((char)0x82);	/* a map of two pairs */
	put_text("Command");
	put_text(name);
	put_text("Seq");
	put(seq);
}

/* First the stream, then the list: so no change is missed. */
static void make_hello(void)
{
	hello_len = 0;
	put_command("handshake", 0);
	put((char)0x81);
	put_text("Version");
	put(1);
	put_command("stream", 1);
	put((char)0x81);
	put_text("Type");
	put_text("*");
	put_command("members", 2);
}

static bool watch(struct node *node)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct stream **s = &streams[node->number];
	int fd = socket_in(node->number, AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    send(fd, hello, hello_len, MSG_NOSIGNAL) < 0) {
		close(fd);
		return false;
	}
	if (!*s)
		*s = malloc(sizeof(**s));
	if (!*s)
		die("out of memory");
	(*s)->fd = fd;
	(*s)->fill = 0;
	loop_add_node(fd, node, on_readable);
	return true;
}

static void prepare(int most)
{
	(void)most;
	make_hello();
	daemon_watch(watch);
}

static void serf_open(int number)
{
	nodes[number] = (struct node){ .number = number };
}

static void serf_close(int number)
{
	nodes[number] = (struct node){};
}

static void serf_start(int number)
{
	char name[24], bind[32];
	char *const argv[] = {
		"serf", "agent", name, bind, "-rpc-addr=127.0.0.1:7373",
		"-profile=local", "-log-level=err", "-retry-interval=100ms",
		number == 1 ? "-retry-join=10.0.0.2" : "-retry-join=10.0.0.1",
		"-retry-join=10.0.0.3", NULL
	};

	snprintf(name, sizeof(name), "-node=%d", number);
	snprintf(bind, sizeof(bind), "-bind=10.0.0.%d:7946", number);
	daemon_start(number, NULL, argv);
}

/* An interrupt has it leave, a termination doesn't. */
static void serf_stop(int number)
{
	daemon_stop(number, SIGINT, 20000);
}

static void serf_kill(int number)
{
	daemon_stop(number, 0, 0);
}

const struct peer serf_local = {
	.name = "serf-local",
	.limit_ms = 120000,
	.present = serf_present,
	.prepare = prepare,
	.open = serf_open,
	.close = serf_close,
	.start = serf_start,
	.stop = serf_stop,
	.kill = serf_kill,
};
