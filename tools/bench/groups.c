// SPDX-License-Identifier: GPL-2.0
/* Groups of pfsnl. */
#include <string.h>

#include "cluster.h"
#include "medium.h"
#include "member.h"

static struct pfsnl *handle;
static struct pfsnl_group *group;

static bool groups_present(void)
{
	return true;
}

static bool groups_up(void)
{
	static const struct pace pace = { .interval = 200, .dead = 5 };
	struct cause c;
	int i;

	for (i = 1; i <= count; i++)
		node_open(i);
	if (!form(&pace, 0, &c))
		return false;
	rest(&pace);
	return true;
}

static void groups_down(void)
{
	int i;

	dissolve();
	for (i = 1; i <= count; i++)
		node_close(i);
}

static void on_changed(void *arg, struct pfsnl_group *of,
		       const struct pfsnl_group_update *update)
{
	const struct pfsnl_group_member *gone;
	const char *why;

	(void)arg;
	(void)of;
	if (update->num_gone) {
		gone = update->gone[0];
		why = pfsnl_group_why_name(gone->why);
		member_fail("n%d is gone: %s", number_of(gone->addr),
			    why ? why : "?");
	}
	member_sees(update->count);
}

static void on_message(void *arg, struct pfsnl_group *of,
		       const struct pfsnl_group_message *message)
{
	(void)arg;
	(void)of;
	member_heard(message->data, message->len);
}

static void on_unknown(void *arg, struct pfsnl_group *of, uint64_t id)
{
	(void)arg;
	(void)of;
	member_fail("nobody knows what became of message %llu",
		    (unsigned long long)id);
}

static void on_room(void *arg, struct pfsnl_group *of)
{
	(void)arg;
	(void)of;
	member_room();
}

static void on_over(void *arg, struct pfsnl_group *of, uint32_t why)
{
	const char *name = pfsnl_group_why_name(why);

	(void)arg;
	(void)of;
	member_fail("the membership is over: %s", name ? name : "?");
}

static void groups_join(void)
{
	static const struct pfsnl_group_calls calls = {
		.size = sizeof(calls),
		.changed = on_changed,
		.message = on_message,
		.unknown = on_unknown,
		.room = on_room,
		.over = on_over,
	};

	if (pfsnl_open(&handle) ||
	    pfsnl_group_join(handle, "talk", &calls, NULL, NULL, &group))
		member_fail("%s", pfsnl_errmsg());
}

static int groups_fd(void)
{
	return pfsnl_group_fd(group);
}

static void groups_dispatch(void)
{
	if (pfsnl_group_dispatch(group, 0) < 0)
		member_fail("%s", pfsnl_errmsg());
}

static int groups_send(const void *data, size_t len, bool safe)
{
	return pfsnl_group_send(group, data, len, safe ? PFSNL_SAFE : 0, NULL);
}

const struct medium medium_pfsnl = {
	.name = "pfsnl",
	.tells_room = true,
	.present = groups_present,
	.up = groups_up,
	.down = groups_down,
	.sender = last_client,
	.join = groups_join,
	.fd = groups_fd,
	.dispatch = groups_dispatch,
	.send = groups_send,
};
