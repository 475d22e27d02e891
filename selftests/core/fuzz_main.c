// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a fuzzer without libFuzzer: on random inputs that are a function of seed
 * and round, or on inputs from files.
 *
 *	fuzz_x SEED ROUNDS
 *	fuzz_x FILE...
 */
#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define INPUT_MAX	1024

static u8 input[INPUT_MAX];
static size_t input_len;
static const char *name;

/* Keep the input that did it. */
static void keep(void)
{
	static char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s.crash", name);
	f = fopen(path, "wb");
	if (f && fwrite(input, 1, input_len, f) == input_len)
		fprintf(stderr, "# again with: %s %s\n", name, path);
	if (f)
		fclose(f);
}

static void aborted(int sig)
{
	keep();
}

static void run_file(const char *path)
{
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		exit(2);
	}
	input_len = fread(input, 1, sizeof(input), f);
	fclose(f);
	LLVMFuzzerTestOneInput(input, input_len);
}

static void run_random(u64 seed, u64 rounds)
{
	struct sim chance;
	u64 round;
	size_t i;

	for (round = 0; round < rounds; round++) {
		sim_init(&chance, sim_mix(seed) ^ round);
		input_len = sim_below(&chance, round % 8 ? 64 : INPUT_MAX);
		for (i = 0; i < input_len; i++)
			input[i] = sim_random(&chance);
		LLVMFuzzerTestOneInput(input, input_len);
	}
}

int main(int argc, char **argv)
{
	char *end;
	u64 seed;
	int i;

	name = argv[0];
	if (argc < 2) {
		fprintf(stderr, "Usage: %s SEED ROUNDS | FILE...\n", name);
		return 2;
	}
	signal(SIGABRT, aborted);
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_set_death_callback(keep);
#endif

	printf("1..1\n");
	fflush(stdout);
	seed = strtoull(argv[1], &end, 0);
	if (argc == 3 && !*end)
		run_random(seed, strtoull(argv[2], NULL, 0));
	else
		for (i = 1; i < argc; i++)
			run_file(argv[i]);
	printf("ok 1 - %s\n", strrchr(name, '/') ? strrchr(name, '/') + 1 : name);
	return 0;
}
