// SPDX-License-Identifier: GPL-2.0
/* pfsnl stats */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "out.h"

/* What each counter counts, in few words; grouped as it is printed. */
static const struct counter {
	const char *name;
	const char *what;
} beacons[] = {
	{ "beacon-tx", "sent, one for each destination" },
	{ "beacon-tx-failed", "that the network refused to send" },
	{ "beacon-tx-late", "sent more than half an interval late" },
	{ "beacon-hung", "held back because the node thread was stuck" },
	{ "beacon-rx", "taken in" },
	{ "beacon-rx-level0", "of nine bytes taken in" },
	{ "beacon-own", "of our own, come back" },
	{ "beacon-foreign", "of clusters with another name" },
	{ "beacon-malformed", "that broke the format" },
	{ "beacon-spoofed", "that name another address than they come from" },
	{ "beacon-duplicate", "of another node that uses our address" },
	{ "beacon-no-room", "of new nodes, when the table was full" },
	{ "beacon-level0-refused", "of nine bytes, which we don't serve" },
	{ "beacon-overrun", "lost, the receive buffer was full" },
	{ "not-member-tx", "nodes told that they aren't tethered to us" },
	{ "not-member-rx", "times our leader told us so" },
	{ NULL, NULL }
}, tethers[] = {
	{ "tether-dial", "connections begun" },
	{ "tether-dial-failed", "connections that failed or took too long" },
	{ "tether-busy", "nodes that answered our claim with busy" },
	{ "tether-in", "connections taken from others" },
	{ "tether-refused", "connections from others refused" },
	{ "claim-refused", "claims of leaders answered with busy" },
	{ "tether-up", "tethers established" },
	{ "frame-tx", "frames sent" },
	{ "frame-rx", "frames received" },
	{ "frame-unknown", "frames of an unknown kind, skipped" },
	{ "frame-malformed", "frames that broke the format" },
	{ "frame-unexpected", "frames at the wrong time" },
	{ "level0-bytes", "bytes from level-0 peers, ignored" },
	{ NULL, NULL }
}, rings[] = {
	{ "installs", "rings installed" },
	{ "update-add", "updates that added nodes" },
	{ "update-remove", "updates that removed nodes" },
	{ "leads", "times this node began to lead" },
	{ "step-downs", "times it gave way to a better leader" },
	{ "offers", "offers sent to better leaders" },
	{ "merges", "other leaders' nodes taken in" },
	{ "records", "rings of a lost leader finished" },
	{ "superseded", "times it learned that the lost leader had removed it" },
	{ "foreign-tx", "foreign leaders reported to its own" },
	{ "foreign-rx", "foreign leaders reported by clients" },
	{ "suspects-self", "times most tethers blocked, and nobody was dropped" },
	{ "pauses", "times this machine stood still" },
	{ "leader-lost", "leaders lost" },
	{ NULL, NULL }
}, drops[] = {
	{ "drop-closed", "tether closed or reset" },
	{ "drop-blocked", "an update would have blocked" },
	{ "drop-silent", "beacons ceased" },
	{ "drop-left", "said goodbye" },
	{ "drop-restarted", "came back as a new incarnation" },
	{ "drop-malformed", "broke the protocol" },
	{ "drop-local", "a shortage or an order of our own" },
	{ "drop-slow", "did not take or answer its messages in time" },
	{ NULL, NULL }
}, messages[] = {
	{ "messages", "that got a place in the sequence, rings included" },
	{ "message-twice", "sent again though they had one" },
	{ "transitional", "times the ring lost somebody meanwhile" },
	{ "fetches", "times a survivor was asked for what we lacked" },
	{ "send-refused", "not taken, too much waited" },
	{ "send-unknown", "of ours, nobody knows what became of them" },
	{ NULL, NULL }
}, processes[] = {
	{ "group-malformed", "messages about groups that make no sense" },
	{ "group-foreign", "lists of members made for another ring" },
	{ "group-stranger", "messages of processes that are no members" },
	{ "group-slow", "processes here that did not take their events" },
	{ "group-silent", "processes here that gave no sign of life" },
	{ NULL, NULL }
}, services[] = {
	{ "sync-malformed", "messages about services that make no sense" },
	{ "sync-foreign", "messages made for another ring" },
	{ "sync-activate", "times a service here was activated" },
	{ "sync-abort", "rounds that another ring made void" },
	{ "sync-retry", "operations that nobody applied, a ring came" },
	{ "sync-refused", "operations not taken, the service is not active" },
	{ "sync-short", "times a service lacked something to transmit" },
	{ "sync-slow", "nodes dropped, they said nothing in time" },
	{ "ckpt-busy", "requests about checkpoints refused, too much under way" },
	{ "ckpt-refused", "operations on checkpoints that all nodes refused" },
	{ "ckpt-unknown", "those of which nobody knows what became" },
	{ "ckpt-lost", "open checkpoints lost with a ring" },
	{ "ckpt-conflict", "conflicts about checkpoints decided" },
	{ "ckpt-out", "times this node could not take part in checkpoints" },
	{ NULL, NULL }
}, trouble[] = {
	{ "write-short", "writes that found no memory, retried" },
	{ "no-memory", "allocations that failed, retried" },
	{ "event-failed", "notifications not built or not delivered" },
	{ NULL, NULL }
};

static const struct group {
	const char *title;
	const struct counter *counters;
} groups[] = {
	{ "Beacons", beacons },
	{ "Tethers", tethers },
	{ "Rings", rings },
	{ "Nodes dropped", drops },
	{ "Ordered messages", messages },
	{ "Groups of processes", processes },
	{ "Services", services },
	{ "Trouble here", trouble },
};

#define NUM_GROUPS	(sizeof(groups) / sizeof(*groups))

static const struct pfsnl_stat *find(const struct pfsnl_stats *stats,
				     const char *name)
{
	const struct pfsnl_stat *s;
	size_t i;

	for (i = 0; (s = pfsnl_stats_at(stats, i)); i++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

/* A newer module may count what this command has no words for. */
static bool is_known(const char *name)
{
	const struct counter *c;
	size_t i;

	for (i = 0; i < NUM_GROUPS; i++)
		for (c = groups[i].counters; c->name; c++)
			if (!strcmp(c->name, name))
				return true;
	return false;
}

/* Prints titles only where a counter follows. */
struct page {
	bool all;
	bool begun;
	int name_width;
	int value_width;
	size_t hidden;
};

static void show(struct page *page, const char **title,
		 const struct pfsnl_stat *s, const char *what)
{
	if (!s->value && !page->all) {
		page->hidden++;
		return;
	}
	if (*title) {
		printf("%s%s%s%s\n", page->begun ? "\n" : "",
		       style(STYLE_HEAD), *title, style_end());
		*title = NULL;
	}
	page->begun = true;
	printf("  %-*s  %*" PRIu64 "%s%s%s%s\n", page->name_width, s->name,
	       page->value_width, s->value, style(STYLE_DIM),
	       *what ? "  " : "", what, style_end());
}

static void measure(struct page *page, const struct pfsnl_stats *stats)
{
	const struct pfsnl_stat *s;
	size_t i;
	int len;

	for (i = 0; (s = pfsnl_stats_at(stats, i)); i++) {
		if (!s->value && !page->all)
			continue;
		len = (int)strlen(s->name);
		if (len > page->name_width)
			page->name_width = len;
		len = snprintf(NULL, 0, "%" PRIu64, s->value);
		if (len > page->value_width)
			page->value_width = len;
	}
}

static void show_stats(const struct pfsnl_stats *stats, bool all)
{
	struct page page = { .all = all };
	const struct counter *c;
	const struct pfsnl_stat *s;
	const char *title;
	size_t i;

	measure(&page, stats);
	for (i = 0; i < NUM_GROUPS; i++) {
		title = groups[i].title;
		for (c = groups[i].counters; c->name; c++) {
			s = find(stats, c->name);
			if (s)
				show(&page, &title, s, c->what);
		}
	}
	title = "Others";
	for (i = 0; (s = pfsnl_stats_at(stats, i)); i++)
		if (!is_known(s->name))
			show(&page, &title, s, "");
	if (page.hidden)
		printf("%s%s(%zu counters are 0; --all shows them)%s\n",
		       page.begun ? "\n" : "", style(STYLE_DIM), page.hidden,
		       style_end());
}

static struct json_object *json_stats(const struct pfsnl_stats *stats)
{
	struct json_object *o = json_object_new_object();
	const struct pfsnl_stat *s;
	char key[64], *p;
	size_t i;

	for (i = 0; o && (s = pfsnl_stats_at(stats, i)); i++) {
		snprintf(key, sizeof(key), "%s", s->name);
		for (p = key; (p = strchr(p, '-')); p++)
			*p = '_';
		json_object_object_add(o, key,
				       json_object_new_uint64(s->value));
	}
	return o;
}

static int run_stats(struct run *run)
{
	struct pfsnl_stats *stats;
	int code = EXIT_OK, err;

	err = pfsnl_stats_get(run->handle, &stats);
	if (err)
		return failed(err);
	if (!run->json)
		show_stats(stats, given(&run->args, OPT_ALL));
	else if (out_json(json_stats(stats)))
		code = EXIT_FAILED;
	pfsnl_stats_free(stats);
	return code;
}

const struct cmd cmd_stats = {
	.name = "stats",
	.summary = "print the counters of the node since its start",
	.options = OPT_BIT(OPT_ALL),
	.about =
	"Prints what the node counted since it started. Whatever it drops or refuses is\n"
	"counted under the reason.",
	.examples =
	"  pfsnl stats\n"
	"  pfsnl stats --all\n"
	"  pfsnl stats --json | jq .beacon_rx\n",
	.run = run_stats,
};
