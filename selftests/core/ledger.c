// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of one node. Each piece is one of malloc(), so that AddressSanitizer
 * sees every access outside of it and every leak.
 */
#include <malloc.h>
#include <stdlib.h>

#include "ledger.h"
#include "sim.h"

/**
 * ledger_grants - whether something that needs memory may go on
 * @l: whose
 *
 * For what would allocate in the kernel and does not here.
 */
bool ledger_grants(struct ledger *l)
{
	u64 nth = ++l->tries;

	if (!l->fail_at || nth < l->fail_at || nth - l->fail_at >= l->fail_for)
		return true;
	l->failed++;
	return false;
}

/**
 * ledger_alloc - memory
 * @l: whose
 * @size: bytes
 *
 * Return: zeroed memory, or NULL when it is not granted.
 */
void *ledger_alloc(struct ledger *l, size_t size)
{
	void *p;

	if (!size)
		sim_fail("allocation of no bytes");
	if (!ledger_grants(l))
		return NULL;
	p = sim_alloc(size);
	l->live++;
	l->bytes += malloc_usable_size(p);
	if (l->bytes > l->peak)
		l->peak = l->bytes;
	return p;
}

/**
 * ledger_free - give memory back
 * @l: whose
 * @p: from ledger_alloc(), or NULL
 */
void ledger_free(struct ledger *l, void *p)
{
	if (!p)
		return;
	if (!l->live)
		sim_fail("more was freed than allocated");
	l->live--;
	l->bytes -= malloc_usable_size(p);
	free(p);
}
