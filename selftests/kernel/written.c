// SPDX-License-Identifier: GPL-2.0
/*
 * Whether what writers (writer.c) did is there:
 *
 *	written active NETNS...	each node has checkpoints that can be changed: "active"
 *	written same NETNS...	all have the same: "same DIGEST, COUNT checkpoints"
 *	written refs NETNS NOTES...	what is open is what the writers of these notes
 *				have open, and no more: "refs COUNT"
 *	written own NETNS NOTES...	a line for each: "own-NODE kept K in-copy C lost L
 *				broken B", of its sections; and what it got done
 *
 * Status 1 if it is not so, with a line that says what is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pfsnl.h>

#include "writer.h"

#define OWN_READ	(1 << 16)

static void die(const char *what)
{
	printf("written: %s: %s\n", what, pfsnl_errmsg());
	exit(1);
}

static struct pfsnl *node_of(const char *netns)
{
	struct pfsnl *handle;

	if (pfsnl_open_netns(&handle, netns))
		die(netns);
	return handle;
}

static struct notes *notes_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct notes *notes = MAP_FAILED;

	if (fd >= 0)
		notes = mmap(NULL, sizeof(*notes), PROT_READ, MAP_SHARED, fd, 0);
	if (notes == MAP_FAILED)
		die(path);
	close(fd);
	return notes;
}

/* ---- active, same --------------------------------------------------- */

static int active(int n, char **names)
{
	struct pfsnl_ckpt_state *state;
	struct pfsnl *handle;
	int i, bad = 0;

	for (i = 0; i < n; i++) {
		handle = node_of(names[i]);
		if (pfsnl_ckpt_state_get(handle, &state)) {
			printf("%s: %s\n", names[i], pfsnl_errmsg());
			bad = 1;
		} else {
			if (!state->active) {
				printf("%s is not active, error %d\n", names[i],
				       state->error);
				bad = 1;
			}
			pfsnl_ckpt_state_free(state);
		}
		pfsnl_close(handle);
	}
	if (!bad)
		printf("active\n");
	return bad;
}

static bool number_is(const struct pfsnl_ckpt_number *a,
		      const struct pfsnl_ckpt_number *b)
{
	return a->incarnation == b->incarnation && a->counter == b->counter &&
	       a->addr.s_addr == b->addr.s_addr;
}

static bool refs_are(const struct pfsnl_ckpt_info *a, const struct pfsnl_ckpt_info *b)
{
	size_t i;

	if (a->refs != b->refs || a->num_nodes != b->num_nodes)
		return false;
	for (i = 0; i < a->num_nodes; i++)
		if (a->nodes[i].addr.s_addr != b->nodes[i].addr.s_addr ||
		    a->nodes[i].incarnation != b->nodes[i].incarnation ||
		    a->nodes[i].refs != b->nodes[i].refs)
			return false;
	return true;
}

/* Return: what is different, or NULL. */
static const char *differ(const struct pfsnl_ckpt_info *a,
			  const struct pfsnl_ckpt_info *b)
{
	if (!number_is(&a->number, &b->number))
		return "number";
	if (strcmp(a->name, b->name) || a->unlinked != b->unlinked ||
	    a->conflict != b->conflict)
		return "name";
	if (memcmp(&a->attr, &b->attr, sizeof(a->attr)))
		return "attributes";
	if (a->sections != b->sections || a->bytes != b->bytes)
		return "sections";
	if (a->modified != b->modified || a->expires != b->expires)
		return "times";
	return refs_are(a, b) ? NULL : "references";
}

static int lists_differ(const char *name, const struct pfsnl_ckpts *a,
			const struct pfsnl_ckpts *b)
{
	const char *what;
	size_t i;

	if (pfsnl_ckpts_count(a) != pfsnl_ckpts_count(b)) {
		printf("%s has %zu checkpoints, the first %zu\n", name,
		       pfsnl_ckpts_count(b), pfsnl_ckpts_count(a));
		return 1;
	}
	for (i = 0; i < pfsnl_ckpts_count(a); i++) {
		what = differ(pfsnl_ckpts_at(a, i), pfsnl_ckpts_at(b, i));
		if (!what)
			continue;
		printf("%s and the first differ: %s of %s, %s\n", name, what,
		       pfsnl_ckpts_at(a, i)->name, pfsnl_ckpts_at(b, i)->name);
		return 1;
	}
	return 0;
}

static int states_differ(const char *name, const struct pfsnl_ckpt_state *a,
			 const struct pfsnl_ckpt_state *b)
{
	if (!b->active || b->error || b->waiting) {
		printf("%s: active %d error %d waiting %u\n", name, b->active, b->error,
		       b->waiting);
		return 1;
	}
	if (a->used != b->used || a->limit != b->limit || a->headroom != b->headroom ||
	    a->checkpoints != b->checkpoints ||
	    memcmp(a->digest, b->digest, sizeof(a->digest))) {
		printf("%s and the first differ: %llu and %llu used, digest %02x%02x and %02x%02x\n",
		       name, (unsigned long long)b->used, (unsigned long long)a->used,
		       b->digest[0], b->digest[1], a->digest[0], a->digest[1]);
		return 1;
	}
	return 0;
}

static int same(int n, char **names)
{
	struct pfsnl_ckpt_state *first_state = NULL, *state;
	struct pfsnl_ckpts *first = NULL, *ckpts;
	struct pfsnl *handle;
	int i, bad = 0;

	for (i = 0; i < n && !bad; i++) {
		handle = node_of(names[i]);
		if (pfsnl_ckpt_state_get(handle, &state) ||
		    pfsnl_ckpts_get(handle, &ckpts))
			die(names[i]);
		pfsnl_close(handle);
		bad = states_differ(names[i], first_state ? first_state : state, state) ||
		      lists_differ(names[i], first ? first : ckpts, ckpts);
		if (!first) {
			first_state = state;
			first = ckpts;
			continue;
		}
		pfsnl_ckpt_state_free(state);
		pfsnl_ckpts_free(ckpts);
	}
	if (!bad && first) {
		printf("same ");
		for (i = 0; i < PFSNL_CKPT_DIGEST; i++)
			printf("%02x", first_state->digest[i]);
		printf(", %zu checkpoints\n", pfsnl_ckpts_count(first));
	}
	return bad;
}

/* ---- refs ----------------------------------------------------------- */

/* How often this writer has it open. */
static uint32_t noted(const struct notes *notes, const struct pfsnl_ckpt_number *number)
{
	uint32_t i, n = 0;

	for (i = 0; i < notes->opens; i++)
		n += number_is(&notes->open[i], number);
	return n;
}

static uint32_t told(const struct pfsnl_ckpt_info *info, uint32_t node)
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < info->num_nodes; i++)
		if ((ntohl(info->nodes[i].addr.s_addr) & 0xff) == node)
			n += info->nodes[i].refs;
	return n;
}

/* Its references by node; what has no name can't be asked for. */
static int refs_of(struct pfsnl *handle, const struct pfsnl_ckpt_info *listed, int n,
		   struct notes **notes)
{
	struct pfsnl_ckpt_info *info;
	uint32_t want, all = 0;
	int i, bad = 0;

	for (i = 0; i < n; i++)
		all += noted(notes[i], &listed->number);
	if (all != listed->refs) {
		printf("%s: writers have it open %u times, references are %u\n",
		       listed->name, all, listed->refs);
		return 1;
	}
	if (listed->unlinked)
		return 0;
	if (pfsnl_ckpt_info_get(handle, listed->name, &info))
		die(listed->name);
	for (i = 0; i < n; i++) {
		want = noted(notes[i], &info->number);
		if (told(info, notes[i]->node) == want)
			continue;
		printf("%s: node %u has it open %u times, references are %u\n",
		       info->name, notes[i]->node, want, told(info, notes[i]->node));
		bad = 1;
	}
	pfsnl_ckpt_info_free(info);
	return bad;
}

static int refs(const char *netns, int n, char **paths)
{
	struct pfsnl *handle = node_of(netns);
	uint32_t all = 0, found = 0;
	struct pfsnl_ckpts *ckpts;
	struct notes **notes;
	int i, bad = 0;
	size_t k;

	notes = calloc(n + 1, sizeof(*notes));
	if (!notes || pfsnl_ckpts_get(handle, &ckpts))
		die(netns);
	for (i = 0; i < n; i++) {
		notes[i] = notes_of(paths[i]);
		all += notes[i]->opens;
	}
	for (k = 0; k < pfsnl_ckpts_count(ckpts); k++) {
		bad |= refs_of(handle, pfsnl_ckpts_at(ckpts, k), n, notes);
		found += pfsnl_ckpts_at(ckpts, k)->refs;
	}
	if (found != all) {
		printf("%u are open, there are references for %u\n", all, found);
		bad = 1;
	}
	if (!bad)
		printf("refs %u\n", found);
	pfsnl_ckpts_free(ckpts);
	pfsnl_close(handle);
	free(notes);
	return bad;
}

/* ---- own ------------------------------------------------------------ */

/* What is in a section. */
enum held {
	HELD_ABSENT,
	HELD_BROKEN,
	HELD_VERSION,
};

static enum held read_own(struct pfsnl_ckpt *ckpt, const struct notes *notes,
			  uint32_t section, uint64_t *version)
{
	static unsigned char data[OWN_READ];
	size_t len = sizeof(data);
	struct stamp stamp;
	char id[16];
	uint64_t i;
	int err;

	snprintf(id, sizeof(id), "s%u", section);
	err = pfsnl_section_read(ckpt, id, strlen(id), 0, data, &len, NULL);
	if (err == -ENOENT)
		return HELD_ABSENT;
	if (err)
		die(id);
	if (len < sizeof(stamp))
		return HELD_BROKEN;
	memcpy(&stamp, data, sizeof(stamp));
	if (stamp.node != notes->node || stamp.section != section || stamp.len > len)
		return HELD_BROKEN;
	for (i = sizeof(stamp); i < stamp.len; i++)
		if (data[i] != stamped_byte(&stamp, i))
			return HELD_BROKEN;
	*version = stamp.version;
	return HELD_VERSION;
}

/* The last that was acknowledged, or what was asked for after it. */
static bool is_last(const struct own_section *s, enum held held, uint64_t version)
{
	if (held == HELD_ABSENT)
		return !s->must || s->must_deleted || s->deleting > s->must;
	return (version == s->must && !s->must_deleted) ||
	       (version > s->must && version <= s->asked);
}

struct verdict {
	bool kept[OWN_SECTIONS];
	bool copied[OWN_SECTIONS];
	uint32_t broken;
	uint32_t copies;
};

static void look_at(struct pfsnl *handle, const struct notes *notes, const char *name,
		    struct verdict *v)
{
	bool copy = strchr(name, '@');
	struct pfsnl_ckpt *ckpt;
	uint64_t version = 0;
	enum held held;
	uint32_t i;

	if (pfsnl_ckpt_open(handle, name, PFSNL_CKPT_READ, NULL, &ckpt))
		die(name);
	v->copies += copy;
	for (i = 0; i < OWN_SECTIONS; i++) {
		held = read_own(ckpt, notes, i, &version);
		if (held == HELD_BROKEN) {
			printf("%s: section %u is broken\n", name, i);
			v->broken++;
		} else if (is_last(&notes->own[i], held, version)) {
			v->kept[i] |= !copy;
			v->copied[i] |= copy;
		}
	}
	pfsnl_ckpt_close(ckpt, 0);
}

static bool is_own(const struct pfsnl_ckpt_info *info, const struct notes *notes)
{
	char name[32];
	size_t len = snprintf(name, sizeof(name), "own-%u", notes->node);

	return !info->unlinked && !strncmp(info->name, name, len) &&
	       (!info->name[len] || info->name[len] == '@');
}

static void print_errors(const struct notes *notes)
{
	int i;

	for (i = 0; i < ERRNOS; i++)
		if (notes->errors[i])
			printf(" errno %d:%llu", i,
			       (unsigned long long)notes->errors[i]);
	printf("\n");
}

static int judge(struct pfsnl *handle, const struct pfsnl_ckpts *ckpts,
		 const struct notes *notes)
{
	uint32_t kept = 0, copied = 0, lost = 0, i;
	struct verdict v = {};
	size_t k;

	for (k = 0; k < pfsnl_ckpts_count(ckpts); k++)
		if (is_own(pfsnl_ckpts_at(ckpts, k), notes))
			look_at(handle, notes, pfsnl_ckpts_at(ckpts, k)->name, &v);
	for (i = 0; i < OWN_SECTIONS; i++) {
		const struct own_section *s = &notes->own[i];

		kept += v.kept[i];
		copied += !v.kept[i] && v.copied[i];
		if (v.kept[i] || v.copied[i] || !s->must)
			continue;
		printf("own-%u, section %u: %llu%s was acknowledged, asked up to %llu, is lost\n",
		       notes->node, i, (unsigned long long)s->must,
		       s->must_deleted ? " (deleted)" : "", (unsigned long long)s->asked);
		lost++;
	}
	printf("own-%u kept %u in-copy %u lost %u broken %u; copies %u, acked %llu of %llu, safe %llu, unknown %llu, lives %u;",
	       notes->node, kept, copied, lost, v.broken, v.copies,
	       (unsigned long long)notes->acked, (unsigned long long)notes->version,
	       (unsigned long long)notes->safe, (unsigned long long)notes->unknown,
	       notes->lives);
	print_errors(notes);
	return lost || v.broken;
}

static int own(const char *netns, int n, char **paths)
{
	struct pfsnl *handle = node_of(netns);
	struct pfsnl_ckpts *ckpts;
	int i, bad = 0;

	if (pfsnl_ckpts_get(handle, &ckpts))
		die(netns);
	for (i = 0; i < n; i++)
		bad |= judge(handle, ckpts, notes_of(paths[i]));
	pfsnl_ckpts_free(ckpts);
	pfsnl_close(handle);
	return bad;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "active"))
		return active(argc - 2, argv + 2);
	if (argc > 2 && !strcmp(argv[1], "same"))
		return same(argc - 2, argv + 2);
	if (argc > 2 && !strcmp(argv[1], "refs"))
		return refs(argv[2], argc - 3, argv + 3);
	if (argc > 3 && !strcmp(argv[1], "own"))
		return own(argv[2], argc - 3, argv + 3);
	return 2;
}
