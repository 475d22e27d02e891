// SPDX-License-Identifier: GPL-2.0
/*
 * Checkpoints without a module: answers and outcomes, made here as the kernel makes
 * them, against what becomes of what was asked.
 */
#define _GNU_SOURCE
#include "cm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ckpt.h"

#define assert_has(text, part) \
	do { \
		if (!strstr(text, part)) \
			fail_msg("\"%s\" lacks \"%s\"", text, part); \
	} while (0)

#define FAMILY	0x2a

/* ---- answers and outcomes ------------------------------------------- */

static struct pfsnl_ckptsock *sock;
/* What was sent over the socket comes out here. */
static int other_end;

static int sock_begin(void **state)
{
	int fds[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds))
		return -1;
	other_end = fds[1];
	return pfsnl_ckptsock_new(NULL, fds[0], FAMILY, &sock);
}

static int sock_end(void **state)
{
	(void)state;
	pfsnl_ckptsock_free(sock);
	close(other_end);
	return 0;
}

/* One is being made here. */
static union {
	struct nlmsghdr nlh;
	char room[PFSNL_CKPTSOCK_ROOM];
} made;

static void begin(uint16_t type, uint8_t cmd, uint32_t seq)
{
	memset(&made.nlh, 0, NLMSG_LENGTH(GENL_HDRLEN));
	made.nlh.nlmsg_type = type;
	made.nlh.nlmsg_seq = seq;
	made.nlh.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	genlmsg_hdr(&made.nlh)->cmd = cmd;
}

static void add(uint16_t type, const void *data, size_t len)
{
	struct nlattr *nla = (void *)(made.room + made.nlh.nlmsg_len);

	nla->nla_type = type;
	nla->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy(nla + 1, data, len);
	made.nlh.nlmsg_len += NLA_ALIGN(nla->nla_len);
}

static void arrive(void)
{
	pfsnl_ckptsock_take_in(sock, made.room, made.nlh.nlmsg_len);
}

/* An outcome of what has this cookie. */
static void outcome(uint64_t cookie, int32_t err, const char *why)
{
	begin(FAMILY, PFSNL_CMD_CKPT_DONE_NTF, 0);
	add(PFSNL_A_CKPT_COOKIE, &cookie, 8);
	add(PFSNL_A_CKPT_ERROR, &err, 4);
	if (why)
		add(PFSNL_A_CKPT_TEXT, why, strlen(why) + 1);
	arrive();
}

/* A request with this number was refused, with a text or without. */
static void refusal(uint32_t seq, int err, const char *why)
{
	struct nlmsgerr *e = NLMSG_DATA(&made.nlh);

	memset(&made, 0, 256);
	made.nlh.nlmsg_type = NLMSG_ERROR;
	made.nlh.nlmsg_seq = seq;
	made.nlh.nlmsg_flags = NLM_F_CAPPED;
	made.nlh.nlmsg_len = NLMSG_LENGTH(sizeof(*e));
	e->error = err;
	if (why) {
		made.nlh.nlmsg_flags |= NLM_F_ACK_TLVS;
		add(NLMSGERR_ATTR_MSG, why, strlen(why) + 1);
	}
	arrive();
}

/* A request to delete "x", by the socket's own means. */
static struct pfsnl_asked *ask(struct pfsnl_ckpt *ckpt)
{
	struct pfsnl_asked *asked = calloc(1, sizeof(*asked));
	struct pfsnl_ckpt_op op = {
		.kind = PFSNL_CKPT_OP_DELETE, .id = "x", .id_len = 1,
	};

	assert_non_null(asked);
	asked->ckpt = ckpt;
	assert_int_equal(pfsnl_ckpt_op_put(&sock->out, "w", 1, &op), 0);
	assert_int_equal(pfsnl_ckptsock_send(sock, asked), 0);
	return asked;
}

static void test_sent(void **state)
{
	struct nlmsghdr *nlh = &made.nlh;
	struct nlattr *tb[PFSNL_A_CKPT_MAX + 1];
	struct pfsnl_asked *asked;
	ssize_t len;

	(void)state;
	/* 0 is the number of notifications, so no request has it. */
	sock->cookies = UINT32_MAX;
	asked = ask(NULL);
	assert_true(asked->cookie == (1ULL << 32) + 1);
	len = recv(other_end, &made, sizeof(made), 0);
	assert_true(len == nlh->nlmsg_len);
	assert_int_equal(nlh->nlmsg_type, FAMILY);
	assert_int_equal(nlh->nlmsg_seq, 1);
	assert_true(genlmsg_parse(nlh, 0, tb, PFSNL_A_CKPT_MAX, NULL) >= 0);
	assert_true(nla_get_u64(tb[PFSNL_A_CKPT_COOKIE]) == asked->cookie);
	assert_false(asked->done);
	/* The lower half alone is not enough for an outcome. */
	outcome(1, 0, NULL);
	assert_false(asked->done);
	outcome(asked->cookie, 0, NULL);
	assert_true(asked->done);
	free(asked);
}

static void test_outcomes(void **state)
{
	struct pfsnl_asked *asked[4];
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		asked[i] = ask(NULL);
	outcome(asked[2]->cookie, -ENOSPC, "no room");
	assert_true(asked[2]->done && asked[2]->outcome);
	assert_int_equal(asked[2]->err, -ENOSPC);
	assert_string_equal(asked[2]->why, "no room");
	outcome(asked[3]->cookie, 0, NULL);
	refusal((uint32_t)asked[0]->cookie, -EAGAIN, "too much");
	assert_true(asked[0]->done && !asked[0]->outcome);
	assert_int_equal(asked[0]->err, -EAGAIN);
	assert_string_equal(asked[0]->why, "too much");
	outcome(777, 0, NULL);		/* of nobody */
	outcome(asked[2]->cookie, 0, NULL);	/* and of what is done already */
	assert_int_equal(asked[2]->err, -ENOSPC);
	assert_false(asked[1]->done);
	assert_ptr_equal(sock->first, asked[1]);
	assert_int_equal(sock->taken, 3);
	/* The id of a section, a number, a handle. */
	begin(FAMILY, PFSNL_CMD_CKPT_DONE_NTF, 0);
	add(PFSNL_A_CKPT_COOKIE, &asked[1]->cookie, 8);
	add(PFSNL_A_CKPT_SECTION, "0123456789abcdef", 16);
	add(PFSNL_A_CKPT_NUMBER, "\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\6\12\0\0\1", 20);
	add(PFSNL_A_CKPT_HANDLE, &(uint32_t){ 9 }, 4);
	add(PFSNL_A_CKPT_CREATED, NULL, 0);
	arrive();
	assert_true(asked[1]->done && asked[1]->has_id && asked[1]->created);
	assert_int_equal(asked[1]->id.len, 16);
	assert_memory_equal(asked[1]->id.bytes, "0123456789abcdef", 16);
	assert_int_equal(asked[1]->number.counter, 6);
	assert_int_equal(asked[1]->handle, 9);
	assert_null(sock->first);
	for (i = 0; i < 4; i++)
		free(asked[i]);
}

static void test_unloaded(void **state)
{
	struct pfsnl_asked *a, *b;
	uint64_t epoch = sock->epoch;

	(void)state;
	a = ask(NULL);
	b = ask(NULL);
	refusal((uint32_t)b->cookie, -ENOENT, NULL);
	assert_int_equal(b->err, -EPROTONOSUPPORT);
	assert_int_equal(a->err, -ECONNABORTED);
	assert_true(sock->epoch == epoch + 1);
	assert_int_equal(sock->family, 0);
	free(a);
	/* Nothing more is sent, until the family is known again. */
	assert_int_equal(pfsnl_ckptsock_send(sock, b), -EPROTONOSUPPORT);
	free(b);
}

/* What is refused with -ENOENT and a text is not there; the family is. */
static void test_not_there(void **state)
{
	struct pfsnl_asked *a = ask(NULL);

	(void)state;
	refusal((uint32_t)a->cookie, -ENOENT, "no such section");
	assert_int_equal(a->err, -ENOENT);
	assert_int_equal(sock->family, FAMILY);
	free(a);
}

static void test_read(void **state)
{
	struct pfsnl_asked *a = ask(NULL);
	char into[11] = "----------";

	(void)state;
	a->direct = true;	/* only now, as its answer would be there */
	a->into = into;
	a->room = 9;
	begin(FAMILY, PFSNL_CMD_SECTION_READ, (uint32_t)a->cookie);
	add(PFSNL_A_CKPT_LENGTH, &(uint64_t){ 100 }, 8);
	add(PFSNL_A_CKPT_DATA, "abcd", 4);
	add(PFSNL_A_CKPT_DATA, "", 0);
	add(PFSNL_A_CKPT_DATA, "efgh", 4);
	/* More than was asked for is not written anywhere. */
	add(PFSNL_A_CKPT_DATA, "ijkl", 4);
	arrive();
	assert_true(a->done);
	assert_int_equal(a->err, 0);
	assert_int_equal(a->got, 9);
	assert_true(a->total == 100);
	assert_string_equal(into, "abcdefghi-");
	free(a);
}

/* As the kernel does that had no room for an answer, but for the error. */
static void lose_something(void)
{
	static char big[PFSNL_CKPTSOCK_ROOM + 1];

	/* Longer than anything the kernel sends, so it is cut. */
	assert_true(send(other_end, big, sizeof(big), 0) > 0);
}

/*
 * Outcomes come later, if there was no room for them. Of a request that is sent just
 * then nobody knows whether it was refused, and what changes nothing is asked again.
 */
static void test_lost(void **state)
{
	struct pfsnl_asked *a = ask(NULL), *b = calloc(1, sizeof(*b));
	struct pfsnl_ckpt_op op = {
		.kind = PFSNL_CKPT_OP_DELETE, .id = "x", .id_len = 1,
	};

	(void)state;
	lose_something();
	pfsnl_ckptsock_take(sock);
	assert_true(sock->overrun);
	assert_false(a->done);
	assert_ptr_equal(sock->first, a);
	outcome(a->cookie, 0, NULL);
	assert_true(a->done && !a->err);
	free(a);

	/* What was lost before it was sent is of no matter to it. */
	lose_something();
	a = ask(NULL);
	assert_ptr_equal(sock->first, a);
	outcome(a->cookie, 0, NULL);
	free(a);

	assert_int_equal(pfsnl_ckpt_op_put(&sock->out, "w", 1, &op), 0);
	b->direct = true;
	assert_int_equal(pfsnl_ckptsock_send(sock, b), -EBADMSG);
	assert_null(sock->first);
	free(b);
}

static unsigned int told;

static void done(void *arg, struct pfsnl_ckpt *ckpt,
		 const struct pfsnl_ckpt_outcome *o)
{
	(void)arg;
	(void)ckpt;
	(void)o;
	told++;
}

static struct pfsnl_asked *submit(struct pfsnl_ckpt *ckpt)
{
	struct pfsnl_asked *asked = calloc(1, sizeof(*asked));
	struct pfsnl_ckpt_op op = {
		.kind = PFSNL_CKPT_OP_DELETE, .id = "x", .id_len = 1,
	};

	assert_non_null(asked);
	asked->ckpt = ckpt;
	assert_int_equal(pfsnl_ckpt_op_put(&sock->out, "w", 1, &op), 0);
	assert_int_equal(pfsnl_ckptsock_submit(sock, asked, done), 0);
	return asked;
}

/* What was submitted is told in the order of the outcomes, unless forgotten. */
static void test_forget(void **state)
{
	struct pfsnl_ckpt one = { 0 }, two = { 0 };
	struct pfsnl_asked *a, *b, *c, *d;

	(void)state;
	a = submit(&one);
	b = submit(&two);
	c = submit(&one);
	d = submit(&two);
	outcome(d->cookie, 0, NULL);
	outcome(a->cookie, 0, NULL);
	pfsnl_ckptsock_forget(sock, &one);
	outcome(c->cookie, 0, NULL);	/* frees it */
	outcome(b->cookie, 0, NULL);
	assert_ptr_equal(pfsnl_ckptsock_next(sock), d);
	assert_ptr_equal(pfsnl_ckptsock_next(sock), b);
	assert_null(pfsnl_ckptsock_next(sock));
	assert_null(sock->first);
	sock->telling = NULL;
	free(b);
	free(d);
	/* The list is whole: what comes now is found in it. */
	a = submit(&two);
	outcome(a->cookie, 0, NULL);
	assert_ptr_equal(pfsnl_ckptsock_next(sock), a);
	free(a);
}

/* Nobody waits for it any more: what was opened is closed. */
static void test_unwanted(void **state)
{
	struct pfsnl_asked *a = ask(NULL);
	struct nlattr *tb[PFSNL_A_CKPT_MAX + 1];
	uint64_t cookie = a->cookie;

	(void)state;
	assert_true(recv(other_end, &made, sizeof(made), 0) > 0);
	a->opening = true;
	a->orphan = true;
	/* Its handle comes with the answer, the outcome says no more. */
	begin(FAMILY, PFSNL_CMD_CKPT_OPEN, (uint32_t)cookie);
	add(PFSNL_A_CKPT_HANDLE, &(uint32_t){ 77 }, 4);
	arrive();
	assert_true(recv(other_end, &made, sizeof(made), 0) < 0);
	outcome(cookie, 0, NULL);
	assert_true(recv(other_end, &made, sizeof(made), 0) > 0);
	assert_int_equal(genlmsg_hdr(&made.nlh)->cmd, PFSNL_CMD_CKPT_CLOSE);
	assert_true(genlmsg_parse(&made.nlh, 0, tb, PFSNL_A_CKPT_MAX, NULL) >= 0);
	assert_int_equal(nla_get_u32(tb[PFSNL_A_CKPT_HANDLE]), 77);
}

/* A number that is given anew means that who had it has it no longer. */
static void test_handle_anew(void **state)
{
	struct pfsnl_ckpt two = { .sock = sock, .handle = 2 };
	struct pfsnl_ckpt one = { .sock = sock, .handle = 1, .next = &two };
	struct pfsnl_asked *a = ask(NULL);

	(void)state;
	sock->ckpts = &one;
	a->opening = true;
	begin(FAMILY, PFSNL_CMD_CKPT_OPEN, (uint32_t)a->cookie);
	add(PFSNL_A_CKPT_HANDLE, &(uint32_t){ 1 }, 4);
	arrive();
	assert_int_equal(a->handle, 1);
	assert_true(pfsnl_ckpt_stale(&one));
	assert_false(pfsnl_ckpt_stale(&two));
	outcome(a->cookie, 0, NULL);
	free(a);
	sock->ckpts = NULL;
}

/* Whatever comes, nothing is read or written beyond its end. */
static void test_any_bytes(void **state)
{
	unsigned int round, i;
	struct pfsnl_asked *a;
	char into[16];
	size_t len;
	char *copy;

	(void)state;
	for (round = 0; round < 20000; round++) {
		a = ask(NULL);
		while (recv(other_end, &made, sizeof(made), 0) > 0)
			;
		a->orphan = true;
		a->direct = round & 1;
		a->into = into;
		a->room = sizeof(into);
		if (rand() & 1)
			outcome(a->cookie + 1, 0, "text");
		else
			refusal((uint32_t)a->cookie + 1, -EAGAIN, "text");
		/* In memory of just this size, so that a sanitizer sees it. */
		len = made.nlh.nlmsg_len;
		made.nlh.nlmsg_seq = (uint32_t)a->cookie;
		if (rand() & 1)
			len = rand() % len;
		copy = malloc(len + 1);
		memcpy(copy, &made, len);
		for (i = 0; i < (unsigned int)rand() % 5 && len; i++)
			copy[rand() % len] = rand();
		pfsnl_ckptsock_take_in(sock, copy, len);
		free(copy);
		sock->family = FAMILY;
		if (sock->first)
			outcome(a->cookie, 0, NULL);
		if (sock->first) {	/* a read */
			begin(FAMILY, PFSNL_CMD_SECTION_READ,
			      (uint32_t)sock->first->cookie);
			arrive();
		}
		assert_null(sock->first);
	}
}

/* ---- what is refused before anything is asked ----------------------- */

static void test_names(void **state)
{
	char name[PFSNL_CKPT_NAME_MAX + 2];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[PFSNL_CKPT_NAME_MAX + 1] = 0;
	assert_int_equal(pfsnl_ckpt_check_name("w", name), -EINVAL);
	assert_has(pfsnl_errmsg(), "255");
	name[PFSNL_CKPT_NAME_MAX] = 0;
	assert_int_equal(pfsnl_ckpt_check_name("w", name), 0);
	assert_int_equal(pfsnl_ckpt_check_name("w", ""), -EINVAL);
	assert_int_equal(pfsnl_ckpt_check_name("w", "a\n"), -EINVAL);
	assert_int_equal(pfsnl_ckpt_check_name("w", "\177"), -EINVAL);
	assert_int_equal(pfsnl_ckpt_check_name("w", "gr\303\274n @/\\"), 0);
}

static void test_event_names(void **state)
{
	(void)state;
	assert_string_equal(pfsnl_ckpt_event_name(PFSNL_CKPT_EVENT_CREATED),
			    "created");
	assert_string_equal(pfsnl_ckpt_event_name(PFSNL_CKPT_EVENT_OUT), "out");
	assert_null(pfsnl_ckpt_event_name(PFSNL_CKPT_EVENT_OUT + 1));
	assert_string_equal(pfsnl_ckpt_conflict_name(PFSNL_CKPT_CONFLICT_WHY_NAME),
			    "name");
	assert_string_equal(pfsnl_ckpt_conflict_name(PFSNL_CKPT_CONFLICT_WHY_UNLINKED_OPEN),
			    "unlinked-open");
	assert_null(pfsnl_ckpt_conflict_name(UINT32_MAX));
}

static int open_handle(void **state)
{
	return pfsnl_open((struct pfsnl **)state);
}

static int close_handle(void **state)
{
	pfsnl_close(*state);
	return 0;
}

static void test_no_module(void **state)
{
	struct pfsnl_ckpt_calls calls = { .size = sizeof(calls) };
	struct pfsnl_ckpt_state *all;
	struct pfsnl_ckpt_info *info;
	struct pfsnl_sections *sections;
	struct pfsnl_ckpts *ckpts;
	struct pfsnl_ckpt *ckpt;

	if (!access("/sys/module/pfsnl", F_OK))
		skip();
	assert_int_equal(pfsnl_ckpt_open(*state, "a", PFSNL_CKPT_READ, NULL,
					 &ckpt), -EPROTONOSUPPORT);
	assert_has(pfsnl_errmsg(), "opening the checkpoint a: ");
	assert_has(pfsnl_errmsg(), "modprobe pfsnl");
	assert_null(ckpt);
	assert_int_equal(pfsnl_ckpt_unlink(*state, "a", 0), -EPROTONOSUPPORT);
	assert_int_equal(pfsnl_ckpts_set_limit(*state, 1, 0), -EPROTONOSUPPORT);
	assert_int_equal(pfsnl_ckpts_fd(*state), -EPROTONOSUPPORT);
	assert_int_equal(pfsnl_ckpts_dispatch(*state, 0), -EPROTONOSUPPORT);
	assert_int_equal(pfsnl_ckpts_get(*state, &ckpts), -EPROTONOSUPPORT);
	assert_null(ckpts);
	assert_int_equal(pfsnl_ckpt_info_get(*state, "a", &info),
			 -EPROTONOSUPPORT);
	assert_null(info);
	assert_int_equal(pfsnl_sections_get(*state, "a", NULL, &sections),
			 -EPROTONOSUPPORT);
	assert_null(sections);
	assert_int_equal(pfsnl_ckpt_state_get(*state, &all), -EPROTONOSUPPORT);
	assert_null(all);
	assert_int_equal(pfsnl_ckpt_watch_add(*state, &calls, NULL),
			 -EPROTONOSUPPORT);
	assert_int_equal(pfsnl_ckpt_watch_remove(*state, &calls, NULL),
			 -ENOENT);
}

static void test_refused(void **state)
{
	struct pfsnl_ckpt_calls calls = { 0 };
	struct pfsnl_ckpt *ckpt;

	assert_int_equal(pfsnl_ckpt_open(*state, "", 0, NULL, &ckpt), -EINVAL);
	assert_int_equal(pfsnl_ckpt_open(*state, "a", 64, NULL, &ckpt), -EINVAL);
	assert_has(pfsnl_errmsg(), "0x40");
	assert_int_equal(pfsnl_ckpt_unlink(*state, "a", PFSNL_CKPT_READ),
			 -EINVAL);
	assert_int_equal(pfsnl_ckpts_set_timeout(*state, -2), -ERANGE);
	assert_int_equal(pfsnl_ckpts_set_timeout(*state, 0), 0);
	assert_int_equal(pfsnl_ckpts_set_timeout(*state, PFSNL_CKPT_FOREVER), 0);
	assert_int_equal(pfsnl_ckpt_watch_add(*state, &calls, NULL), -EINVAL);
	assert_int_equal(pfsnl_ckpt_close(NULL, 0), 0);
}

static void test_fork(void **state)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child) {
		struct pfsnl_ckpts *ckpts;
		struct pfsnl_ckpt *ckpt;
		int bad = pfsnl_ckpt_open(*state, "a", 0, NULL, &ckpt) !=
			  -ECHILD ||
			  pfsnl_ckpts_get(*state, &ckpts) != -ECHILD ||
			  pfsnl_ckpts_fd(*state) != -ECHILD ||
			  pfsnl_ckpts_set_timeout(*state, 1) != -ECHILD;

		_exit(bad);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_attr(void **state)
{
	struct pfsnl_ckpt_attr attr;

	(void)state;
	pfsnl_ckpt_attr_init(&attr);
	assert_true(attr.size == 16 << 20 && attr.max_section == attr.size);
	assert_true(attr.retention_ns == PFSNL_NEVER);
	assert_int_equal(attr.max_sections, 1024);
	assert_int_equal(attr.max_id, PFSNL_SECTION_ID_MAX);
}

#define sock_test(test) \
	cmocka_unit_test_setup_teardown(test, sock_begin, sock_end)
#define handle_test(test) \
	cmocka_unit_test_setup_teardown(test, open_handle, close_handle)

int main(void)
{
	const struct CMUnitTest tests[] = {
		sock_test(test_sent),
		sock_test(test_outcomes),
		sock_test(test_unloaded),
		sock_test(test_not_there),
		sock_test(test_read),
		sock_test(test_lost),
		sock_test(test_forget),
		sock_test(test_unwanted),
		sock_test(test_handle_anew),
		sock_test(test_any_bytes),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_event_names),
		handle_test(test_no_module),
		handle_test(test_refused),
		handle_test(test_fork),
		cmocka_unit_test(test_attr),
	};

	return cm_main(tests, NULL, NULL);
}
