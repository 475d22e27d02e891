// SPDX-License-Identifier: GPL-2.0
/*
 * The socket that notifications of groups and answers come from: what is kept, what
 * the kernel is told, what a loss does.
 */
#define _GNU_SOURCE
#include "unit_group.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct pfsnl_mailbox box;
static int kernel;

/* A pair of sockets; the test is the kernel at the other end. */
static int box_begin(void **state)
{
	int on = 1 << 20, fds[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds))
		return -1;
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &on, sizeof(on));
	memset(&box, 0, sizeof(box));
	box.fd = fds[0];
	box.family = FAMILY;
	box.last = &box.first;
	box.window = 1 << 20;
	box.room = malloc(PFSNL_MAILBOX_ROOM);
	kernel = fds[1];
	return box.room ? 0 : -1;
}

static int box_end(void **state)
{
	(void)state;
	pfsnl_mailbox_close(&box);
	close(kernel);
	return 0;
}

static void deliver(void)
{
	assert_int_equal(send(kernel, &made, made.nlh.nlmsg_len, 0),
			 made.nlh.nlmsg_len);
}

static void deliver_room(uint32_t number)
{
	begin(PFSNL_CMD_GROUP_ROOM_NTF, number);
	deliver();
}

static void deliver_error(uint32_t seq, int error, const char *text)
{
	struct nlmsgerr *e = NLMSG_DATA(&made.nlh);

	memset(&made, 0, NLMSG_LENGTH(sizeof(*e)));
	made.nlh.nlmsg_type = NLMSG_ERROR;
	made.nlh.nlmsg_seq = seq;
	made.nlh.nlmsg_flags = NLM_F_CAPPED;
	made.nlh.nlmsg_len = NLMSG_LENGTH(sizeof(*e));
	e->error = error;
	if (text) {
		made.nlh.nlmsg_flags |= NLM_F_ACK_TLVS;
		put(NLMSGERR_ATTR_MSG, text, strlen(text) + 1);
	}
	deliver();
}

static uint32_t next_number(void)
{
	static char room[PFSNL_MAILBOX_ROOM];
	struct pfsnl_kept *kept;
	struct nlattr *nla;
	struct nlmsghdr *nlh;
	uint32_t number;

	nlh = pfsnl_mailbox_next(&box, room, &kept);
	if (!nlh)
		return 0;
	nla = genlmsg_attrdata(genlmsg_hdr(nlh), 0);
	number = nla_get_u32(nla);
	free(kept);
	return number;
}

/* Notifications around an answer are kept, in their order. */
static void test_answer(void **state)
{
	struct pfsnl_answer answer;
	struct pfsnl_ask ask;
	struct nlmsghdr *nlh = (void *)made.room;
	struct nlattr *tb[PFSNL_A_GROUP_MAX + 1];

	(void)state;
	deliver_room(1);
	deliver_error(99, -EPERM, NULL);	/* of somebody else */
	deliver_room(2);
	deliver_error(1, -EAGAIN, "no room for it");
	deliver_room(3);
	pfsnl_ask_begin(&ask, PFSNL_CMD_GROUP_SEND);
	ask.data = "12345";
	ask.len = 5;
	ask.data_attr = PFSNL_A_GROUP_DATA;
	assert_int_equal(pfsnl_mailbox_ask(&box, &ask, &answer), 0);
	assert_true(answer.came);
	assert_int_equal(answer.err, -EAGAIN);
	assert_string_equal(answer.why, "no room for it");
	deliver_room(4);
	assert_int_equal(next_number(), 1);
	assert_int_equal(next_number(), 2);
	assert_int_equal(next_number(), 3);
	assert_int_equal(next_number(), 4);
	assert_int_equal(next_number(), 0);

	/* What the kernel got is a sound request. */
	assert_int_equal(recv(kernel, made.room, sizeof(made), MSG_DONTWAIT),
			 NLMSG_LENGTH(GENL_HDRLEN) + NLA_HDRLEN + 8);
	assert_int_equal(nlh->nlmsg_len, NLMSG_LENGTH(GENL_HDRLEN) +
					 NLA_HDRLEN + 8);
	assert_int_equal(nlh->nlmsg_type, FAMILY);
	assert_int_equal(genlmsg_parse(nlh, 0, tb, PFSNL_A_GROUP_MAX, NULL), 0);
	assert_int_equal(nla_len(tb[PFSNL_A_GROUP_DATA]), 5);
	assert_memory_equal(nla_data(tb[PFSNL_A_GROUP_DATA]), "12345", 5);
}

/* One datagram with notifications from number `first` to `last`, and `more` bytes. */
static void deliver_joined(uint32_t first, uint32_t last, size_t more)
{
	static char joined[4096];
	size_t len = 0;

	memset(joined, 0, sizeof(joined));
	for (; first <= last; first++) {
		begin(PFSNL_CMD_GROUP_ROOM_NTF, first);
		memcpy(joined + len, &made, made.nlh.nlmsg_len);
		len += NLMSG_ALIGN(made.nlh.nlmsg_len);
	}
	assert_int_equal(send(kernel, joined, len + more, 0), len + more);
}

/* Whoever asks meanwhile gets its answer, and all come in their order. */
static void test_joined(void **state)
{
	struct pfsnl_answer answer;
	struct pfsnl_ask ask;
	uint32_t i;

	(void)state;
	deliver_joined(1, 4, 0);
	assert_int_equal(next_number(), 1);
	deliver_joined(5, 7, 0);
	deliver_error(1, -EAGAIN, NULL);
	deliver_room(8);
	pfsnl_ask_begin(&ask, PFSNL_CMD_GROUP_LEAVE);
	assert_int_equal(pfsnl_mailbox_ask(&box, &ask, &answer), 0);
	assert_true(answer.came);
	deliver_joined(9, 9, 0);
	for (i = 2; i <= 9; i++)
		assert_int_equal(next_number(), i);
	assert_int_equal(next_number(), 0);
	/* bytes behind the last that are no message */
	deliver_joined(10, 11, 8);
	deliver_joined(12, 12, 0);
	for (i = 10; i <= 12; i++)
		assert_int_equal(next_number(), i);
	assert_int_equal(next_number(), 0);
	/* nothing is told after one that made no sense */
	deliver_joined(13, 15, 0);
	assert_int_equal(next_number(), 13);
	pfsnl_mailbox_lose(&box, -EBADMSG);
	assert_int_equal(next_number(), 0);
}

static uint32_t told_taken(void)
{
	struct nlattr *tb[PFSNL_A_GROUP_MAX + 1];
	struct nlmsghdr *nlh = &made.nlh;

	if (recv(kernel, made.room, sizeof(made), MSG_DONTWAIT) < 0)
		return 0;
	assert_int_equal(genlmsg_parse(nlh, 0, tb, PFSNL_A_GROUP_MAX, NULL), 0);
	assert_int_equal(genlmsg_hdr(nlh)->cmd, PFSNL_CMD_GROUP_TAKEN);
	return nla_get_u32(tb[PFSNL_A_GROUP_TAKEN]);
}

/* All that was taken is told, in portions, each with 1024 bytes besides. */
static void test_taken(void **state)
{
	uint32_t sum = 0, said = 0, portions = 0, n, i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		pfsnl_mailbox_taken(&box, 2001);
		sum += 2004 + 1024;
		n = told_taken();
		said += n;
		portions += !!n;
		/* The kernel is never left with less than it may send. */
		assert_true(sum - said <= box.window / 4);
	}
	assert_int_equal(said + box.untold, sum);
	assert_in_range(portions, 2, 20);
	box.window = 70000;
	pfsnl_mailbox_taken(&box, 100);
	assert_int_equal(told_taken(), sum - said + 100 + 1024);
}

static void test_lost(void **state)
{
	struct pfsnl_answer answer;
	struct pfsnl_ask ask;

	(void)state;
	/* Longer than anything that the kernel sends. */
	assert_int_equal(send(kernel, made.room, sizeof(made.room), 0),
			 sizeof(made.room));
	deliver_room(1);
	assert_int_equal(next_number(), 1);	/* that one made no sense */
	deliver_room(2);
	deliver_error(1, 0, NULL);
	pfsnl_ask_begin(&ask, PFSNL_CMD_GROUP_LEAVE);
	assert_int_equal(pfsnl_mailbox_ask(&box, &ask, &answer), 0);
	assert_true(answer.came);
	assert_int_equal(answer.err, 0);
	/* What was kept before the loss is still given. */
	box.lost = -ENOBUFS;
	deliver_room(3);
	assert_int_equal(next_number(), 2);
	assert_int_equal(next_number(), 0);
}

#define with_box(test) \
	cmocka_unit_test_setup_teardown(test, box_begin, box_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_box(test_answer),
		with_box(test_joined),
		with_box(test_taken),
		with_box(test_lost),
	};

	return cm_main(tests, NULL, NULL);
}
