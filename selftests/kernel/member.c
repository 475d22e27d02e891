// SPDX-License-Identifier: GPL-2.0
/*
 * A member of groups that does what it is told on its standard input, a line at a
 * time, and prints what it is told by the kernel. It speaks netlink itself, without
 * the library, so that it can break every rule.
 *
 *	member [-b BYTES]	receive buffer
 *
 *	join NAME [WINDOW [KEEPALIVE]]	prints "joined NUMBER"
 *	send LENGTH [COUNT [safe]]	of the last membership; waits for room
 *	hurl LENGTH			until there is no room: "hurled COUNT"
 *	piece TOTAL OFFSET LENGTH [NUMBER]	prints "piece taken"
 *	leave | alive | groups | members NAME
 *	deaf | hear			read no events, and again
 *	shrink BYTES			the receive buffer, whatever the window is
 *	close				the socket, and go on
 *	nth COUNT	let this allocation fail in the next request, where the kernel
 *			can: "reached" or "not reached"
 *
 * A refusal is printed as "refused ERRNO TEXT". Events:
 *
 *	change NUMBER [whole] MEMBERS: {+|-|=}NODE/NUMBER:WHY ...
 *	message NUMBER NODE/NUMBER PLACE LENGTH {ok|broken} [own COOKIE] [safe]
 *	transitional NUMBER NODE ... | unknown NUMBER COOKIE | room NUMBER
 *	over NUMBER WHY | overrun
 *
 * NODE is the last byte of an address.
 */
#include "raw.h"

/* what the kernel counts for a notification beside its length */
#define CHARGE_HEAD 1024

static uint32_t member;
static uint32_t window;
static uint32_t taken;
static uint64_t cookie;
static bool deaf;
/* it is not said what was taken, so that there ceases to be room */
static bool hurling;
static bool room;
static bool ended;
static unsigned char *whole;
static size_t whole_len;

/* ---- what comes ---- */

static unsigned int node(const void *addr)
{
	return ((const unsigned char *)addr)[3];
}

static const char *why(unsigned int w)
{
	static const char *const texts[] = {
		"none", "joined", "node-joined", "node-merged", "left", "died",
		"closed", "slow", "silent", "node-left", "node-failed",
		"node-lost", "down", "no-memory",
	};

	return w <= PFSNL_GROUP_WHY_NO_MEMORY ? texts[w] : "?";
}

static unsigned char byte_at(size_t i, size_t len)
{
	return (i * 7 + len + i / 251) & 0xff;
}

static void change(struct nlattr **at)
{
	const unsigned char *changes = data(at[PFSNL_A_GROUP_EVENT_CHANGES]);
	const unsigned char *whys = data(at[PFSNL_A_GROUP_EVENT_WHYS]);
	const char *addrs = data(at[PFSNL_A_GROUP_EVENT_ADDRESSES]);
	const uint32_t *numbers = data(at[PFSNL_A_GROUP_EVENT_NUMBERS]);
	size_t i, n = length(at[PFSNL_A_GROUP_EVENT_CHANGES]);

	printf("change %u%s%s %u:", u32(at[PFSNL_A_GROUP_EVENT_MEMBER]),
	       at[PFSNL_A_GROUP_EVENT_WHOLE] ? " whole" : "",
	       at[PFSNL_A_GROUP_EVENT_MORE] ? " more" : "",
	       u32(at[PFSNL_A_GROUP_EVENT_MEMBERS]));
	for (i = 0; i < n; i++)
		printf(" %c%u/%u:%s", "=+-"[changes[i] % 3],
		       node(addrs + 4 * i), numbers[i], why(whys[i]));
	printf("\n");
}

static void message(struct nlattr **at)
{
	size_t total = u32(at[PFSNL_A_GROUP_EVENT_TOTAL]);
	size_t offset = u32(at[PFSNL_A_GROUP_EVENT_OFFSET]);
	size_t len = length(at[PFSNL_A_GROUP_EVENT_DATA]), i;
	bool ok = true;

	if (!offset) {
		whole = realloc(whole, total + 1);
		whole_len = 0;
	}
	if (offset != whole_len || offset + len > total) {
		printf("piece %zu out of turn\n", offset);
		return;
	}
	if (len)
		memcpy(whole + offset, data(at[PFSNL_A_GROUP_EVENT_DATA]), len);
	whole_len += len;
	if (whole_len < total)
		return;
	for (i = 0; i < total; i++)
		ok = ok && whole[i] == byte_at(i, total);
	printf("message %u %u/%u %llu %zu %s",
	       u32(at[PFSNL_A_GROUP_EVENT_MEMBER]),
	       node(data(at[PFSNL_A_GROUP_EVENT_ADDRESS])),
	       u32(at[PFSNL_A_GROUP_EVENT_NUMBER]),
	       (unsigned long long)u64(at[PFSNL_A_GROUP_EVENT_PLACE]), total,
	       ok ? "ok" : "broken");
	if (at[PFSNL_A_GROUP_EVENT_COOKIE])
		printf(" own %llu", (unsigned long long)
		       u64(at[PFSNL_A_GROUP_EVENT_COOKIE]));
	printf("%s\n", at[PFSNL_A_GROUP_EVENT_SAFE] ? " safe" : "");
}

static void event(struct nlmsghdr *h)
{
	struct genlmsghdr *g = NLMSG_DATA(h);
	struct nlattr *at[ATTRS];
	uint32_t number;
	size_t i;

	parse(at, (void *)((char *)g + GENL_HDRLEN),
	      h->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
	taken += NLMSG_ALIGN(h->nlmsg_len) + CHARGE_HEAD;
	number = u32(at[PFSNL_A_GROUP_EVENT_MEMBER]);
	switch (g->cmd) {
	case PFSNL_CMD_GROUP_CHANGE_NTF:
		change(at);
		break;
	case PFSNL_CMD_GROUP_MESSAGE_NTF:
		message(at);
		break;
	case PFSNL_CMD_GROUP_TRANSITIONAL_NTF:
		printf("transitional %u", number);
		for (i = 0; i < length(at[PFSNL_A_GROUP_EVENT_ADDRESSES]); i += 4)
			printf(" %u", node((char *)
				data(at[PFSNL_A_GROUP_EVENT_ADDRESSES]) + i));
		printf("\n");
		break;
	case PFSNL_CMD_GROUP_UNKNOWN_NTF:
		printf("unknown %u %llu\n", number, (unsigned long long)
		       u64(at[PFSNL_A_GROUP_EVENT_COOKIE]));
		break;
	case PFSNL_CMD_GROUP_ROOM_NTF:
		room = true;
		printf("room %u\n", number);
		break;
	case PFSNL_CMD_GROUP_OVER_NTF:
		ended = true;
		printf("over %u %s\n", number,
		       why(u32(at[PFSNL_A_GROUP_EVENT_WHY])));
		break;
	}
}

static void say_taken(void)
{
	if (!taken)
		return;
	begin(family, PFSNL_CMD_GROUP_TAKEN, 0);
	put_u32(PFSNL_A_GROUP_TAKEN, taken);
	taken = 0;
	transmit();
}

/*
 * Take one datagram. Return: the error number of the answer to request @wanted,
 * or 0 for an answer without one, or -1 when it is something else.
 */
static int take(uint32_t wanted, void (*answer)(struct nlattr **at))
{
	ssize_t n = recv(sock, in.bytes, sizeof(in.bytes), 0);
	struct nlmsghdr *h = &in.h;
	int status = -1;

	if (n < 0 && errno == ENOBUFS) {
		printf("overrun\n");
		return -1;
	}
	if (n < 0)
		die("recv");
	for (; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n)) {
		struct genlmsghdr *g = NLMSG_DATA(h);
		struct nlmsgerr *e = NLMSG_DATA(h);
		struct nlattr *at[ATTRS];

		if (h->nlmsg_type == NLMSG_ERROR && h->nlmsg_seq == wanted) {
			status = -e->error;
			if (status && status != EAGAIN)
				refused(h);
		} else if (h->nlmsg_type == NLMSG_ERROR) {
			if (e->error)
				refused(h);
		} else if (h->nlmsg_type == NLMSG_DONE) {
			status = h->nlmsg_seq == wanted ? 0 : status;
		} else if (h->nlmsg_seq) {
			parse(at, (void *)((char *)g + GENL_HDRLEN),
			      h->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
			if (answer)
				answer(at);
		} else {
			event(h);
		}
	}
	if (taken > window / 4 && !hurling)
		say_taken();
	return status;
}

static void shrink(int bytes)
{
	setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

/* Return: 0 or an error number. */
static int request(void (*answer)(struct nlattr **at))
{
	uint32_t wanted = seq;
	int status;

	transmit();
	do
		status = take(wanted, answer);
	while (status < 0);
	return status;
}

/* ---- commands ---- */

static void family_answer(struct nlattr **at)
{
	uint16_t id = 0;

	memcpy(&id, data(at[CTRL_ATTR_FAMILY_ID]), sizeof(id));
	family = id;
}

static void open_socket(int buffer)
{
	struct sockaddr_nl here = { .nl_family = AF_NETLINK };
	int on = 1;

	sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (sock < 0 || bind(sock, (struct sockaddr *)&here, sizeof(here)))
		die("socket");
	setsockopt(sock, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(sock, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	if (buffer)
		shrink(buffer);
	window = 0;
	taken = 0;
	begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	put(CTRL_ATTR_FAMILY_NAME, PFSNL_GENL_NAME, sizeof(PFSNL_GENL_NAME));
	if (request(family_answer) || !family)
		die("the family");
}

static void joined(struct nlattr **at)
{
	member = u32(at[PFSNL_A_GROUP_MEMBER]);
	printf("joined %u\n", member);
}

static void do_join(const char *name, uint32_t asked, uint32_t keepalive)
{
	begin(family, PFSNL_CMD_GROUP_JOIN, NLM_F_ACK);
	put(PFSNL_A_GROUP_NAME, name, strlen(name) + 1);
	if (asked)
		put_u32(PFSNL_A_GROUP_WINDOW, asked);
	if (keepalive)
		put_u32(PFSNL_A_GROUP_KEEPALIVE, keepalive);
	window = asked ? asked : 65536;
	request(joined);
}

/* Return: as request(). */
static int send_piece(const unsigned char *text, uint32_t total, uint32_t offset,
		      uint32_t len, bool safe)
{
	begin(family, PFSNL_CMD_GROUP_SEND, NLM_F_ACK);
	put_u32(PFSNL_A_GROUP_MEMBER, member);
	put(PFSNL_A_GROUP_COOKIE, &cookie, sizeof(cookie));
	if (safe)
		put(PFSNL_A_GROUP_SAFE, NULL, 0);
	if (total != len || offset) {
		put_u32(PFSNL_A_GROUP_TOTAL, total);
		put_u32(PFSNL_A_GROUP_OFFSET, offset);
	}
	put(PFSNL_A_GROUP_DATA, text, len);
	return request(NULL);
}

static int send_message(const unsigned char *text, uint32_t len, bool safe)
{
	uint32_t offset = 0, part;
	int status;

	cookie++;
	do {
		part = len - offset < PFSNL_GROUP_PIECE_MAX ?
		       len - offset : PFSNL_GROUP_PIECE_MAX;
		status = send_piece(text + offset, len, offset, part, safe);
		offset += part;
	} while (!status && offset < len);
	if (status)
		cookie--;
	return status;
}

/* a piece of a message */
static unsigned char *make_piece(uint32_t total, uint32_t offset, uint32_t len)
{
	unsigned char *text = malloc(len + 1);
	uint32_t i;

	for (i = 0; i < len; i++)
		text[i] = byte_at(offset + i, total);
	return text;
}

static unsigned char *make_text(uint32_t len)
{
	return make_piece(len, 0, len);
}

static void do_send(uint32_t len, uint32_t count, bool safe)
{
	unsigned char *text = make_text(len);
	int status = 0;

	ended = false;
	while (count && !status) {
		room = false;
		status = send_message(text, len, safe);
		if (!status)
			count--;
		if (status != EAGAIN)
			continue;
		say_taken();
		while (!room && !ended)
			take(0, NULL);
		status = ended ? ENOTCONN : 0;
	}
	printf("sent, %u left\n", count);
	free(text);
}

static void do_hurl(uint32_t len)
{
	unsigned char *text = make_text(len);
	uint32_t count = 0;

	hurling = true;
	while (!send_message(text, len, false))
		count++;
	hurling = false;
	say_taken();
	printf("hurled %u\n", count);
	free(text);
}

static void do_piece(uint32_t total, uint32_t offset, uint32_t len,
		     uint32_t number)
{
	unsigned char *text = make_piece(total, offset, len);
	uint32_t was = member;

	if (number)
		member = number;
	cookie++;
	if (!send_piece(text, total, offset, len, false))
		printf("piece taken\n");
	member = was;
	free(text);
}

static void do_leave(void)
{
	begin(family, PFSNL_CMD_GROUP_LEAVE, NLM_F_ACK);
	put_u32(PFSNL_A_GROUP_MEMBER, member);
	request(NULL);
}

static void do_taken(uint32_t bytes)
{
	begin(family, PFSNL_CMD_GROUP_TAKEN, NLM_F_ACK);
	if (bytes)
		put_u32(PFSNL_A_GROUP_TAKEN, bytes);
	request(NULL);
}

static void a_group(struct nlattr **at)
{
	printf("group %s %u %u\n", (char *)data(at[PFSNL_A_GROUP_NAME]),
	       u32(at[PFSNL_A_GROUP_MEMBERS]), u32(at[PFSNL_A_GROUP_HERE]));
}

static void do_groups(void)
{
	begin(family, PFSNL_CMD_GROUP_GET, NLM_F_DUMP);
	request(a_group);
	printf("groups end\n");
}

static void a_member(struct nlattr **at)
{
	printf("member %u/%u%s\n", node(data(at[PFSNL_A_GROUP_MEMBER_ADDRESS])),
	       u32(at[PFSNL_A_GROUP_MEMBER_MEMBER]),
	       at[PFSNL_A_GROUP_MEMBER_SELF] ? " self" : "");
}

static void do_members(const char *name)
{
	begin(family, PFSNL_CMD_GROUP_MEMBER_GET, NLM_F_DUMP);
	put(PFSNL_A_GROUP_MEMBER_NAME, name, strlen(name) + 1);
	request(a_member);
	printf("members end\n");
}

/* The next word, as a number; 0 if there is none. */
static uint32_t number(void)
{
	const char *word = strtok(NULL, " ");

	return word ? strtoul(word, NULL, 10) : 0;
}

static void obey(char *line)
{
	const char *verb = strtok(line, " "), *word;
	uint32_t a, b, c;

	if (!verb)
		return;
	if (!strcmp(verb, "join")) {
		word = strtok(NULL, " ");
		a = number();
		do_join(word ? word : "", a, number());
	} else if (!strcmp(verb, "send")) {
		a = number();
		b = number();
		do_send(a, b ? b : 1, strtok(NULL, " "));
	} else if (!strcmp(verb, "hurl")) {
		do_hurl(number());
	} else if (!strcmp(verb, "piece")) {
		a = number();
		b = number();
		c = number();
		do_piece(a, b, c, number());
	} else if (!strcmp(verb, "leave")) {
		do_leave();
	} else if (!strcmp(verb, "alive")) {
		do_taken(0);
	} else if (!strcmp(verb, "taken")) {
		do_taken(number());
	} else if (!strcmp(verb, "groups")) {
		do_groups();
	} else if (!strcmp(verb, "members")) {
		word = strtok(NULL, " ");
		do_members(word ? word : "");
	} else if (!strcmp(verb, "deaf")) {
		deaf = true;
	} else if (!strcmp(verb, "hear")) {
		deaf = false;
		say_taken();
	} else if (!strcmp(verb, "shrink")) {
		shrink(number());
	} else if (!strcmp(verb, "nth")) {
		fail_nth(number());
	} else if (!strcmp(verb, "close")) {
		close(sock);
		sock = -1;
		deaf = true;
	} else {
		printf("what is %s?\n", verb);
	}
	printf("done %s\n", verb);
}

int main(int argc, char **argv)
{
	static char line[256];
	size_t filled = 0;
	char *end;
	int opt, buffer = 0;

	while ((opt = getopt(argc, argv, "b:")) == 'b')
		buffer = atoi(optarg);
	setvbuf(stdout, NULL, _IOLBF, 0);
	open_socket(buffer);
	printf("ready\n");
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = 0, .events = POLLIN },
			{ .fd = deaf ? -1 : sock, .events = POLLIN },
		};
		ssize_t n;

		if (poll(fds, 2, -1) < 0)
			die("poll");
		if (fds[1].revents)
			take(0, NULL);
		if (!fds[0].revents)
			continue;
		n = read(0, line + filled, sizeof(line) - 1 - filled);
		if (n <= 0)
			return 0;
		filled += n;
		line[filled] = '\0';
		while ((end = strchr(line, '\n'))) {
			*end++ = '\0';
			obey(line);
			filled -= end - line;
			memmove(line, end, filled + 1);
		}
	}
}
