// SPDX-License-Identifier: GPL-2.0
/*
 * A process that has checkpoints open and does what it is told on its standard input, a
 * line at a time. It speaks netlink itself, so that it can break every rule.
 *
 *	keeper [-b BYTES]	receive buffer
 *
 *	open NAME FLAGS [SIZE MAX_SECTION SECTIONS MAX_ID RETENTION_MS]
 *				FLAGS of c r w s(afe), and a: attributes, but not to
 *				create it; prints "handle NUMBER"
 *	close H | unlink NAME | retention H MS | limit BYTES
 *	create H ID LENGTH [MS]	the section expires in so many ms; ID: - is the empty
 *				one, * lets the store make it
 *	delete H ID | overwrite H ID LENGTH | expiration H ID MS
 *	write H ID OFFSET LENGTH [OFFSET LENGTH]...
 *	fill H ID LENGTH	write so much by pieces: "fill ok"
 *	safe			what changes something is so from now on
 *	hurl COUNT H ID LENGTH	so many writes, until one is refused: "hurled COUNT"
 *	pour COUNT H ID LENGTH	likewise, whatever comes of it, and no answer is taken
 *	read H ID [OFFSET [LENGTH]]	"read OFFSET LENGTH WHOLE SUM"
 *	whole H ID		all of it, by pieces: "whole LENGTH SUM"
 *	get NAME | number HEX	"ckpt NAME sections S bytes B refs R [unlinked] [conflict]
 *				[expires] DIGEST NUMBER nodes NODE:REFS..."
 *	list			of all, as get, then "list end"
 *	sections NAME [by [FROM_MS TO_MS]]	"section ID LENGTH [expires]", "sections end"
 *	section NAME ID		"section ID LENGTH [expires] DIGEST"
 *	state			"state [active] used U limit L headroom H most M
 *				checkpoints N waiting W error E DIGEST"
 *	listen			to events of all checkpoints
 *	deaf | hear		hear nothing but what answers a request, and again
 *	close-socket		and go on
 *	open-socket		another one
 *	nth COUNT		let this allocation fail in the next request, where the
 *				kernel can: "reached" or "not reached"
 *	sweep			requests about checkpoints with attributes of all kinds and
 *				of many lengths: "swept COUNT MUTE", of which that many
 *				were refused without a text
 *
 * What is written is a pattern of its length, so that sums tell. A refusal is "refused
 * ERRNO TEXT"; what came of a request "VERB ok [created] [ID]" or "VERB failed ERRNO
 * TEXT". A handle is lost: "lost HANDLE". Events:
 *
 *	event WHAT [NAME] [section ID] [from NODE] [error E] GENERATION
 *	conflict WHY NAME [loser NAME] GENERATION
 */
#include <time.h>

#include "keeper.h"

#define DATA_MAX PFSNL_CKPT_DATA_MAX

static bool deaf;
static bool safe;
/* refusals are not printed, only whether one was without a text */
static bool quiet;
static bool mute;
static uint64_t cookie;
static const char *verb;
static uint32_t group;

/* ---- what comes ---- */

/* what an answer had in attributes that are there several times */
static struct nlattr *answer_from;
static size_t answer_len;

/*
 * Take one datagram. Return: the error number of the answer to request @wanted, 0 for
 * one without, -1 when it is something else.
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

		if (h->nlmsg_type == NLMSG_ERROR) {
			if (e->error && quiet)
				mute = e->error != -EOPNOTSUPP &&
				       !(h->nlmsg_flags & NLM_F_ACK_TLVS);
			else if (e->error && e->error != -EAGAIN)
				refused(h);
			else if (e->error && !waiting)
				refused(h);
			if (h->nlmsg_seq == wanted)
				status = -e->error;
			continue;
		}
		if (h->nlmsg_type == NLMSG_DONE) {
			status = h->nlmsg_seq == wanted ? 0 : status;
			continue;
		}
		answer_from = (void *)((char *)g + GENL_HDRLEN);
		answer_len = h->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);
		parse(at, answer_from, answer_len);
		if (!h->nlmsg_seq)
			event(g->cmd, at);
		else if (answer)
			answer(at);
	}
	return status;
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

/* ---- sockets ---- */

static void family_answer(struct nlattr **at)
{
	struct nlattr *a = data(at[CTRL_ATTR_MCAST_GROUPS]);
	size_t left = length(at[CTRL_ATTR_MCAST_GROUPS]);
	struct nlattr *g[ATTRS];
	uint16_t id = 0;

	memcpy(&id, data(at[CTRL_ATTR_FAMILY_ID]), sizeof(id));
	family = id;
	while (left >= NLA_HDRLEN && a->nla_len >= NLA_HDRLEN && a->nla_len <= left) {
		parse(g, data(a), length(a));
		if (!strcmp(data(g[CTRL_ATTR_MCAST_GRP_NAME]), "checkpoints"))
			group = u32(g[CTRL_ATTR_MCAST_GRP_ID]);
		if ((size_t)NLA_ALIGN(a->nla_len) >= left)
			break;
		left -= NLA_ALIGN(a->nla_len);
		a = (void *)((char *)a + NLA_ALIGN(a->nla_len));
	}
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
	begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	put(CTRL_ATTR_FAMILY_NAME, PFSNL_GENL_NAME, sizeof(PFSNL_GENL_NAME));
	if (request(family_answer) || !family)
		die("the family");
	if (buffer)
		setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
}

static void do_listen(void)
{
	if (setsockopt(sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		       sizeof(group)))
		printf("refused %d to listen\n", errno);
}

/* ---- words ---- */

static const char *word(void)
{
	const char *w = strtok(NULL, " ");

	return w ? w : "";
}

static uint64_t number(void)
{
	return strtoull(word(), NULL, 0);
}

static void put_u64(int type, uint64_t value)
{
	put(type, &value, sizeof(value));
}

/* A time so many ms from now. */
static uint64_t from_now(const char *ms)
{
	struct timespec now;

	if (!strcmp(ms, "never"))
		return UINT64_MAX;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec +
	       strtoll(ms, NULL, 10) * 1000000LL;
}

static void begin_change(int cmd)
{
	begin(family, cmd, NLM_F_ACK);
	verbs[++cookie % 4096] = verb;
	put_u64(PFSNL_A_CKPT_COOKIE, cookie);
	if (safe)
		put(PFSNL_A_CKPT_SAFE, NULL, 0);
}

static void put_id(const char *id)
{
	if (!strcmp(id, "*"))
		put(PFSNL_A_CKPT_MAKE_ID, NULL, 0);
	else
		put(PFSNL_A_CKPT_SECTION, id, strcmp(id, "-") ? strlen(id) : 0);
}

static void put_name(const char *name)
{
	put(PFSNL_A_CKPT_NAME, name, strlen(name) + 1);
}

static unsigned char *pattern(size_t len)
{
	unsigned char *p = malloc(len + 1);
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = (i * 7 + len + i / 251) & 0xff;
	return p;
}

static void put_data(size_t len)
{
	unsigned char *p = pattern(len);
	size_t at, part;

	for (at = 0; at < len; at += part) {
		part = len - at < DATA_MAX ? len - at : DATA_MAX;
		put(PFSNL_A_CKPT_DATA, p + at, part);
	}
	free(p);
}

static void put_vector(uint64_t offset, const unsigned char *p, size_t len)
{
	struct nlattr *a = (void *)(out.bytes + NLMSG_ALIGN(out.h.nlmsg_len));

	put(PFSNL_A_CKPT_VECTOR | NLA_F_NESTED, NULL, 0);
	put_u64(PFSNL_A_CKPT_VECTOR_OFFSET, offset);
	put(PFSNL_A_CKPT_VECTOR_DATA, p, len);
	a->nla_len = out.bytes + out.h.nlmsg_len - (char *)a;
}

/* ---- changes ---- */

static void opened(struct nlattr **at)
{
	printf("handle %u\n", u32(at[PFSNL_A_CKPT_HANDLE]));
}

static void do_open(void)
{
	const char *name = word(), *flags = word();

	begin_change(PFSNL_CMD_CKPT_OPEN);
	put_name(name);
	if (strchr(flags, 'r'))
		put(PFSNL_A_CKPT_READ, NULL, 0);
	if (strchr(flags, 'w'))
		put(PFSNL_A_CKPT_WRITE, NULL, 0);
	if (strchr(flags, 's'))
		put(PFSNL_A_CKPT_SAFE, NULL, 0);
	if (strchr(flags, 'c'))
		put(PFSNL_A_CKPT_CREATE, NULL, 0);
	if (strpbrk(flags, "ac")) {
		put_u64(PFSNL_A_CKPT_SIZE, number());
		put_u64(PFSNL_A_CKPT_MAX_SECTION, number());
		put_u32(PFSNL_A_CKPT_MAX_SECTIONS, number());
		put_u32(PFSNL_A_CKPT_MAX_ID, number());
		put_u64(PFSNL_A_CKPT_RETENTION, number() * 1000000);
	}
	request(opened);
}

static void do_close(void)
{
	begin_change(PFSNL_CMD_CKPT_CLOSE);
	put_u32(PFSNL_A_CKPT_HANDLE, number());
	request(NULL);
}

static void do_unlink(void)
{
	begin_change(PFSNL_CMD_CKPT_UNLINK);
	put_name(word());
	request(NULL);
}

static void do_retention(void)
{
	begin_change(PFSNL_CMD_CKPT_RETENTION);
	put_u32(PFSNL_A_CKPT_HANDLE, number());
	put_u64(PFSNL_A_CKPT_RETENTION, number() * 1000000);
	request(NULL);
}

static void do_limit(void)
{
	begin_change(PFSNL_CMD_CKPT_LIMIT);
	put_u64(PFSNL_A_CKPT_SIZE, number());
	request(NULL);
}

static void begin_section(int cmd)
{
	begin_change(cmd);
	put_u32(PFSNL_A_CKPT_HANDLE, number());
	put_id(word());
}

static void do_create(void)
{
	const char *ms;

	begin_section(PFSNL_CMD_SECTION_CREATE);
	put_data(number());
	ms = word();
	if (*ms)
		put_u64(PFSNL_A_CKPT_EXPIRES, from_now(ms));
	request(NULL);
}

static void do_delete(void)
{
	begin_section(PFSNL_CMD_SECTION_DELETE);
	request(NULL);
}

static void do_overwrite(void)
{
	begin_section(PFSNL_CMD_SECTION_OVERWRITE);
	put_data(number());
	request(NULL);
}

static void do_expiration(void)
{
	begin_section(PFSNL_CMD_SECTION_EXPIRATION);
	put_u64(PFSNL_A_CKPT_EXPIRES, from_now(word()));
	request(NULL);
}

static void do_write(void)
{
	const char *offset;
	unsigned char *p;
	size_t len;

	begin_section(PFSNL_CMD_SECTION_WRITE);
	for (offset = word(); *offset; offset = word()) {
		len = number();
		p = pattern(len);
		put_vector(strtoull(offset, NULL, 0), p, len);
		free(p);
	}
	request(NULL);
}

static void put_piece(uint64_t offset, size_t len)
{
	unsigned char *p = malloc(len);
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = ((offset + i) * 7 + (offset + i) / 251) & 0xff;
	put_vector(offset, p, len);
	free(p);
}

static void do_fill(void)
{
	uint32_t handle = number(), asked = 0, i;
	const char *id = word();
	uint64_t at = 0, end, len = number();
	int status = 0;

	outcomes = 0;
	waiting = true;
	while (at < len && !status) {
		begin_change(PFSNL_CMD_SECTION_WRITE);
		put_u32(PFSNL_A_CKPT_HANDLE, handle);
		put_id(id);
		end = at;
		for (i = 0; i < 4 && end < len; i++) {
			size_t part = len - end < DATA_MAX ? len - end : DATA_MAX;

			put_piece(end, part);
			end += part;
		}
		status = request(NULL);
		if (status == EAGAIN) {
			take(0, NULL);
			status = 0;
			continue;
		}
		asked += !status;
		at = end;
	}
	while (outcomes < asked)
		take(0, NULL);
	waiting = false;
	printf("fill %s\n", status ? "failed" : "ok");
}

static void do_hurl(void)
{
	uint32_t count = number(), handle = number(), done = 0;
	const char *id = word();
	size_t len = number();
	unsigned char *p = pattern(len);
	int status = 0;

	while (done < count && !status) {
		begin_change(PFSNL_CMD_SECTION_WRITE);
		put_u32(PFSNL_A_CKPT_HANDLE, handle);
		put_id(id);
		put_vector(0, p, len);
		status = request(NULL);
		if (!status)
			done++;
	}
	printf("hurled %u\n", done);
	free(p);
}

static void do_pour(void)
{
	uint32_t count = number(), handle = number();
	const char *id = word();
	size_t len = number();
	unsigned char *p = pattern(len);

	while (count--) {
		begin_change(PFSNL_CMD_SECTION_WRITE);
		out.h.nlmsg_flags &= ~NLM_F_ACK;
		verbs[cookie % 4096] = "write";
		put_u32(PFSNL_A_CKPT_HANDLE, handle);
		put_id(id);
		put_vector(0, p, len);
		transmit();
	}
	free(p);
}

/* ---- reading ---- */

static uint64_t sum_of(uint64_t sum, const unsigned char *p, size_t len)
{
	while (len--)
		sum = (sum ^ *p++) * 0x100000001b3ULL;
	return sum;
}

static uint64_t sum, got, all;

static void was_read(struct nlattr **at)
{
	struct nlattr *a = answer_from;
	size_t left = answer_len;

	all = u64(at[PFSNL_A_CKPT_LENGTH]);
	while (left >= NLA_HDRLEN && a->nla_len >= NLA_HDRLEN && a->nla_len <= left) {
		if (a->nla_type == PFSNL_A_CKPT_DATA) {
			sum = sum_of(sum, data(a), length(a));
			got += length(a);
		}
		if ((size_t)NLA_ALIGN(a->nla_len) >= left)
			break;
		left -= NLA_ALIGN(a->nla_len);
		a = (void *)((char *)a + NLA_ALIGN(a->nla_len));
	}
}

static int read_piece(uint32_t handle, const char *id, uint64_t offset, uint64_t len)
{
	begin(family, PFSNL_CMD_SECTION_READ, NLM_F_ACK);
	put_u32(PFSNL_A_CKPT_HANDLE, handle);
	put_id(id);
	put_u64(PFSNL_A_CKPT_OFFSET, offset);
	if (len)
		put_u64(PFSNL_A_CKPT_LENGTH, len);
	return request(was_read);
}

static void do_read(void)
{
	uint32_t handle = number();
	const char *id = word();
	uint64_t offset = number();

	got = 0;
	sum = 0;
	if (!read_piece(handle, id, offset, number()))
		printf("read %llu %llu %llu %llx\n", (unsigned long long)offset,
		       (unsigned long long)got, (unsigned long long)all,
		       (unsigned long long)sum);
}

static void do_whole(void)
{
	uint32_t handle = number();
	const char *id = word();
	uint64_t before;

	got = 0;
	sum = 0;
	do {
		before = got;
		if (read_piece(handle, id, got, 0))
			return;
	} while (got < all && got > before);
	printf("whole %llu %llx\n", (unsigned long long)got, (unsigned long long)sum);
}

static void a_ckpt(struct nlattr **at)
{
	struct nlattr *a = answer_from, *n[ATTRS];
	size_t left = answer_len;

	printf("ckpt %s sections %u bytes %llu refs %u%s%s%s ",
	       (char *)data(at[PFSNL_A_CKPT_NAME]), u32(at[PFSNL_A_CKPT_SECTIONS]),
	       (unsigned long long)u64(at[PFSNL_A_CKPT_BYTES]),
	       u32(at[PFSNL_A_CKPT_REFS]),
	       at[PFSNL_A_CKPT_UNLINKED] ? " unlinked" : "",
	       at[PFSNL_A_CKPT_CONFLICT] ? " conflict" : "",
	       at[PFSNL_A_CKPT_EXPIRES] ? " expires" : "");
	print_hex(at[PFSNL_A_CKPT_DIGEST]);
	printf(" ");
	print_hex(at[PFSNL_A_CKPT_NUMBER]);
	printf(" nodes");
	while (left >= NLA_HDRLEN && a->nla_len >= NLA_HDRLEN && a->nla_len <= left) {
		if ((a->nla_type & NLA_TYPE_MASK) == PFSNL_A_CKPT_NODE) {
			parse(n, data(a), length(a));
			printf(" %u:%u", node(n[PFSNL_A_CKPT_REFS_ADDRESS]),
			       u32(n[PFSNL_A_CKPT_REFS_REFS]));
		}
		if ((size_t)NLA_ALIGN(a->nla_len) >= left)
			break;
		left -= NLA_ALIGN(a->nla_len);
		a = (void *)((char *)a + NLA_ALIGN(a->nla_len));
	}
	printf("\n");
}

static void do_get(void)
{
	begin(family, PFSNL_CMD_CKPT_GET, NLM_F_ACK);
	put_name(word());
	request(a_ckpt);
}

static void do_number(void)
{
	unsigned char bytes[20] = {};
	const char *hex = word();
	size_t i;

	for (i = 0; i < sizeof(bytes) && hex[2 * i]; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &bytes[i]) != 1)
			break;
	begin(family, PFSNL_CMD_CKPT_GET, NLM_F_ACK);
	put(PFSNL_A_CKPT_NUMBER, bytes, sizeof(bytes));
	request(a_ckpt);
}

static void do_list(void)
{
	begin(family, PFSNL_CMD_CKPT_GET, NLM_F_DUMP);
	request(a_ckpt);
	printf("list end\n");
}

static void a_section(struct nlattr **at)
{
	printf("section ");
	print_id(at[PFSNL_A_CKPT_SECTION]);
	printf(" %llu%s", (unsigned long long)u64(at[PFSNL_A_CKPT_LENGTH]),
	       at[PFSNL_A_CKPT_EXPIRES] ? " expires" : "");
	if (at[PFSNL_A_CKPT_DIGEST])
		printf(" ");
	print_hex(at[PFSNL_A_CKPT_DIGEST]);
	printf("\n");
}

static void do_sections(void)
{
	const char *w;

	begin(family, PFSNL_CMD_SECTION_GET, NLM_F_DUMP);
	put_name(word());
	w = word();
	if (!strcmp(w, "by")) {
		put(PFSNL_A_CKPT_BY_EXPIRY, NULL, 0);
		w = word();
	}
	if (*w) {
		put_u64(PFSNL_A_CKPT_EXPIRES_FROM, from_now(w));
		put_u64(PFSNL_A_CKPT_EXPIRES_TO, from_now(word()));
	}
	request(a_section);
	printf("sections end\n");
}

static void do_section(void)
{
	begin(family, PFSNL_CMD_SECTION_GET, NLM_F_ACK);
	put_name(word());
	put_id(word());
	request(a_section);
}

static void a_state(struct nlattr **at)
{
	printf("state%s used %llu limit %llu headroom %llu most %llu checkpoints %u waiting %u error %d ",
	       at[PFSNL_A_CKPT_STATE_ACTIVE] ? " active" : "",
	       (unsigned long long)u64(at[PFSNL_A_CKPT_STATE_USED]),
	       (unsigned long long)u64(at[PFSNL_A_CKPT_STATE_LIMIT]),
	       (unsigned long long)u64(at[PFSNL_A_CKPT_STATE_HEADROOM]),
	       (unsigned long long)u64(at[PFSNL_A_CKPT_STATE_MOST]),
	       u32(at[PFSNL_A_CKPT_STATE_CHECKPOINTS]),
	       u32(at[PFSNL_A_CKPT_STATE_WAITING]),
	       -(int32_t)u32(at[PFSNL_A_CKPT_STATE_ERROR]));
	print_hex(at[PFSNL_A_CKPT_STATE_DIGEST]);
	printf("\n");
}

static void do_state(void)
{
	begin(family, PFSNL_CMD_CKPT_STATE_GET, NLM_F_ACK);
	request(a_state);
}

/* Send what stands in the buffer, as a request that may be refused. */
static void try_out(uint32_t *count, uint32_t *mutes)
{
	(*count)++;
	mute = false;
	quiet = true;
	request(NULL);
	quiet = false;
	*mutes += mute;
}

static void do_sweep(void)
{
	static const uint32_t lengths[] = { 0, 1, 3, 4, 7, 8, 19, 20, 256, 32769 };
	static char zeros[70000];
	uint32_t count = 0, mutes = 0, cmd, type, i;

	for (cmd = PFSNL_CMD_CKPT_OPEN; cmd <= PFSNL_CMD_CKPT_STATE_GET; cmd++) {
		begin(family, cmd, NLM_F_ACK);
		try_out(&count, &mutes);
		for (type = 0; type <= PFSNL_A_CKPT_MAX + 1; type++) {
			for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
				begin(family, cmd, NLM_F_ACK);
				put(type, zeros, lengths[i]);
				try_out(&count, &mutes);
				begin(family, cmd, NLM_F_ACK);
				put_u32(PFSNL_A_CKPT_HANDLE, 1);
				put(PFSNL_A_CKPT_SECTION, "a", 1);
				put(type | NLA_F_NESTED, zeros, lengths[i]);
				try_out(&count, &mutes);
			}
			begin(family, cmd, NLM_F_DUMP);
			put(type, zeros, 8);
			try_out(&count, &mutes);
		}
	}
	printf("swept %u %u\n", count, mutes);
}

/* ---- commands ---- */

static void do_safe(void)
{
	safe = true;
}

static void do_deaf(void)
{
	deaf = true;
}

static void do_hear(void)
{
	deaf = false;
}

static void do_close_socket(void)
{
	close(sock);
	sock = -1;
	deaf = true;
}

static void do_open_socket(void)
{
	open_socket(0);
	deaf = false;
}

static void do_nth(void)
{
	fail_nth(number());
}

static const struct {
	const char *name;
	void (*fn)(void);
} commands[] = {
	{ "open", do_open }, { "close", do_close }, { "unlink", do_unlink },
	{ "retention", do_retention }, { "limit", do_limit },
	{ "create", do_create }, { "delete", do_delete }, { "write", do_write },
	{ "overwrite", do_overwrite }, { "expiration", do_expiration },
	{ "safe", do_safe }, { "hurl", do_hurl }, { "pour", do_pour }, { "read", do_read },
	{ "whole", do_whole }, { "get", do_get }, { "number", do_number },
	{ "list", do_list }, { "sections", do_sections }, { "section", do_section },
	{ "state", do_state }, { "listen", do_listen }, { "deaf", do_deaf },
	{ "hear", do_hear }, { "close-socket", do_close_socket },
	{ "open-socket", do_open_socket }, { "nth", do_nth }, { "sweep", do_sweep },
	{ "fill", do_fill },
};

static void obey(char *line)
{
	const char *name = strtok(line, " ");
	size_t i;

	for (i = 0; name && i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(name, commands[i].name))
			continue;
		verb = commands[i].name;
		commands[i].fn();
		printf("done %s\n", verb);
		return;
	}
	if (name)
		printf("what is %s?\n", name);
}

int main(int argc, char **argv)
{
	static char line[4096];
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
