// SPDX-License-Identifier: LGPL-2.1
/* Settings and state of an instance, to and from attributes. */
#include <errno.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum kind { U8, U16, U32, ADDR, NAME, ADDRS };

/* Settings by attribute; `at_start`: only pfsnl_start() takes it. */
static const struct setting {
	uint16_t attr;
	uint8_t kind;
	bool at_start;
	uint16_t offset;
	const char *name;
} settings_table[] = {
#define SETTING(attr, kind, at_start, member, name) \
	{ PFSNL_A_INSTANCE_##attr, kind, at_start, \
	  offsetof(struct pfsnl_settings, member), name }
	SETTING(IFINDEX, U32, true, ifindex, "ifindex"),
	SETTING(ADDRESS, ADDR, true, address, "address"),
	SETTING(PORT, U16, true, port, "port"),
	SETTING(TETHER_PORT, U16, true, tether_port, "tether-port"),
	SETTING(CLUSTER, NAME, true, cluster, "cluster"),
	SETTING(PRIORITY, U8, false, priority, "priority"),
	SETTING(INTERVAL, U32, false, interval, "interval"),
	SETTING(DEAD, U32, false, dead, "dead"),
	SETTING(BEACON_TO, U32, false, beacon_to, "beacon-to"),
	SETTING(GROUP, ADDR, false, group, "group"),
	SETTING(STATIC_PEERS, ADDRS, false, static_peers, "static-peers"),
	SETTING(MAX_NODES, U32, true, max_nodes, "max-nodes"),
	SETTING(LEVEL0, U32, false, level0, "level0"),
	SETTING(LEVEL0_DEAD, U32, false, level0_dead, "level0-dead"),
	SETTING(VOTES, U8, false, votes, "votes"),
	SETTING(EXPECTED_VOTES, U32, false, expected_votes, "expected-votes"),
	SETTING(PREEMPT, U8, false, preempt, "preempt"),
	SETTING(RETAIN, U32, true, retain, "retain"),
	SETTING(DRAIN, U32, false, drain, "drain"),
	SETTING(SYNC_DEADLINE, U32, false, sync_deadline, "sync-deadline"),
#undef SETTING
};

#define NUM_SETTINGS (sizeof(settings_table) / sizeof(*settings_table))

static const char *attr_name(int attr)
{
	size_t i;

	if (attr == PFSNL_A_INSTANCE_WAIT)
		return "wait";
	for (i = 0; i < NUM_SETTINGS; i++)
		if (settings_table[i].attr == attr)
			return settings_table[i].name;
	return NULL;
}

PFSNL_EXPORT void pfsnl_settings_init_size(struct pfsnl_settings *settings,
					   size_t size)
{
	memset(settings, 0, size);
	settings->size = size;
}

/*
 * Copies what a program gave, which may have been compiled with a shorter or
 * longer structure than ours, and checks what the kernel can't.
 */
static int take_settings(const char *what, struct pfsnl_settings *to,
			 const struct pfsnl_settings *from, bool start)
{
	uint64_t known = 0;
	size_t i, size;

	memset(to, 0, sizeof(*to));
	if (!from)
		return 0;
	size = from->size;
	if (size < offsetof(struct pfsnl_settings, ifindex))
		return pfsnl_failf(-EINVAL, what,
				   "the settings were not prepared with pfsnl_settings_init()");
	memcpy(to, from, size < sizeof(*to) ? size : sizeof(*to));

	for (i = 0; i < NUM_SETTINGS; i++) {
		const struct setting *s = &settings_table[i];

		known |= PFSNL_HAS(s->attr);
		if (!(to->present & PFSNL_HAS(s->attr)))
			continue;
		if (s->offset >= size)
			return pfsnl_failf(-EINVAL, what,
					   "%s is marked present, but the structure is too short for it",
					   s->name);
		if (s->at_start && !start)
			return pfsnl_failf(-EINVAL, what,
					   "%s can't be changed while the instance runs (stop it: pfsnl down, and start it anew with the other value)",
					   s->name);
	}
	if (to->present & ~known)
		return pfsnl_failf(-EOPNOTSUPP, what,
				   "a setting is given that this version of libpfsnl (%s) does not know",
				   pfsnl_version());
	if ((to->present & PFSNL_HAS_CLUSTER) &&
	    !memchr(to->cluster, 0, sizeof(to->cluster)))
		return pfsnl_failf(-EINVAL, what,
				   "cluster: a name has at most %d bytes",
				   PFSNL_CLUSTER_NAME_MAX);
	if ((to->present & PFSNL_HAS_STATIC_PEERS) &&
	    to->num_static_peers > PFSNL_STATIC_PEERS_MAX)
		return pfsnl_failf(-EINVAL, what,
				   "static-peers: %u addresses given, at most %d are allowed",
				   to->num_static_peers,
				   PFSNL_STATIC_PEERS_MAX);
	return 0;
}

static int fill_settings(struct nl_msg *msg, void *arg)
{
	const struct pfsnl_settings *settings = arg;
	int err = 0;
	size_t i;

	for (i = 0; i < NUM_SETTINGS && !err; i++) {
		const struct setting *s = &settings_table[i];
		const void *value = (const char *)settings + s->offset;

		if (!(settings->present & PFSNL_HAS(s->attr)))
			continue;
		switch ((enum kind)s->kind) {
		case U8:
			err = nla_put(msg, s->attr, 1, value);
			break;
		case U16:
			err = nla_put(msg, s->attr, 2, value);
			break;
		case U32:
		case ADDR:
			err = nla_put(msg, s->attr, 4, value);
			break;
		case NAME:
			err = nla_put_string(msg, s->attr, value);
			break;
		case ADDRS:
			err = nla_put(msg, s->attr,
				      4 * settings->num_static_peers, value);
			break;
		}
	}
	return err ? -EMSGSIZE : 0;
}

/* Takes one setting out of an answer; what doesn't fit is left out. */
static void parse_setting(const struct setting *s, struct nlattr *attr,
			  struct pfsnl_settings *settings)
{
	void *value = (char *)settings + s->offset;
	size_t len = nla_len(attr), size = 4;

	switch ((enum kind)s->kind) {
	case U8:
		size = 1;
		break;
	case U16:
		size = 2;
		break;
	case U32:
	case ADDR:
		break;
	case NAME:
		nla_strlcpy(value, attr, sizeof(settings->cluster));
		settings->present |= PFSNL_HAS(s->attr);
		return;
	case ADDRS:
		if (len > sizeof(settings->static_peers))
			len = sizeof(settings->static_peers);
		memcpy(value, nla_data(attr), len);
		settings->num_static_peers = len / 4;
		settings->present |= PFSNL_HAS(s->attr);
		return;
	}
	if (len < size)
		return;
	memcpy(value, nla_data(attr), size);
	settings->present |= PFSNL_HAS(s->attr);
}

static uint8_t get_u8(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 1 ? nla_get_u8(attr) : 0;
}

static uint32_t get_u32(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 4 ? nla_get_u32(attr) : 0;
}

static uint64_t get_u64(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 8 ? nla_get_u64(attr) : 0;
}

void pfsnl_ring_parse(struct nlattr *nest, struct pfsnl_ring_state *ring)
{
	struct nlattr *tb[PFSNL_A_RING_MAX + 1];

	memset(ring, 0, sizeof(*ring));
	if (!nest || nla_parse_nested(tb, PFSNL_A_RING_MAX, nest, NULL) < 0)
		return;
	ring->id.seq = get_u64(tb[PFSNL_A_RING_SEQ]);
	ring->id.leader.s_addr = get_u32(tb[PFSNL_A_RING_LEADER]);
	ring->id.incarnation = get_u64(tb[PFSNL_A_RING_INCARNATION]);
	ring->quorate = get_u8(tb[PFSNL_A_RING_QUORATE]);
	ring->votes = get_u32(tb[PFSNL_A_RING_VOTES]);
	ring->expected_votes = get_u32(tb[PFSNL_A_RING_EXPECTED_VOTES]);
}

struct pfsnl_ring pfsnl_ring_of(struct nlattr *nest)
{
	struct pfsnl_ring_state state;

	pfsnl_ring_parse(nest, &state);
	return state.id;
}

int pfsnl_instance_parse(struct nlmsghdr *nlh, struct pfsnl_instance **out)
{
	struct nlattr *tb[PFSNL_A_INSTANCE_MAX + 1];
	struct pfsnl_ring_state ring;
	struct {
		struct pfsnl_instance instance;
		struct pfsnl_settings settings;
	} *both;
	size_t i;

	if (genlmsg_parse(nlh, 0, tb, PFSNL_A_INSTANCE_MAX, NULL) < 0)
		return -EBADMSG;
	both = calloc(1, sizeof(*both));
	if (!both)
		return -ENOMEM;
	pfsnl_settings_init(&both->settings);
	both->instance.settings = &both->settings;
	for (i = 0; i < NUM_SETTINGS; i++)
		if (tb[settings_table[i].attr])
			parse_setting(&settings_table[i],
				      tb[settings_table[i].attr],
				      &both->settings);
	both->instance.role = get_u32(tb[PFSNL_A_INSTANCE_ROLE]);
	both->instance.broadcast.s_addr =
		get_u32(tb[PFSNL_A_INSTANCE_BROADCAST]);
	pfsnl_ring_parse(tb[PFSNL_A_INSTANCE_RING], &ring);
	both->instance.ring = ring.id;
	both->instance.quorate = ring.quorate;
	both->instance.votes = ring.votes;
	both->instance.expected_votes = ring.expected_votes;
	both->instance.incarnation = get_u64(tb[PFSNL_A_INSTANCE_INCARNATION]);
	both->instance.generation = get_u64(tb[PFSNL_A_INSTANCE_GENERATION]);
	both->instance.peers = get_u32(tb[PFSNL_A_INSTANCE_PEERS]);
	both->instance.uptime_ms = get_u64(tb[PFSNL_A_INSTANCE_UPTIME]);
	both->instance.log_bytes = get_u64(tb[PFSNL_A_INSTANCE_LOG_BYTES]);
	both->instance.out_bytes = get_u64(tb[PFSNL_A_INSTANCE_OUT_BYTES]);
	*out = &both->instance;
	return 0;
}

static int parse_instance(struct nlmsghdr *nlh, void *arg)
{
	struct pfsnl_instance **out = arg;

	if (*out)
		return -EBADMSG;
	return pfsnl_instance_parse(nlh, out);
}

int pfsnl_instance_read(struct pfsnl_sock *sock, bool load,
			struct pfsnl_instance **out)
{
	struct pfsnl_request req = {
		.what = "reading the instance",
		.cmd = PFSNL_CMD_INSTANCE_GET,
		.parse = parse_instance,
		.arg = out,
	};
	int err;

	*out = NULL;
	err = pfsnl_ask(sock, load, &req);
	if (!err && !*out)
		err = pfsnl_fail(-EBADMSG, req.what, "the answer is empty");
	if (err) {
		pfsnl_instance_free(*out);
		*out = NULL;
	}
	return err;
}

PFSNL_EXPORT int pfsnl_instance_get(struct pfsnl *handle,
				    struct pfsnl_instance **instance)
{
	int err = pfsnl_check(handle, "reading the instance");

	if (err)
		return err;
	pthread_mutex_lock(&handle->req_lock);
	err = pfsnl_instance_read(&handle->req, true, instance);
	pthread_mutex_unlock(&handle->req_lock);
	return err;
}

PFSNL_EXPORT void pfsnl_instance_free(struct pfsnl_instance *instance)
{
	/* The settings are in the same piece of memory. */
	free(instance);
}

static int change(struct pfsnl *handle, struct pfsnl_request *req)
{
	int err;

	pthread_mutex_lock(&handle->req_lock);
	err = pfsnl_ask(&handle->req, true, req);
	pthread_mutex_unlock(&handle->req_lock);
	return err;
}

PFSNL_EXPORT int pfsnl_start(struct pfsnl *handle,
			     const struct pfsnl_settings *settings)
{
	struct pfsnl_settings copy;
	struct pfsnl_request req = {
		.what = "starting the instance",
		.cmd = PFSNL_CMD_INSTANCE_START,
		.fill = fill_settings,
		.arg = &copy,
		.attr_name = attr_name,
	};
	int err = pfsnl_check(handle, req.what);

	if (!err)
		err = take_settings(req.what, &copy, settings, true);
	return err ? err : change(handle, &req);
}

PFSNL_EXPORT int pfsnl_set(struct pfsnl *handle,
			   const struct pfsnl_settings *settings)
{
	struct pfsnl_settings copy;
	struct pfsnl_request req = {
		.what = "changing settings",
		.cmd = PFSNL_CMD_INSTANCE_SET,
		.fill = fill_settings,
		.arg = &copy,
		.attr_name = attr_name,
	};
	int err = pfsnl_check(handle, req.what);

	if (!err)
		err = take_settings(req.what, &copy, settings, false);
	return err ? err : change(handle, &req);
}

static int fill_wait(struct nl_msg *msg, void *arg)
{
	int wait_ms = *(int *)arg;

	if (wait_ms == PFSNL_WAIT_DEFAULT)
		return 0;
	return nla_put_u32(msg, PFSNL_A_INSTANCE_WAIT, wait_ms) ?
	       -EMSGSIZE : 0;
}

PFSNL_EXPORT int pfsnl_stop(struct pfsnl *handle, int wait_ms)
{
	struct pfsnl_request req = {
		.what = "stopping the instance",
		.cmd = PFSNL_CMD_INSTANCE_STOP,
		.fill = fill_wait,
		.arg = &wait_ms,
		.attr_name = attr_name,
	};
	int err = pfsnl_check(handle, req.what);

	if (err)
		return err;
	if (wait_ms < 0 && wait_ms != PFSNL_WAIT_DEFAULT)
		return pfsnl_failf(-EINVAL, req.what,
				   "wait: a time can't be negative");
	return change(handle, &req);
}

static const char *name_at(const char *const *names, size_t count, uint32_t i)
{
	return i < count ? names[i] : NULL;
}

PFSNL_EXPORT const char *pfsnl_role_name(uint32_t role)
{
	static const char *const names[] = {
		[PFSNL_ROLE_DOWN] = "down",
		[PFSNL_ROLE_LISTENING] = "listening",
		[PFSNL_ROLE_CLIENT] = "client",
		[PFSNL_ROLE_ORPHAN] = "orphan",
		[PFSNL_ROLE_LEADER] = "leader",
		[PFSNL_ROLE_LEAVING] = "leaving",
	};

	return name_at(names, sizeof(names) / sizeof(*names), role);
}

PFSNL_EXPORT const char *pfsnl_beacon_to_name(uint32_t beacon_to)
{
	static const char *const names[] = {
		[PFSNL_BEACON_TO_BROADCAST] = "broadcast",
		[PFSNL_BEACON_TO_MULTICAST] = "multicast",
		[PFSNL_BEACON_TO_STATIC] = "static",
	};

	return name_at(names, sizeof(names) / sizeof(*names), beacon_to);
}

PFSNL_EXPORT const char *pfsnl_level0_name(uint32_t level0)
{
	static const char *const names[] = {
		[PFSNL_LEVEL0_AUTO] = "auto",
		[PFSNL_LEVEL0_OFF] = "off",
		[PFSNL_LEVEL0_ON] = "on",
	};

	return name_at(names, sizeof(names) / sizeof(*names), level0);
}

PFSNL_EXPORT const char *pfsnl_why_name(uint32_t why)
{
	static const char *const names[] = {
		[PFSNL_WHY_JOINED] = "joined",
		[PFSNL_WHY_MERGED] = "merged",
		[PFSNL_WHY_LEFT] = "left",
		[PFSNL_WHY_FAILED] = "failed",
		[PFSNL_WHY_DROPPED] = "dropped",
		[PFSNL_WHY_ALONE] = "alone",
	};

	return name_at(names, sizeof(names) / sizeof(*names), why);
}
