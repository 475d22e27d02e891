// SPDX-License-Identifier: GPL-2.0
/* pfsnl send */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "membership.h"
#include "out.h"

/* So much is read at once. */
#define CHUNK	65536

/**
 * struct sender - one call of the subcommand
 * @m: first, as it is what is passed
 * @whole: all of the input is one message
 * @input: where it comes from
 * @eof: nothing more comes
 * @stalled: there was no room for a message; wait until there is
 * @data: what was read and not sent yet
 * @room: memory of that
 * @len: bytes of it
 * @scanned: so many of them have no end of a line
 * @sent: messages that were taken
 * @heard: of these, what became of them is known
 * @unknown: or never will be
 */
struct sender {
	struct membership m;
	bool whole;
	int input;
	bool eof;
	bool stalled;
	char *data;
	size_t room;
	size_t len;
	size_t scanned;
	uint64_t sent;
	uint64_t heard;
	uint64_t unknown;
};

static void fail(struct sender *s)
{
	s->m.code = EXIT_FAILED;
	s->m.loop.done = true;
	s->m.loop.input = -1;
}

/* Sends one message; false if it can't be now, or at all. */
static bool send_one(struct sender *s, const char *data, size_t len)
{
	unsigned int flags = given(&s->m.run->args, OPT_SAFE) ? PFSNL_SAFE : 0;
	int err;

	err = pfsnl_group_send(s->m.group, data, len, flags, NULL);
	if (err == -EAGAIN) {
		s->stalled = true;
		return false;
	}
	/* If it is over, that is about to be told. */
	if (err == -ENOTCONN)
		return false;
	if (err) {
		s->m.code = failed(err);
		s->m.loop.done = true;
		return false;
	}
	s->sent++;
	return true;
}

/* Sends what is complete. */
static void send_lines(struct sender *s)
{
	char *end, *at = s->data, *stop = s->data + s->len;

	while (at < stop) {
		end = memchr(at + s->scanned, '\n',
			     (size_t)(stop - at) - s->scanned);
		if (!end && !s->eof)
			break;
		if (!send_one(s, at, (size_t)((end ? end : stop) - at)))
			break;
		s->scanned = 0;
		at = end ? end + 1 : stop;
	}
	s->len = (size_t)(stop - at);
	/* What stalled has its end somewhere. */
	s->scanned = s->stalled ? 0 : s->len;
	if (s->len)
		memmove(s->data, at, s->len);
}

static void send_more(struct sender *s)
{
	if (s->stalled || s->m.loop.done)
		return;
	if (!s->whole)
		send_lines(s);
	else if (s->eof && !s->sent && send_one(s, s->data, s->len))
		s->len = 0;
	/* What isn't sent yet is in the way of more. */
	s->m.loop.input = s->eof || s->stalled ? -1 : s->input;
	if (s->eof && !s->stalled && s->heard == s->sent)
		s->m.loop.done = true;
}

static bool make_room(struct sender *s)
{
	size_t room = s->room ? 2 * s->room : CHUNK;
	char *data;

	if (s->room - s->len >= CHUNK)
		return true;
	while (room - s->len < CHUNK)
		room *= 2;
	data = realloc(s->data, room);
	if (!data) {
		complain("out of memory");
		fail(s);
		return false;
	}
	s->data = data;
	s->room = room;
	return true;
}

static void on_input(void *arg)
{
	struct sender *s = arg;
	ssize_t n;

	if (!make_room(s))
		return;
	n = read(s->input, s->data + s->len, CHUNK);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0) {
		complain("can't read what to send: %s", strerror(errno));
		fail(s);
		return;
	}
	s->eof = !n;
	s->len += (size_t)n;
	send_more(s);
}

static void on_changed(void *arg, struct pfsnl_group *group,
		       const struct pfsnl_group_update *u)
{
	struct sender *s = arg;

	(void)group;
	if (u->first && !s->m.loop.done)
		s->m.loop.input = s->input;
}

static void heard(struct sender *s, struct json_object *line)
{
	s->heard++;
	if (s->m.run->json) {
		membership_json(&s->m, line);
		out_push();
	}
	if (s->eof && !s->stalled && s->heard == s->sent && !s->len)
		s->m.loop.done = true;
}

static struct json_object *json_fate(struct sender *s, uint64_t id,
				     const struct pfsnl_group_message *msg)
{
	struct json_object *o;

	if (!s->m.run->json)
		return NULL;
	o = json_object_new_object();
	if (!o)
		return NULL;
	json_object_object_add(o, "id", json_object_new_uint64(id));
	json_object_object_add(o, "delivered", msg ?
			       json_object_new_boolean(true) : NULL);
	if (!msg)
		return o;
	json_object_object_add(o, "place", json_object_new_uint64(msg->place));
	json_object_object_add(o, "safe", json_object_new_boolean(msg->safe));
	json_object_object_add(o, "bytes", json_object_new_uint64(msg->len));
	return o;
}

static void on_message(void *arg, struct pfsnl_group *group,
		       const struct pfsnl_group_message *msg)
{
	struct sender *s = arg;

	(void)group;
	if (msg->id)
		heard(s, json_fate(s, msg->id, msg));
}

static void on_unknown(void *arg, struct pfsnl_group *group, uint64_t id)
{
	struct sender *s = arg;

	(void)group;
	s->unknown++;
	heard(s, json_fate(s, id, NULL));
}

static void on_room(void *arg, struct pfsnl_group *group)
{
	struct sender *s = arg;

	(void)group;
	s->stalled = false;
	send_more(s);
}

static void on_over(void *arg, struct pfsnl_group *group, uint32_t why)
{
	(void)group;
	membership_over(arg, why);
}

static int open_input(struct sender *s)
{
	const char *file = s->m.run->args.file;

	s->whole = given(&s->m.run->args, OPT_FILE);
	s->input = STDIN_FILENO;
	if (!s->whole || !strcmp(file, "-"))
		return 0;
	s->input = open(file, O_RDONLY | O_CLOEXEC);
	if (s->input >= 0)
		return 0;
	complain("can't read %s: %s", file, strerror(errno));
	return -1;
}

/* Says what became of what was sent, if it isn't that all was delivered. */
static int judge(const struct sender *s, int code)
{
	uint64_t open = s->sent - s->heard;

	if (s->unknown)
		complain("nobody knows what became of %" PRIu64 " of %" PRIu64 " messages: others may have them, or never will",
			 s->unknown, s->sent);
	if (open)
		complain("%" PRIu64 " of %" PRIu64 " messages were not delivered yet",
			 open, s->sent);
	if (s->m.interrupted)
		complain("interrupted");
	if (code == EXIT_OK && (s->unknown || open || s->m.interrupted))
		return EXIT_FAILED;
	return code;
}

static int run_send(struct run *run)
{
	static const struct pfsnl_group_calls calls = {
		.size = sizeof(calls),
		.changed = on_changed,
		.message = on_message,
		.unknown = on_unknown,
		.room = on_room,
		.over = on_over,
	};
	struct sender s = { .m = { .run = run } };
	int code;

	if (open_input(&s))
		return EXIT_FAILED;
	code = membership_run(&s.m, &calls, on_input, EXIT_TIMEOUT);
	code = judge(&s, code);
	if (s.input != STDIN_FILENO)
		close(s.input);
	free(s.data);
	return code;
}

const struct cmd cmd_send = {
	.name = "send",
	.summary = "say something to the members of a group",
	.operand = "GROUP",
	.needs_operand = true,
	.says_input = true,
	.options = OPT_BIT(OPT_SAFE) | OPT_BIT(OPT_FILE) |
		   OPT_BIT(OPT_TIMEOUT_SEND),
	.about =
	"Joins a group, sends each line of the standard input to its members as a\n"
	"message, or with --file a whole file as one, and leaves when all of them have\n"
	"been delivered here, and thus have their place in the order. The exit code is\n"
	"1 when that isn't known of one.",
	.examples =
	"  echo hello | pfsnl send news\n"
	"  pfsnl send --safe ledger < entries        each line a message\n"
	"  pfsnl send --file backup.tar backup\n",
	.run = run_send,
};
