/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A host that says whatever a test wants it to say: beacons, frames, noise.
 */
#ifndef CORE_STRANGER_H
#define CORE_STRANGER_H

#include "world.h"

#define STRANGER_KEEPS	16384

/**
 * struct stranger - such a host
 * @host: the host
 * @world: where it is
 * @incarnation: that it gives itself
 * @end: the stream it has, NULL when there is none
 * @in: what came along it since it was opened, as far as it is kept
 * @n_in: how many bytes
 * @opens: streams that were opened, by either side
 * @closes: streams that the other side closed or refused
 * @heard: last datagram that came to its own address
 * @n_heard: its length
 * @datagrams: how many came
 */
struct stranger {
	struct host host;
	struct world *world;
	u64 incarnation;
	struct stream_end *end;
	u8 in[STRANGER_KEEPS];
	size_t n_in;
	u32 opens;
	u32 closes;
	u8 heard[PFSNL_BEACON_LEN];
	size_t n_heard;
	u32 datagrams;
};

struct stranger *stranger_new(struct world *w, u32 addr);
void stranger_free(struct stranger *s);
bool stranger_dial(struct stranger *s, const struct node *n);
void stranger_hang_up(struct stranger *s);
void stranger_write(struct stranger *s, const void *data, size_t len);
struct pfsnl_beacon stranger_beacon(const struct stranger *s,
				    const struct node *of, u16 flags);
void stranger_send(struct stranger *s, u32 to, const struct pfsnl_beacon *b);
struct pfsnl_hello stranger_hello(const struct stranger *s,
				  const struct node *of);
void stranger_say(struct stranger *s, u32 op, const struct pfsnl_hello *h);
u32 stranger_got(const struct stranger *s, size_t *at);

#endif /* CORE_STRANGER_H */
