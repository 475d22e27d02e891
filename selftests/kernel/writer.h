/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a writer of checkpoints (writer.c) notes, and what it writes, so that afterwards
 * somebody else (written.c) can tell whether that is there.
 */
#ifndef PFSNL_TEST_WRITER_H
#define PFSNL_TEST_WRITER_H

#include <pfsnl_ckpt.h>

/* sections of the checkpoint that only one node writes to, "own-NODE" */
#define OWN_SECTIONS	8
#define OWN_MOST	3000
/* checkpoints open at once */
#define OPENS		8
#define ERRNOS		140

/*
 * About a section. Versions are numbers that the node gives to what it asks for, also to
 * deleting; 0: there was none.
 */
struct own_section {
	uint64_t asked;		/* the last that it asked for */
	uint64_t deleting;	/* the last of these that deletes */
	/* The last that was acknowledged while this life of the node lasts. */
	uint64_t must;
	bool must_deleted;
	/*
	 * The last that was acknowledged when other nodes were known to have it too,
	 * so that it is there also when this node is not.
	 */
	uint64_t floor;
	bool floor_deleted;
};

/* A file that outlives the writer, however that ends. */
struct notes {
	uint32_t node;
	uint32_t lives;		/* of writers on this node, one after the other */
	uint64_t version;	/* given last */
	uint64_t acked;
	uint64_t safe;		/* of these, after which the floor could be raised */
	uint64_t unknown;
	uint64_t errors[ERRNOS];
	struct own_section own[OWN_SECTIONS];
	uint32_t opens;
	struct pfsnl_ckpt_number open[OPENS];
};

/* What a section of its own begins with. */
struct stamp {
	uint32_t node;
	uint32_t section;
	uint64_t version;
	uint64_t len;		/* of all that was written; longer is what was before */
};

static inline unsigned char stamped_byte(const struct stamp *s, uint64_t at)
{
	return s->version * 31 + s->node * 7 + at * 13 + at / 251;
}

#endif
