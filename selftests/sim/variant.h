/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Broken variants: which rule is left out, and which assertion must fire.
 */
#ifndef SIM_VARIANT_H
#define SIM_VARIANT_H

#include "broken.h"
#include "scenario.h"

/**
 * struct variant - the core with one rule left out
 * @which: the rule
 * @name: as it is called on the command line
 * @assertion: that must fire
 * @scenario: in which it does soonest
 * @faults: those that are needed, by name, separated by commas; NULL for all
 * @without: what is left out
 */
struct variant {
	enum pfsnl_broken which;
	const char *name;
	const char *assertion;
	enum scenario scenario;
	const char *faults;
	const char *without;
};

extern const struct variant variants[];
extern const u32 n_variants;

const struct variant *variant_find(const char *name);

#endif /* SIM_VARIANT_H */
