// SPDX-License-Identifier: GPL-2.0
/* A cluster of n1 to nCOUNT comes and goes. */
#include "cluster.h"

struct members first(int n)
{
	struct members m = {};
	int i;

	for (i = 1; i <= n; i++)
		include(&m, i);
	return m;
}

static bool all_empty(void)
{
	static const struct members nobody;
	int i;

	for (i = 1; i <= NODES_MAX; i++)
		if (nodes[i].handle && !same(&nodes[i].view, &nobody))
			return false;
	return true;
}

bool form(const struct pace *pace, uint32_t max_nodes, struct cause *c)
{
	struct members all = first(count);
	int i;

	*c = (struct cause){
		.run = run_start_all,
		.number = count,
		.pace = pace,
		.max_nodes = max_nodes,
	};
	for (i = 1; i <= count; i++)
		nodes[i].up = true;
	aim_at(&all, 0);
	return cause(c, settled);
}

void dissolve(void)
{
	struct cause c = { .run = run_stop_all, .number = count };
	struct members nobody = {};
	int i;

	for (i = 1; i <= count; i++) {
		nodes[i].up = false;
		nodes[i].apart = false;
	}
	aim_at(&nobody, 0);
	if (!cause(&c, all_empty))
		die("a watch doesn't see that its node is down");
}

void rest(const struct pace *pace)
{
	loop_for(2 * pace->interval +
		 (unsigned int)rand() % (pace->interval + 1));
}

bool begin(const struct pace *pace, uint32_t max_nodes)
{
	struct cause c;

	if (!form(pace, max_nodes, &c)) {
		not_seen(doing);
		dissolve();
		return false;
	}
	rest(pace);
	return true;
}

int leader(void)
{
	int votes[NODES_MAX + 1] = {}, best = 1, i;

	for (i = 1; i <= count; i++)
		votes[nodes[i].leader]++;
	votes[0] = 0;
	for (i = 1; i <= count; i++)
		if (votes[i] > votes[best])
			best = i;
	return best;
}

int last_client(void)
{
	return leader() == count ? count - 1 : count;
}
