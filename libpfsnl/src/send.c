// SPDX-License-Identifier: LGPL-2.1
/* What a membership asks of the kernel: sending, signs of life, leaving. */
#include <errno.h>
#include <unistd.h>

#include "group.h"

int pfsnl_group_check(const struct pfsnl_group *group, const char *what)
{
	if (group->pid == getpid())
		return 0;
	return pfsnl_fail(-ECHILD, what, NULL);
}

void pfsnl_group_wake(struct pfsnl_group *group)
{
	uint64_t one = 1;

	if (group->woken)
		return;
	group->woken = true;
	/* Can't fail: the counter is far from its end. */
	if (write(group->wake_fd, &one, sizeof(one)) < 0)
		return;
}

/* What goes wrong with a request of a membership; the lock is held. */
static int request_failed(struct pfsnl_group *group, const char *what, int err,
			  const char *why)
{
	const char *name;

	/* Without a text the kernel doesn't know the family any longer. */
	if (err == -ENOENT && !*why) {
		group->box.lost = -EPROTONOSUPPORT;
		err = -EPROTONOSUPPORT;
	}
	if (err == -ENOENT)
		err = -ENOTCONN;
	if (err == -EAGAIN)
		return pfsnl_failf(err, what,
				   "too much is under way (wait until there is room, and send it again)");
	if (err != -ENOTCONN)
		return pfsnl_fail(err, what, why);
	name = group->over ? pfsnl_group_why_name(group->why) : NULL;
	return pfsnl_failf(err, what, "the membership is over%s%s%s (join again)",
			   name ? " (" : "", name ? name : "", name ? ")" : "");
}

int pfsnl_group_not_member(struct pfsnl_group *group, const char *what)
{
	return request_failed(group, what, -ENOTCONN, "");
}

/* Notifications that came along are for the dispatcher. */
static void pass_on(struct pfsnl_group *group)
{
	if ((group->box.first || group->box.lost) && !group->dispatching)
		pfsnl_group_wake(group);
}

static int send_piece(struct pfsnl_group *group, const char *data, uint32_t len,
		      uint32_t total, uint32_t offset, bool safe,
		      const char *what)
{
	struct pfsnl_answer answer;
	struct pfsnl_ask ask;
	int err;

	pfsnl_ask_begin(&ask, PFSNL_CMD_GROUP_SEND);
	pfsnl_ask_put(&ask, PFSNL_A_GROUP_MEMBER, &group->stream.number, 4);
	pfsnl_ask_put(&ask, PFSNL_A_GROUP_COOKIE, &group->sent, 8);
	if (safe)
		pfsnl_ask_put(&ask, PFSNL_A_GROUP_SAFE, NULL, 0);
	if (len != total) {
		pfsnl_ask_put(&ask, PFSNL_A_GROUP_TOTAL, &total, 4);
		pfsnl_ask_put(&ask, PFSNL_A_GROUP_OFFSET, &offset, 4);
	}
	ask.data = data;
	ask.len = len;
	ask.data_attr = PFSNL_A_GROUP_DATA;
	err = pfsnl_mailbox_ask(&group->box, &ask, &answer);
	if (!err)
		err = answer.err;
	return err ? request_failed(group, what, err, answer.why) : 0;
}

PFSNL_EXPORT int pfsnl_group_send(struct pfsnl_group *group, const void *data,
				  size_t len, unsigned int flags, uint64_t *id)
{
	const char *what = "sending to a group", *from = len ? data : "";
	size_t at = 0, n;
	int err;

	err = pfsnl_group_check(group, what);
	if (err)
		return err;
	if (flags & ~PFSNL_SAFE)
		return pfsnl_failf(-EINVAL, what, "unknown flags 0x%x",
				   flags & ~PFSNL_SAFE);
	if (len > UINT32_MAX)
		return pfsnl_failf(-EMSGSIZE, what,
				   "a message has less than 4 GiB");
	pthread_mutex_lock(&group->lock);
	if (group->over || group->closing) {
		err = pfsnl_group_not_member(group, what);
	} else {
		group->sent++;
		do {
			n = len - at < PFSNL_GROUP_PIECE_MAX ? len - at :
				       PFSNL_GROUP_PIECE_MAX;
			err = send_piece(group, from + at, n, len, at,
					 flags & PFSNL_SAFE, what);
			at += n;
		} while (!err && at < len);
		if (!err && id)
			*id = group->sent;
		pass_on(group);
	}
	pthread_mutex_unlock(&group->lock);
	return err;
}

PFSNL_EXPORT int pfsnl_group_alive(struct pfsnl_group *group)
{
	const char *what = "giving a sign of life to a group";
	struct pfsnl_answer answer;
	int err;

	err = pfsnl_group_check(group, what);
	if (err)
		return err;
	pthread_mutex_lock(&group->lock);
	if (group->over || group->closing) {
		err = pfsnl_group_not_member(group, what);
	} else {
		err = pfsnl_mailbox_tell(&group->box, &answer);
		if (!err)
			err = answer.err;
		if (err)
			err = request_failed(group, what, err, answer.why);
		pass_on(group);
	}
	pthread_mutex_unlock(&group->lock);
	return err;
}

int pfsnl_group_ask_leave(struct pfsnl_group *group)
{
	struct pfsnl_answer answer;
	struct pfsnl_ask ask;
	int err;

	pfsnl_ask_begin(&ask, PFSNL_CMD_GROUP_LEAVE);
	pfsnl_ask_put(&ask, PFSNL_A_GROUP_MEMBER, &group->stream.number, 4);
	ask.nlh.nlmsg_flags |= NLM_F_ACK;
	err = pfsnl_mailbox_ask(&group->box, &ask, &answer);
	return err ? err : answer.err;
}
