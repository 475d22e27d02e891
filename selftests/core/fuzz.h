/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What fuzzers share. An input is a list of commands for a stranger in a small
 * world; each is some bytes taken from the input, and noughts when it is used
 * up, so every input means something.
 */
#ifndef CORE_FUZZ_H
#define CORE_FUZZ_H

#include "stranger.h"

/**
 * struct fuzz - an input
 * @data: what is left of it
 * @len: how many bytes
 */
struct fuzz {
	const u8 *data;
	size_t len;
};

static inline u64 fuzz_take(struct fuzz *f, unsigned int bytes)
{
	u64 value = 0;

	while (bytes--) {
		value <<= 8;
		if (f->len) {
			value |= *f->data++;
			f->len--;
		}
	}
	return value;
}

/* change some bytes, mostly few */
static inline void fuzz_change(struct fuzz *f, u8 *p, size_t len)
{
	u32 n = fuzz_take(f, 1) % 8;

	for (n = n < 4 ? 0 : n - 3; n && f->len; n--) {
		u32 at = fuzz_take(f, 2) % len;

		p[at] ^= fuzz_take(f, 1);
	}
}

/* longest message that fuzz_forge() puts in an envelope */
#define FUZZ_FORGED	1024

struct stranger *fuzz_world(u32 nodes);
void fuzz_end(struct stranger *s);
void fuzz_send(struct stranger *s, struct fuzz *f);
void fuzz_forge(struct fuzz *f, struct node *n, const u8 *data, u32 len, u32 kept);

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

#endif /* CORE_FUZZ_H */
