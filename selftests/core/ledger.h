/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory of one node: what it holds, and when it runs out.
 */
#ifndef CORE_LEDGER_H
#define CORE_LEDGER_H

#include <linux/types.h>

/**
 * struct ledger - memory of a node
 * @tries: how often something was asked for since the beginning
 * @fail_at: the try that fails, counted from 1; 0 for none
 * @fail_for: how many fail from there on
 * @failed: how many failed
 * @live: pieces held
 * @bytes: bytes held
 * @peak: most bytes ever held
 */
struct ledger {
	u64 tries;
	u64 fail_at;
	u64 fail_for;
	u64 failed;
	u64 live;
	u64 bytes;
	u64 peak;
};

bool ledger_grants(struct ledger *l);
void *ledger_alloc(struct ledger *l, size_t size);
void ledger_free(struct ledger *l, void *p);

#endif /* CORE_LEDGER_H */
