// SPDX-License-Identifier: GPL-2.0
/*
 * Any beacons, from an address of their own: nodes that live elsewhere must not
 * lose each other by them.
 */
#include <stdio.h>

#include "fuzz.h"

#define NODES	2

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct fuzz f = { .data = data, .len = len };
	struct stranger *s = fuzz_world(NODES);
	struct world *w = s->world;
	u32 i;

	while (f.len) {
		switch (fuzz_take(&f, 1) % 16) {
		case 0:
			s->incarnation += 1 + fuzz_take(&f, 1);
			break;
		case 1:
			host_send(&s->host, WORLD_BROADCAST, f.data, f.len);
			break;
		default:
			fuzz_send(s, &f);
		}
		world_run(w, fuzz_take(&f, 1) * SIM_MS);
	}
	for (i = 0; i < NODES; i++)
		if (!watch_has(&w->nodes[0]->watch, WORLD_ADDR(i)) ||
		    !watch_has(&w->nodes[1]->watch, WORLD_ADDR(i)))
			sim_fail("beacons drove a cluster apart");
	fuzz_end(s);
	return 0;
}
