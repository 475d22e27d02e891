// SPDX-License-Identifier: GPL-2.0
/*
 * Groups without a module: notifications, made here as the kernel makes them,
 * against what the program is told; and calls that are refused.
 */
#define _GNU_SOURCE
#include "unit_group.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define assert_has(text, part) \
	do { \
		if (!strstr(text, part)) \
			fail_msg("\"%s\" lacks \"%s\"", text, part); \
	} while (0)

#define NUMBER	7

/* ---- what is told --------------------------------------------------- */

static void put_u32(uint16_t type, uint32_t value)
{
	put(type, &value, sizeof(value));
}

static void put_u64(uint16_t type, uint64_t value)
{
	put(type, &value, sizeof(value));
}

/* What the program was told, one line for each call. */
static char told[4096];
static void *last_data;
static size_t last_len;

static void tell(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static void tell(const char *format, ...)
{
	size_t used = strlen(told);
	va_list args;

	va_start(args, format);
	vsnprintf(told + used, sizeof(told) - used, format, args);
	va_end(args);
}

static void tell_members(const char *word,
			 const struct pfsnl_group_member *const *m, size_t n)
{
	const char *why;
	size_t i;

	tell("%s", word);
	for (i = 0; i < n; i++) {
		why = pfsnl_group_why_name(m[i]->why);
		tell(" %u.%u%s%s", ntohl(m[i]->addr.s_addr) & 255,
		     m[i]->number, m[i]->self ? "!" : m[i]->here ? "'" : "",
		     m[i]->why ? why : "");
	}
	tell(";");
}

static void on_changed(void *arg, struct pfsnl_group *group,
		       const struct pfsnl_group_update *u)
{
	(void)arg;
	assert_ptr_equal(group, &made);
	tell("%s ring %d:", u->first ? "first" : "changed", (int)u->ring.seq);
	tell_members(" all", u->members, u->count);
	tell_members(" came", u->came, u->num_came);
	tell_members(" gone", u->gone, u->num_gone);
	tell("\n");
}

static void on_message(void *arg, struct pfsnl_group *group,
		       const struct pfsnl_group_message *m)
{
	(void)arg;
	(void)group;
	assert_non_null(m->data);
	tell("%d.%u:%u%s at %d, id %d, %zu bytes%s\n",
	     (int)(ntohl(m->sender->addr.s_addr) & 255), m->sender->number,
	     m->sender->pid, m->sender->self ? "!" : "", (int)m->place,
	     (int)m->id, m->len, m->safe ? ", safe" : "");
	free(last_data);
	last_data = malloc(m->len + 1);
	memcpy(last_data, m->data, m->len);
	last_len = m->len;
}

static void on_transitional(void *arg, struct pfsnl_group *group,
			    const struct in_addr *lost, size_t count)
{
	size_t i;

	(void)arg;
	(void)group;
	tell("lost");
	for (i = 0; i < count; i++)
		tell(" %u", ntohl(lost[i].s_addr) & 255);
	tell("\n");
}

static void on_unknown(void *arg, struct pfsnl_group *group, uint64_t id)
{
	(void)arg;
	(void)group;
	tell("unknown %d\n", (int)id);
}

static void on_room(void *arg, struct pfsnl_group *group)
{
	(void)arg;
	(void)group;
	tell("room\n");
}

static void on_over(void *arg, struct pfsnl_group *group, uint32_t why)
{
	(void)arg;
	(void)group;
	tell("over: %s\n", pfsnl_group_why_name(why));
}

static const struct pfsnl_group_calls calls = {
	.size = sizeof(calls),
	.changed = on_changed,
	.message = on_message,
	.transitional = on_transitional,
	.unknown = on_unknown,
	.room = on_room,
	.over = on_over,
};

static struct pfsnl_stream stream;

static int stream_begin(void **state)
{
	(void)state;
	pfsnl_stream_init(&stream, (void *)&made, &calls, NULL);
	stream.number = NUMBER;
	stream.addr = node(1);
	told[0] = 0;
	return 0;
}

static int stream_end(void **state)
{
	(void)state;
	pfsnl_stream_free(&stream);
	free(last_data);
	last_data = NULL;
	return 0;
}

static int take(void)
{
	return pfsnl_stream_take(&stream, &made.nlh);
}

/* Compares what was told since it was last asked. */
static void assert_told(const char *text)
{
	assert_string_equal(told, text);
	told[0] = 0;
}

struct who {
	unsigned int node;
	uint32_t number;
	uint8_t change;
	uint8_t why;
};

static void put_members(const struct who *who, size_t n)
{
	uint32_t addrs[16], numbers[16], pids[16];
	uint8_t changes[16], whys[16];
	size_t i;

	for (i = 0; i < n; i++) {
		addrs[i] = node(who[i].node).s_addr;
		numbers[i] = who[i].number;
		pids[i] = 1000 + who[i].number;
		changes[i] = who[i].change;
		whys[i] = who[i].why;
	}
	put(PFSNL_A_GROUP_EVENT_ADDRESSES, addrs, 4 * n);
	put(PFSNL_A_GROUP_EVENT_NUMBERS, numbers, 4 * n);
	put(PFSNL_A_GROUP_EVENT_PIDS, pids, 4 * n);
	put(PFSNL_A_GROUP_EVENT_CHANGES, changes, n);
	put(PFSNL_A_GROUP_EVENT_WHYS, whys, n);
}

static void put_ring(uint64_t seq)
{
	struct {
		struct nlattr nla;
		uint64_t seq;
	} __attribute__((packed)) ring = {
		.nla = { .nla_type = PFSNL_A_RING_SEQ, .nla_len = 12 },
		.seq = seq,
	};

	put(PFSNL_A_GROUP_EVENT_RING, &ring, sizeof(ring));
}

#define STAYS	PFSNL_GROUP_CHANGE_STAYS
#define CAME	PFSNL_GROUP_CHANGE_CAME
#define GONE	PFSNL_GROUP_CHANGE_GONE

static void change(bool whole, bool more, uint32_t members,
		   const struct who *who, size_t n)
{
	begin(PFSNL_CMD_GROUP_CHANGE_NTF, NUMBER);
	put_ring(5);
	if (whole)
		put(PFSNL_A_GROUP_EVENT_WHOLE, NULL, 0);
	if (more)
		put(PFSNL_A_GROUP_EVENT_MORE, NULL, 0);
	put_u32(PFSNL_A_GROUP_EVENT_MEMBERS, members);
	put_members(who, n);
}

/* The first change, of three members, in two parts. */
static void first_change(void)
{
	static const struct who one[] = { { 2, 7, STAYS, 0 } };
	static const struct who two[] = {
		{ 1, 7, CAME, PFSNL_GROUP_WHY_JOINED },
		{ 1, 3, STAYS, 0 },
	};

	change(true, true, 3, one, 1);
	assert_int_equal(take(), 0);
	assert_told("");
	change(true, false, 3, two, 2);
	assert_int_equal(take(), 0);
	assert_told("first ring 5: all 1.3' 1.7!joined 2.7; came 1.7!joined; gone;\n");
}

static void test_changes(void **state)
{
	static const struct who more[] = {
		{ 3, 1, CAME, PFSNL_GROUP_WHY_NODE_MERGED },
		{ 1, 3, GONE, PFSNL_GROUP_WHY_DIED },
	};
	static const struct who others[] = {
		{ 1, 7, STAYS, 0 },
		{ 9, 1, CAME, PFSNL_GROUP_WHY_NODE_JOINED },
		{ 3, 1, GONE, PFSNL_GROUP_WHY_NODE_FAILED },
	};

	(void)state;
	first_change();
	change(false, false, 3, more, 2);
	assert_int_equal(take(), 0);
	assert_told("changed ring 5: all 1.7! 2.7 3.1node-merged; came 3.1node-merged; gone 1.3'died;\n");
	/* Whoever is not named in a whole one is gone, too. */
	change(true, false, 2, others, 3);
	assert_int_equal(take(), 0);
	assert_told("changed ring 5: all 1.7! 9.1node-joined; came 9.1node-joined; gone 2.7 3.1node-failed;\n");
	assert_int_equal(stream.members.count, 2);
}

static void test_missed_change(void **state)
{
	static const struct who one[] = { { 4, 1, CAME, PFSNL_GROUP_WHY_JOINED } };

	(void)state;
	change(false, false, 1, one, 1);
	assert_int_equal(take(), -EBADMSG);	/* no whole one before */
	stream_end(NULL);
	stream_begin(NULL);
	first_change();
	change(false, false, 9, one, 1);
	assert_int_equal(take(), -EBADMSG);
	assert_told("");
}

static void piece(uint32_t total, uint32_t offset, const void *data, size_t len)
{
	begin(PFSNL_CMD_GROUP_MESSAGE_NTF, NUMBER);
	put_u32(PFSNL_A_GROUP_EVENT_ADDRESS, node(2).s_addr);
	put_u32(PFSNL_A_GROUP_EVENT_NUMBER, 7);
	put_u32(PFSNL_A_GROUP_EVENT_PID, 1007);
	put_u64(PFSNL_A_GROUP_EVENT_PLACE, 77);
	put_u32(PFSNL_A_GROUP_EVENT_TOTAL, total);
	put_u32(PFSNL_A_GROUP_EVENT_OFFSET, offset);
	put(PFSNL_A_GROUP_EVENT_DATA, data, len);
}

static void test_messages(void **state)
{
	static char text[100000];
	uint32_t at, n;

	(void)state;
	for (at = 0; at < sizeof(text); at++)
		text[at] = rand();
	piece(5, 0, "hello", 5);
	assert_int_equal(take(), 0);
	assert_told("2.7:1007 at 77, id 0, 5 bytes\n");
	assert_memory_equal(last_data, "hello", 5);

	/* Our own, safe, and nothing in it. */
	begin(PFSNL_CMD_GROUP_MESSAGE_NTF, NUMBER);
	put_u64(PFSNL_A_GROUP_EVENT_COOKIE, 12);
	put_u32(PFSNL_A_GROUP_EVENT_ADDRESS, node(1).s_addr);
	put_u32(PFSNL_A_GROUP_EVENT_NUMBER, NUMBER);
	put_u64(PFSNL_A_GROUP_EVENT_PLACE, 78);
	put(PFSNL_A_GROUP_EVENT_SAFE, NULL, 0);
	assert_int_equal(take(), 0);
	assert_told("1.7:0! at 78, id 12, 0 bytes, safe\n");

	for (at = 0; at < sizeof(text); at += n) {
		assert_told("");
		n = sizeof(text) - at;
		if (n > PFSNL_GROUP_PIECE_MAX)
			n = PFSNL_GROUP_PIECE_MAX;
		piece(sizeof(text), at, text + at, n);
		assert_int_equal(take(), 0);
	}
	assert_told("2.7:1007 at 77, id 0, 100000 bytes\n");
	assert_memory_equal(last_data, text, sizeof(text));
}

static void test_bad_pieces(void **state)
{
	static const struct {
		uint32_t total, offset, len;
	} second[] = {
		{ 10, 0, 4 },	/* the first again */
		{ 10, 3, 4 },	/* back */
		{ 10, 5, 4 },	/* a gap */
		{ 11, 4, 4 },	/* another message */
		{ 10, 4, 7 },	/* too much */
		{ 10, 4, 0 },	/* nothing */
	};
	size_t i;

	for (i = 0; i < sizeof(second) / sizeof(*second); i++) {
		stream_end(state);
		stream_begin(state);
		piece(10, 0, "0123", 4);
		assert_int_equal(take(), 0);
		piece(second[i].total, second[i].offset, "0123456",
		      second[i].len);
		assert_int_equal(take(), -EBADMSG);
	}
	stream_end(state);
	stream_begin(state);
	piece(10, 4, "0123", 4);
	assert_int_equal(take(), -EBADMSG);
	piece(3, 0, "0123", 4);
	assert_int_equal(take(), -EBADMSG);
	assert_told("");
}

static void test_others(void **state)
{
	struct in_addr lost[] = { node(3), node(4) };

	(void)state;
	begin(PFSNL_CMD_GROUP_TRANSITIONAL_NTF, NUMBER);
	put(PFSNL_A_GROUP_EVENT_ADDRESSES, lost, sizeof(lost));
	assert_int_equal(take(), 0);
	begin(PFSNL_CMD_GROUP_UNKNOWN_NTF, NUMBER);
	put_u64(PFSNL_A_GROUP_EVENT_COOKIE, 3);
	assert_int_equal(take(), 0);
	begin(PFSNL_CMD_GROUP_ROOM_NTF, NUMBER);
	assert_int_equal(take(), 0);
	assert_told("lost 3 4\nunknown 3\nroom\n");

	/* Another membership, or a command of another day. */
	begin(PFSNL_CMD_GROUP_ROOM_NTF, NUMBER + 1);
	assert_int_equal(take(), 0);
	begin(PFSNL_CMD_GROUP_ROOM_NTF, 0);
	assert_int_equal(take(), 0);
	begin(200, NUMBER);
	assert_int_equal(take(), 0);
	assert_told("");

	begin(PFSNL_CMD_GROUP_OVER_NTF, NUMBER);
	put_u32(PFSNL_A_GROUP_EVENT_WHY, PFSNL_GROUP_WHY_SILENT);
	assert_int_equal(take(), 0);
	assert_told("over: silent\n");
	begin(PFSNL_CMD_GROUP_ROOM_NTF, NUMBER);
	assert_int_equal(take(), 0);
	pfsnl_stream_end(&stream, PFSNL_GROUP_WHY_SLOW);
	assert_told("");
}

/* A program of yesterday has a structure that ends before `room`. */
static void test_short_calls(void **state)
{
	struct pfsnl_group_calls old = calls;

	stream_end(state);
	old.size = offsetof(struct pfsnl_group_calls, room);
	pfsnl_stream_init(&stream, (void *)&made, &old, NULL);
	stream.number = NUMBER;
	begin(PFSNL_CMD_GROUP_ROOM_NTF, NUMBER);
	assert_int_equal(take(), 0);
	assert_told("");
}

/* Whatever comes: no fault, and after a refusal no more is asked. */
static void test_any_bytes(void **state)
{
	unsigned int round, i, n;

	for (round = 0; round < 20000; round++) {
		if (!(round % 64)) {
			stream_end(state);
			stream_begin(state);
		}
		begin(PFSNL_CMD_GROUP_CHANGE_NTF + rand() % 6, NUMBER);
		for (n = rand() % 12; n; n--) {
			char bytes[64];

			for (i = 0; i < sizeof(bytes); i++)
				bytes[i] = rand() % 4 ? 0 : rand();
			put(rand() % (PFSNL_A_GROUP_EVENT_MAX + 2), bytes,
			    rand() % sizeof(bytes));
		}
		/* Perhaps cut, and perhaps with a length that lies. */
		if (!(rand() % 8))
			made.nlh.nlmsg_len -= rand() % 16;
		if (take() == -EBADMSG || stream.over) {
			stream_end(state);
			stream_begin(state);
		}
		told[0] = 0;
	}
}

/* ---- the calls of a program ----------------------------------------- */

static int open_handle(void **state)
{
	return pfsnl_open((struct pfsnl **)state);
}

static int close_handle(void **state)
{
	pfsnl_close(*state);
	return 0;
}

static void test_refused(void **state)
{
	struct pfsnl_group_options opt = { .size = sizeof(opt) };
	struct pfsnl_group_calls bad = { .size = 0 };
	struct pfsnl_group_members *members;
	struct pfsnl_group *group;
	char name[PFSNL_GROUP_NAME_MAX + 2];

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = 0;
	assert_int_equal(pfsnl_group_join(*state, name, &calls, NULL, NULL,
					  &group), -EINVAL);
	assert_has(pfsnl_errmsg(), "1 to 63 bytes");
	assert_null(group);
	assert_int_equal(pfsnl_group_join(*state, "", &calls, NULL, NULL,
					  &group), -EINVAL);
	assert_int_equal(pfsnl_group_join(*state, "a\nb", &calls, NULL, NULL,
					  &group), -EINVAL);
	assert_int_equal(pfsnl_group_members_get(*state, "\x7f", &members),
			 -EINVAL);
	assert_int_equal(pfsnl_group_join(*state, "a", &bad, NULL, NULL,
					  &group), -EINVAL);
	assert_has(pfsnl_errmsg(), "size");
	opt.keepalive = 99;
	assert_int_equal(pfsnl_group_join(*state, "a", &calls, NULL, &opt,
					  &group), -ERANGE);
	assert_has(pfsnl_errmsg(), "keepalive");
	opt.size = 0;
	assert_int_equal(pfsnl_group_join(*state, "a", &calls, NULL, &opt,
					  &group), -EINVAL);
	pfsnl_group_close(NULL);
}

static void test_no_module(void **state)
{
	struct pfsnl_group_members *members;
	struct pfsnl_groups *groups;
	struct pfsnl_group *group;

	if (!access("/sys/module/pfsnl", F_OK))
		skip();
	assert_int_equal(pfsnl_group_join(*state, "a", &calls, NULL, NULL,
					  &group), -EPROTONOSUPPORT);
	assert_has(pfsnl_errmsg(), "joining a group");
	assert_has(pfsnl_errmsg(), "modprobe pfsnl");
	assert_null(group);
	assert_int_equal(pfsnl_groups_get(*state, &groups), -EPROTONOSUPPORT);
	assert_null(groups);
	assert_int_equal(pfsnl_group_members_get(*state, "a", &members),
			 -EPROTONOSUPPORT);
	assert_null(members);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(pfsnl_group_why_name(PFSNL_GROUP_WHY_NONE), "none");
	assert_string_equal(pfsnl_group_why_name(PFSNL_GROUP_WHY_NODE_FAILED),
			    "node-failed");
	assert_string_equal(pfsnl_group_why_name(PFSNL_GROUP_WHY_NO_MEMORY),
			    "no-memory");
	assert_null(pfsnl_group_why_name(PFSNL_GROUP_WHY_NO_MEMORY + 1));
	assert_null(pfsnl_group_why_name(UINT32_MAX));
}

#define with_stream(test) \
	cmocka_unit_test_setup_teardown(test, stream_begin, stream_end)
#define with_handle(test) \
	cmocka_unit_test_setup_teardown(test, open_handle, close_handle)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_stream(test_changes),
		with_stream(test_missed_change),
		with_stream(test_messages),
		with_stream(test_bad_pieces),
		with_stream(test_others),
		with_stream(test_short_calls),
		with_stream(test_any_bytes),
		with_handle(test_refused),
		with_handle(test_no_module),
		cmocka_unit_test(test_names),
	};

	srand(7319);
	return cm_main(tests, NULL, NULL);
}
