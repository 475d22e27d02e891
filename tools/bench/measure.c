// SPDX-License-Identifier: GPL-2.0
/*
 * Takes the figures of the benchmark, in a guest with the module loaded and the
 * namespaces of segment.sh made.
 *
 *	measure COUNT[,COUNT...] ROUNDS [SCENARIO,...]
 *
 * Prints a line of JSON for each figure and each round; see report.
 */
#include <string.h>

#include "names.h"
#include "node.h"
#include "scenario.h"

static const char *only = "";

static bool wanted(const char *name)
{
	return !*only || names_have(only, name);
}

int main(int argc, char **argv)
{
	int rounds, most = 0, i;
	char *counts, *word;

	if (argc < 3 || argc > 4)
		die("usage: measure COUNT[,COUNT...] ROUNDS [SCENARIO,...]");
	rounds = atoi(argv[2]);
	if (argc == 4)
		only = argv[3];
	counts = strdup(argv[1]);
	if (!counts)
		die("out of memory");
	for (word = strtok(counts, ","); word; word = strtok(NULL, ","))
		if (atoi(word) > most)
			most = atoi(word);
	free(counts);
	if (rounds < 1 || most < 3 || most + EXTRAS > NODES_MAX)
		die("3 to %d nodes and a round at least are wanted",
		    NODES_MAX - EXTRAS);
	for (i = 1; i <= most + EXTRAS; i++)
		node_open(i);
	for (word = strtok(argv[1], ","); word; word = strtok(NULL, ","))
		scenarios_run(atoi(word), rounds, wanted);
	for (i = 1; i <= most + EXTRAS; i++)
		node_close(i);
	return 0;
}
