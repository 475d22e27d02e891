// SPDX-License-Identifier: GPL-2.0
/* What happens to checkpoints, for people and as JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "ckpt.h"
#include "out.h"

/* Of the names of events, and of what conflicts are about. */
#define NAME_WIDTH	23
#define ABOUT_WIDTH	13

struct json_object *json_event(const char *name)
{
	struct json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	json_object_object_add(o, "time", json_now());
	json_object_object_add(o, "event", json_object_new_string(name));
	return o;
}

/* ---- events --------------------------------------------------------- */

static enum style style_of(uint32_t event)
{
	switch (event) {
	case PFSNL_CKPT_EVENT_CREATED:
	case PFSNL_CKPT_EVENT_SECTION_CREATED:
	case PFSNL_CKPT_EVENT_ACTIVATED:
		return STYLE_GOOD;
	case PFSNL_CKPT_EVENT_UNLINKED:
	case PFSNL_CKPT_EVENT_EXPIRED:
	case PFSNL_CKPT_EVENT_SECTION_DELETED:
	case PFSNL_CKPT_EVENT_SECTION_EXPIRED:
		return STYLE_BAD;
	case PFSNL_CKPT_EVENT_SUSPENDED:
	case PFSNL_CKPT_EVENT_OUT:
		return STYLE_WARN;
	default:
		return STYLE_PLAIN;
	}
}

const char *text_notice(char room[], uint32_t event)
{
	const char *name = pfsnl_ckpt_event_name(event);

	if (name)
		return name;
	snprintf(room, TEXT_ROOM, "event-%u", event);
	return room;
}

void show_notice(const char *lead, const struct pfsnl_ckpt_notice *n)
{
	bool more = *n->name || n->section || n->addr.s_addr || n->error;
	char id[ID_ROOM], room[TEXT_ROOM];

	printf("%s%s%-*s%s", style(style_of(n->event)), lead,
	       more ? NAME_WIDTH : 0, text_notice(room, n->event), style_end());
	if (*n->name)
		printf("  %s", n->name);
	if (n->section)
		printf("  %s", id_text(id, n->section, n->section_len));
	if (n->addr.s_addr)
		printf("  by %s", text_addr(room, n->addr));
	if (n->error)
		printf("  %s", pfsnl_strerror(n->error));
	putchar('\n');
}

struct json_object *json_notice(struct json_object *o,
				const struct pfsnl_ckpt_notice *n)
{
	char id[ID_ROOM];

	if (!o)
		return NULL;
	json_object_object_add(o, "checkpoint", *n->name ?
			       json_object_new_string(n->name) : NULL);
	json_object_object_add(o, "section", n->section ?
			       json_object_new_string(id_text(id, n->section,
							      n->section_len)) :
			       NULL);
	json_object_object_add(o, "address", n->addr.s_addr ?
			       json_addr(n->addr) : NULL);
	json_object_object_add(o, "stamp", n->time ? json_time(n->time) : NULL);
	json_object_object_add(o, "generation",
			       json_object_new_uint64(n->generation));
	if (n->error)
		json_object_object_add(o, "error",
				       json_object_new_string(pfsnl_strerror(n->error)));
	return o;
}

/* ---- conflicts ------------------------------------------------------ */

static const char *about(uint32_t why, char room[TEXT_ROOM])
{
	const char *name = pfsnl_ckpt_conflict_name(why);

	if (name)
		return name;
	snprintf(room, TEXT_ROOM, "conflict-%u", why);
	return room;
}

/* One of the two: which side it was of, and what it was then. */
static void show_version(int indent, const char *word,
			 const struct pfsnl_ring *ring,
			 const unsigned char *digest)
{
	char room[TEXT_ROOM];

	if (!ring->seq)
		return;
	printf("%*s%-*s  %s, ", indent, "", NAME_WIDTH, word,
	       text_ring(room, ring));
	printf("digest %s\n", text_digest(room, digest));
}

void show_conflict(const char *lead, int indent,
		   const struct pfsnl_ckpt_conflict *c)
{
	char room[TEXT_ROOM];

	printf("%s%sconflict, %-*s%s  %s", style(STYLE_WARN), lead, ABOUT_WIDTH,
	       about(c->why, room), style_end(), c->name);
	if (c->kept)
		printf("  the other is %s", c->loser_name);
	else if (c->why == PFSNL_CKPT_CONFLICT_WHY_UNLINKED)
		printf("  stays, though it was unlinked elsewhere");
	else if (c->why == PFSNL_CKPT_CONFLICT_WHY_UNLINKED_OPEN)
		printf("  stays; what was unlinked elsewhere, and open, is not kept");
	putchar('\n');
	if (c->earlier.seq)
		printf("%*s%-*s  %s, where this node was not\n", indent, "",
		       NAME_WIDTH, "decided before", text_ring(room, &c->earlier));
	show_version(indent, c->earlier.seq ? "won, is now" : "won", &c->ring,
		     c->digest);
	show_version(indent, "lost", &c->loser_ring, c->loser_digest);
}

static struct json_object *ring_or_null(const struct pfsnl_ring *ring)
{
	return ring->seq ? json_ring(ring) : NULL;
}

struct json_object *json_conflict(struct json_object *o,
				  const struct pfsnl_ckpt_conflict *c)
{
	char room[TEXT_ROOM];

	if (!o)
		return NULL;
	json_object_object_add(o, "about",
			       json_object_new_string(about(c->why, room)));
	json_object_object_add(o, "checkpoint",
			       json_object_new_string(c->name));
	json_object_object_add(o, "digest", c->ring.seq ?
			       json_digest(c->digest) : NULL);
	json_object_object_add(o, "ring", ring_or_null(&c->ring));
	json_object_object_add(o, "loser", c->kept ?
			       json_object_new_string(c->loser_name) : NULL);
	json_object_object_add(o, "loser_digest", c->loser_ring.seq ?
			       json_digest(c->loser_digest) : NULL);
	json_object_object_add(o, "loser_ring", ring_or_null(&c->loser_ring));
	json_object_object_add(o, "earlier", ring_or_null(&c->earlier));
	json_object_object_add(o, "generation",
			       json_object_new_uint64(c->generation));
	return o;
}
