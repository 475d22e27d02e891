/* SPDX-License-Identifier: GPL-2.0 */
/* Nodes that come late, or come back, and have to be told what there is. */
#ifndef PFSNL_BENCH_LATE_H
#define PFSNL_BENCH_LATE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct content - what there is
 * @name: as in what is printed
 * @sections: how many
 * @size: bytes in each
 * @byte: of a section that changes it is one byte, or else all
 */
struct content {
	const char *name;
	uint32_t sections;
	uint64_t size;
	bool byte;
};

/*
 * With n1 to n(count), of which one comes late in each round. With `away`, one is away
 * after that while 1 % of the sections change, or one, in as many rounds. Prints figures, each
 * as a line of JSON.
 */
void late_run(const struct content *content, int rounds, bool away);

#endif /* PFSNL_BENCH_LATE_H */
