// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes along tethers, from a stranger that knows the rules well enough to
 * be let in, as a client or as a leader, and then breaks them. When it is gone
 * the cluster must recover.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define NODES	2

static void say_hello(struct stranger *s, struct fuzz *f, struct node *n, u32 op)
{
	struct pfsnl_hello h = stranger_hello(s, n);
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_HELLO_LEN];
	u32 shape = fuzz_take(f, 1);

	if (shape & 1)
		h.members = fuzz_take(f, 1);
	if (shape & 2)
		h.priority = fuzz_take(f, 1);
	if (shape & 4)
		h.subject = n->incarnation;
	if (shape & 8) {
		h.ring.seq = fuzz_take(f, 1);
		h.seq_seen = h.ring.seq + fuzz_take(f, 1);
		h.flags = fuzz_take(f, 1);
	}
	pfsnl_hello_encode(&h, op, wire);
	if (shape & 16)
		fuzz_change(f, wire, sizeof(wire));
	stranger_write(s, wire, sizeof(wire));
}

static void say_install(struct stranger *s, struct fuzz *f)
{
	struct world *w = s->world;
	u32 shape = fuzz_take(f, 1), i;
	struct pfsnl_install in = {
		.ring = {
			.seq = fuzz_take(f, 1),
			.incarnation = s->incarnation,
			.leader = s->host.addr,
		},
		.flags = shape & 1 ? PFSNL_INSTALL_FULL : 0,
		.base_seq = shape & 1 ? 0 : fuzz_take(f, 1),
		.removes = shape & 1 ? 0 : fuzz_take(f, 1) % 4,
		.adds = fuzz_take(f, 1) % 20,
	};
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_INSTALL_LEN + 24 * PFSNL_RECORD_ADD_LEN];
	u8 *p;

	in.members = shape & 2 ? fuzz_take(f, 1) : in.adds;
	p = pfsnl_install_encode(&in, PFSNL_FRAME_INSTALL, wire);
	for (i = 0; i < in.removes + in.adds; i++) {
		u32 which = fuzz_take(f, 1);
		struct node *n = w->nodes[which % w->n];
		struct pfsnl_member m = {
			.addr = which & 0x80 ? WORLD_ADDR(which) : n->host.addr,
			.tether_port = 7319,
			.priority = which,
			.level = 1,
			.incarnation = which & 0x80 ? 77 : n->incarnation,
		};

		if (which == 0x7f) {
			m.addr = s->host.addr;
			m.incarnation = s->incarnation;
		}
		p = i < in.removes ? pfsnl_record_remove(p, &m, which) :
				     pfsnl_record_add(p, &m, PFSNL_REASON_JOINED);
	}
	if (shape & 4)
		fuzz_change(f, wire, p - wire);
	stranger_write(s, wire, p - wire);
}

static void say_noise(struct stranger *s, struct fuzz *f)
{
	u8 wire[64];
	u32 i, len = fuzz_take(f, 1) % sizeof(wire);

	for (i = 0; i < len; i++)
		wire[i] = fuzz_take(f, 1);
	stranger_write(s, wire, len);
}

static void say_small(struct stranger *s, struct fuzz *f)
{
	u32 shape = fuzz_take(f, 1);
	struct pfsnl_leave l = {
		.reason = shape >> 2,
		.successor = shape & 2 ? WORLD_ADDR(fuzz_take(f, 1)) : 0,
	};
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_LEAVE_LEN];

	if (shape & 1) {
		struct pfsnl_ping ping = { .number = shape };

		pfsnl_ping_encode(&ping, shape & 2 ? PFSNL_FRAME_PING :
				  PFSNL_FRAME_PONG, wire);
		stranger_write(s, wire, PFSNL_FRAME_HEAD + PFSNL_PING_LEN);
	} else {
		pfsnl_leave_encode(&l, PFSNL_FRAME_LEAVE, wire);
		stranger_write(s, wire, sizeof(wire));
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct fuzz f = { .data = data, .len = len };
	struct stranger *s = fuzz_world(NODES);
	struct world *w = s->world;

	w->net.chop = fuzz_take(&f, 1) % 64;
	while (f.len) {
		u32 cmd = fuzz_take(&f, 1);
		struct node *n = w->nodes[(cmd >> 4) % w->n];

		switch (cmd % 16) {
		case 0:
			stranger_dial(s, n);
			break;
		case 1:
			stranger_hang_up(s);
			break;
		case 2:
		case 3:
			fuzz_send(s, &f);
			break;
		case 4:
			/* make itself wanted, and answer */
			fuzz_send(s, &f);
			world_run(w, SIM_MS);
			say_hello(s, &f, n, PFSNL_FRAME_ACCEPT);
			break;
		case 5:
			stranger_dial(s, n);
			say_hello(s, &f, n, PFSNL_FRAME_CLAIM);
			say_install(s, &f);
			break;
		case 6:
			say_hello(s, &f, n, PFSNL_FRAME_CLAIM);
			break;
		case 7:
			say_hello(s, &f, n, PFSNL_FRAME_ACCEPT);
			break;
		case 8:
			say_hello(s, &f, n, PFSNL_FRAME_BUSY);
			break;
		case 9:
		case 10:
			say_install(s, &f);
			break;
		case 11:
			say_small(s, &f);
			break;
		case 12:
			s->incarnation += 1 + fuzz_take(&f, 1);
			break;
		case 13:
			say_noise(s, &f);
			break;
		default:
			world_run(w, fuzz_take(&f, 1) * SIM_MS);
		}
	}
	fuzz_end(s);
	return 0;
}
