// SPDX-License-Identifier: LGPL-2.1
/*
 * Keeps the list up to date from events, and reads it anew when that doesn't
 * do: after lost events, a gap in the generations, another incarnation of the
 * instance, or when the module comes and goes. Whatever happens, watches are
 * told the difference between what they knew and what is.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

#define MAX_TRIES 64

/* For lists without a node, which are never NULL. */
static const struct in_addr nobody;
static const uint8_t no_reason = PFSNL_WHY_UNKNOWN;

static int join(struct pfsnl_sock *sock, uint32_t group)
{
	int id = group;

	/* Not by libnl, which would hide what the error is. */
	if (!setsockopt(nl_socket_get_fd(sock->sk), SOL_NETLINK,
			NETLINK_ADD_MEMBERSHIP, &id, sizeof(id)))
		return 0;
	return -errno;
}

/*
 * Finds the family and joins its groups; event_lock is held. A module that is
 * unloaded must not be loaded again just because somebody watches: `load` only
 * on the first watch.
 */
static int subscribe(struct pfsnl *handle, bool load)
{
	struct pfsnl_family family;
	int err;

	err = pfsnl_family_find(&handle->sync, PFSNL_GENL_NAME, load, &family,
				NULL);
	if (!err && (!family.updates || !family.state || !family.rings))
		err = -EOPNOTSUPP;
	if (!err)
		err = join(&handle->ev, family.updates);
	if (!err)
		err = join(&handle->ev, family.state);
	if (!err && handle->want_rings)
		err = join(&handle->ev, family.rings);
	/* An older module has none. */
	if (!err && handle->want_ckpts && family.checkpoints)
		err = join(&handle->ev, family.checkpoints);
	/* Gone again between the steps. */
	if (err == -ENOENT)
		err = -EPROTONOSUPPORT;
	if (!err) {
		handle->ev.family = family;
		handle->sync.family = family;
		handle->rings_group = family.rings;
		handle->ckpts_group = family.checkpoints;
	}
	return err;
}

int pfsnl_follow_rings(struct pfsnl *handle)
{
	int err;

	if (handle->want_rings)
		return 0;
	handle->want_rings = true;
	if (!handle->rings_group)
		return 0;	/* joined when the module is back */
	err = join(&handle->ev, handle->rings_group);
	if (!err || err == -ENOENT)
		return 0;
	handle->want_rings = false;
	return pfsnl_fail(err, "watching rings", NULL);
}

int pfsnl_follow_ckpts(struct pfsnl *handle)
{
	int err;

	if (handle->want_ckpts)
		return 0;
	handle->want_ckpts = true;
	if (!handle->ckpts_group)
		return 0;	/* joined when the module is back */
	err = join(&handle->ev, handle->ckpts_group);
	if (!err || err == -ENOENT)
		return 0;
	handle->want_ckpts = false;
	return pfsnl_fail(err, "watching checkpoints", NULL);
}

/* Room for the reasons of so many nodes whose reasons nobody knows. */
static int reserve_unknown(struct pfsnl_follow *follow, size_t count)
{
	uint8_t *unknown;

	if (count <= follow->num_unknown)
		return 0;
	count += count / 2;
	unknown = realloc(follow->unknown, count);
	if (!unknown)
		return -ENOMEM;
	memset(unknown, PFSNL_WHY_UNKNOWN, count);
	follow->unknown = unknown;
	follow->num_unknown = count;
	return 0;
}

/* ---- events --------------------------------------------------------- */

static void set_loaded(struct pfsnl *handle, bool loaded)
{
	struct pfsnl_follow *follow = &handle->follow;
	struct pfsnl_event event = {
		.type = loaded ? PFSNL_EVENT_LOADED : PFSNL_EVENT_UNLOADED,
	};

	pthread_mutex_lock(&handle->event_lock);
	handle->loaded = loaded;
	if (!loaded) {
		handle->rings_group = 0;
		handle->ckpts_group = 0;
	}
	pthread_mutex_unlock(&handle->event_lock);
	follow->stale = true;
	follow->ckpts_lost = true;
	if (!loaded) {
		memset(&handle->ev.family, 0, sizeof(handle->ev.family));
		memset(&handle->sync.family, 0, sizeof(handle->sync.family));
	}
	if (follow->reported != loaded) {
		follow->reported = loaded;
		pfsnl_tell_monitors(handle, &event);
	}
}

static void lost_events(struct pfsnl *handle)
{
	struct pfsnl_event event = { .type = PFSNL_EVENT_LOST };

	handle->follow.stale = true;
	handle->follow.lost = true;
	handle->follow.ckpts_lost = true;
	pfsnl_tell_monitors(handle, &event);
}

/*
 * Looks whether the family is still what we think, and subscribes if it is
 * another one.
 */
static int check_family(struct pfsnl *handle)
{
	struct pfsnl_family family;
	int err;

	err = pfsnl_family_find(&handle->sync, PFSNL_GENL_NAME, false, &family,
				NULL);
	if (!err && family.id == handle->ev.family.id)
		return 0;
	if (err && err != -EPROTONOSUPPORT)
		return pfsnl_fail(err, "looking for the module", NULL);
	if (handle->ev.family.id)
		set_loaded(handle, false);
	if (err)
		return 0;
	pthread_mutex_lock(&handle->event_lock);
	err = subscribe(handle, false);
	pthread_mutex_unlock(&handle->event_lock);
	if (err == -EPROTONOSUPPORT)
		return 0;
	if (err)
		return pfsnl_fail(err, "watching the list", NULL);
	set_loaded(handle, true);
	return 0;
}

static void on_ctrl(struct pfsnl *handle, struct nlmsghdr *nlh)
{
	struct pfsnl_follow *follow = &handle->follow;
	uint16_t id;

	switch (pfsnl_ctrl_parse(nlh, &id)) {
	case PFSNL_CTRL_NEW:
		/* Perhaps the one we found already. */
		if (id != handle->ev.family.id && check_family(handle)) {
			follow->stale = true;
			follow->lost = true;	/* have another look */
		}
		break;
	case PFSNL_CTRL_GONE:
		if (id == handle->ev.family.id)
			set_loaded(handle, false);
		break;
	case PFSNL_CTRL_NOTHING:
		break;
	}
}

static struct pfsnl_ring_state ring_of(const struct pfsnl_instance *instance)
{
	return (struct pfsnl_ring_state) {
		.id = instance->ring,
		.quorate = instance->quorate,
		.votes = instance->votes,
		.expected_votes = instance->expected_votes,
	};
}

static uint64_t get_u64(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 8 ? nla_get_u64(attr) : 0;
}

/* Puts the reasons in the order of the addresses in `changed`. */
static void sort_why(const struct pfsnl_update *update,
		     const struct pfsnl_addrset *changed, uint8_t *why)
{
	size_t i;

	for (i = 0; i < update->count; i++)
		why[pfsnl_addrset_find(changed, update->addrs[i])] =
			update->why[i];
}

/* Carries an update of the kernel out on the list. */
static void fold(struct pfsnl *handle, const struct pfsnl_update *update)
{
	struct pfsnl_follow *follow = &handle->follow;
	struct pfsnl_addrset changed = { 0 };
	struct pfsnl_update told = *update;
	uint8_t *why;

	if (follow->stale)
		return;
	if (update->instance == follow->instance &&
	    update->generation <= follow->generation)
		return;		/* the list was read later than that */
	why = malloc(update->count + 1);
	if (!why || update->instance != follow->instance ||
	    update->generation != follow->generation + 1 ||
	    pfsnl_addrset_apply(&follow->list, update->adding, update->addrs,
				update->count, &changed)) {
		follow->stale = true;
		free(why);
		return;
	}
	follow->generation = update->generation;
	follow->ring = update->ring;
	sort_why(update, &changed, why);
	told.addrs = changed.addrs;
	told.why = why;
	pfsnl_tell_watches(handle, &told);
	pfsnl_addrset_free(&changed);
	free(why);
}

static void on_update(struct pfsnl *handle, struct nlmsghdr *nlh)
{
	struct pfsnl_update update = { .reason = PFSNL_UPDATE_CHANGE };
	struct pfsnl_event event = {
		.type = PFSNL_EVENT_UPDATE,
		.update = &update,
	};
	struct nlattr *tb[PFSNL_A_UPDATE_MAX + 1];
	struct pfsnl_ring_state ring;

	if (genlmsg_parse(nlh, 0, tb, PFSNL_A_UPDATE_MAX, NULL) < 0 ||
	    !tb[PFSNL_A_UPDATE_OP] || nla_len(tb[PFSNL_A_UPDATE_OP]) < 4 ||
	    !tb[PFSNL_A_UPDATE_ADDRESSES]) {
		lost_events(handle);
		return;
	}
	update.adding = nla_get_u32(tb[PFSNL_A_UPDATE_OP]) == PFSNL_OP_ADD;
	update.addrs = nla_data(tb[PFSNL_A_UPDATE_ADDRESSES]);
	update.count = nla_len(tb[PFSNL_A_UPDATE_ADDRESSES]) / 4;
	update.generation = get_u64(tb[PFSNL_A_UPDATE_GENERATION]);
	update.instance = get_u64(tb[PFSNL_A_UPDATE_INSTANCE]);
	pfsnl_ring_parse(tb[PFSNL_A_UPDATE_RING], &ring);
	update.ring = ring.id;
	/* Also for the list as it will be. */
	if (reserve_unknown(&handle->follow,
			    handle->follow.list.count + update.count)) {
		lost_events(handle);
		return;
	}
	update.why = handle->follow.unknown;
	if (tb[PFSNL_A_UPDATE_WHY] &&
	    (size_t)nla_len(tb[PFSNL_A_UPDATE_WHY]) >= update.count)
		update.why = nla_data(tb[PFSNL_A_UPDATE_WHY]);
	if (!update.count) {
		update.addrs = &nobody;
		update.why = &no_reason;
	}

	pfsnl_tell_monitors(handle, &event);
	fold(handle, &update);
}

static bool same_ring(const struct pfsnl_ring_state *a,
		      const struct pfsnl_ring_state *b)
{
	return a->id.seq == b->id.seq &&
	       a->id.leader.s_addr == b->id.leader.s_addr &&
	       a->id.incarnation == b->id.incarnation &&
	       a->quorate == b->quorate && a->votes == b->votes &&
	       a->expected_votes == b->expected_votes;
}

static void tell_ring(struct pfsnl *handle, enum pfsnl_update_reason reason)
{
	struct pfsnl_ring_update update;

	if (!pfsnl_follow_ring(handle, &update))
		return;
	update.reason = reason;
	pfsnl_tell_rings(handle, &update);
}

/*
 * The kernel told which ring is installed, after all updates that led to it: it
 * is that of the list as it is here.
 */
static void take_ring(struct pfsnl *handle, const struct pfsnl_ring_state *ring,
		      uint64_t generation, uint64_t instance)
{
	struct pfsnl_follow *follow = &handle->follow;
	bool news;

	if (follow->stale)
		return;
	if (instance != follow->instance || generation > follow->generation) {
		follow->stale = true;
		return;
	}
	if (generation < follow->generation ||
	    ring->id.seq < follow->told.id.seq)
		return;		/* the list was read later than that */
	news = !same_ring(ring, &follow->told);
	follow->ring = ring->id;
	follow->told = *ring;
	follow->told_at = generation;
	if (news)
		tell_ring(handle, PFSNL_UPDATE_CHANGE);
}

static void on_ring(struct pfsnl *handle, struct nlmsghdr *nlh)
{
	struct pfsnl_ring_update update = { .reason = PFSNL_UPDATE_CHANGE };
	struct pfsnl_event event = {
		.type = PFSNL_EVENT_RING,
		.ring = &update,
	};
	struct nlattr *tb[PFSNL_A_RING_EVENT_MAX + 1];
	struct pfsnl_ring_state ring;

	if (genlmsg_parse(nlh, 0, tb, PFSNL_A_RING_EVENT_MAX, NULL) < 0 ||
	    !tb[PFSNL_A_RING_EVENT_RING]) {
		lost_events(handle);
		return;
	}
	pfsnl_ring_parse(tb[PFSNL_A_RING_EVENT_RING], &ring);
	update.ring = ring.id;
	update.quorate = ring.quorate;
	update.votes = ring.votes;
	update.expected_votes = ring.expected_votes;
	update.addrs = &nobody;
	if (tb[PFSNL_A_RING_EVENT_ADDRESSES]) {
		update.count = nla_len(tb[PFSNL_A_RING_EVENT_ADDRESSES]) / 4;
		if (update.count)
			update.addrs =
				nla_data(tb[PFSNL_A_RING_EVENT_ADDRESSES]);
	}
	update.generation = get_u64(tb[PFSNL_A_RING_EVENT_GENERATION]);
	update.instance = get_u64(tb[PFSNL_A_RING_EVENT_INSTANCE]);

	pfsnl_tell_monitors(handle, &event);
	take_ring(handle, &ring, update.generation, update.instance);
}

static void on_state(struct pfsnl *handle, struct nlmsghdr *nlh)
{
	struct pfsnl_follow *follow = &handle->follow;
	struct pfsnl_event event = { .type = PFSNL_EVENT_STATE };
	struct pfsnl_ring_state ring;
	struct pfsnl_instance *state;

	if (pfsnl_instance_parse(nlh, &state)) {
		lost_events(handle);
		return;
	}
	event.state = state;
	pfsnl_tell_monitors(handle, &event);
	if (state->role == PFSNL_ROLE_DOWN) {
		follow->stale = true;
	} else {
		ring = ring_of(state);
		take_ring(handle, &ring, state->generation,
			  state->incarnation);
	}
	pfsnl_instance_free(state);
}

static int on_event(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct pfsnl *handle = arg;

	if (nlmsg_get_src(msg)->nl_pid)
		return NL_OK;	/* some process, not the kernel */
	if (nlh->nlmsg_type == GENL_ID_CTRL) {
		on_ctrl(handle, nlh);
	} else if (handle->ev.family.id &&
		   nlh->nlmsg_type == handle->ev.family.id &&
		   genlmsg_valid_hdr(nlh, 0)) {
		if (genlmsg_hdr(nlh)->cmd == PFSNL_CMD_UPDATE_NTF)
			on_update(handle, nlh);
		else if (genlmsg_hdr(nlh)->cmd == PFSNL_CMD_RING_NTF)
			on_ring(handle, nlh);
		else if (genlmsg_hdr(nlh)->cmd == PFSNL_CMD_STATE_NTF)
			on_state(handle, nlh);
		else if (genlmsg_hdr(nlh)->cmd == PFSNL_CMD_CKPT_NTF ||
			 genlmsg_hdr(nlh)->cmd == PFSNL_CMD_CKPT_CONFLICT_NTF)
			pfsnl_ckpt_take_event(handle, nlh);
	}
	return NL_OK;
}

static int no_seq_check(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

int pfsnl_follow_receive(struct pfsnl *handle)
{
	int ret = nl_recvmsgs_default(handle->ev.sk);

	if (ret == -NLE_AGAIN)
		return -EAGAIN;
	/*
	 * ENOBUFS is NLE_NOMEM here. Any other failure lost an event as well,
	 * for all we know.
	 */
	if (ret < 0)
		lost_events(handle);
	return 0;
}

int pfsnl_follow_start(struct pfsnl *handle)
{
	const char *what = "watching the list";
	struct pfsnl_family ctrl;
	uint32_t notify = 0;
	int err;

	nl_socket_modify_cb(handle->ev.sk, NL_CB_SEQ_CHECK, NL_CB_CUSTOM,
			    no_seq_check, NULL);
	nl_socket_modify_cb(handle->ev.sk, NL_CB_VALID, NL_CB_CUSTOM,
			    on_event, handle);

	/* First, so that no coming and going escapes. */
	err = pfsnl_family_find(&handle->sync, "nlctrl", true, &ctrl, &notify);
	if (!err && notify)
		err = join(&handle->ev, notify);
	if (!err)
		err = subscribe(handle, true);
	if (err)
		return pfsnl_fail(err, what, NULL);
	handle->loaded = true;
	handle->follow.reported = true;
	handle->follow.stale = true;
	return 0;
}

/* ---- reading anew --------------------------------------------------- */

/* The list as the kernel has it at one moment, with what identifies it. */
struct snapshot {
	struct pfsnl_addrset list;
	struct pfsnl_ring_state ring;
	uint64_t generation;
	uint64_t instance;
};

/* Takes the addresses; true if it is the list of the instance `incarnation`. */
static bool take_peers(struct snapshot *snap, const struct pfsnl_peers *peers,
		       uint64_t incarnation, int *err)
{
	const struct pfsnl_peer *peer;
	bool ours = false;
	size_t i;

	snap->list.count = 0;
	snap->generation = pfsnl_peers_generation(peers);
	for (i = 0; (peer = pfsnl_peers_at(peers, i)); i++) {
		if (peer->self && peer->incarnation == incarnation)
			ours = true;
		*err = pfsnl_addrset_append(&snap->list, peer->addr);
		if (*err)
			return false;
	}
	pfsnl_addrset_sort(&snap->list);
	return ours;
}

/*
 * One try. -EINTR: the instance changed meanwhile. A list that contains the
 * node itself says which instance it is of. Any other is only known to be of
 * the instance that was there before and after, at the same generation.
 */
static int try_snapshot(struct pfsnl *handle, struct snapshot *snap)
{
	struct pfsnl_instance *before = NULL, *after = NULL;
	struct pfsnl_peers *peers = NULL;
	bool ours;
	int err;

	err = pfsnl_instance_read(&handle->sync, false, &before);
	if (err)
		return err;
	err = pfsnl_peers_read(&handle->sync, false, &peers);
	if (err) {
		err = err == -ENETDOWN ? -EINTR : err;
		goto out;
	}
	snap->instance = before->incarnation;
	snap->ring = ring_of(before);
	ours = take_peers(snap, peers, before->incarnation, &err);
	if (err)
		goto out;
	if (ours) {
		/* The ring shall be that of this very list. */
		if (before->generation != snap->generation)
			err = -EINTR;
	} else {
		err = pfsnl_instance_read(&handle->sync, false, &after);
		if (err) {
			err = err == -ENETDOWN ? -EINTR : err;
			goto out;
		}
		if (after->incarnation != before->incarnation ||
		    after->generation != before->generation ||
		    (snap->list.count &&
		     snap->generation != before->generation))
			err = -EINTR;
		snap->generation = before->generation;
	}
out:
	pfsnl_instance_free(before);
	pfsnl_instance_free(after);
	pfsnl_peers_free(peers);
	return err;
}

static int take_snapshot(struct pfsnl *handle, struct snapshot *snap)
{
	int err, tries = 0;

	do {
		err = try_snapshot(handle, snap);
	} while (err == -EINTR && ++tries < MAX_TRIES);
	if (err == -EINTR)
		err = pfsnl_fail(-EAGAIN, "reading the list",
				 "the instance restarts too fast, try again");
	if (err == -ENETDOWN || err == -EPROTONOSUPPORT) {
		snap->list.count = 0;
		snap->instance = 0;
		snap->generation = 0;
		memset(&snap->ring, 0, sizeof(snap->ring));
		/* Without the module the next news come from the controller. */
		err = 0;
	}
	return err;
}

static void tell_difference(struct pfsnl *handle, bool adding,
			    const struct pfsnl_addrset *nodes)
{
	const struct pfsnl_follow *follow = &handle->follow;
	struct pfsnl_update update = {
		.adding = adding,
		.addrs = nodes->addrs,
		.count = nodes->count,
		.ring = follow->ring,
		.generation = follow->generation,
		.instance = follow->instance,
		.reason = PFSNL_UPDATE_REFRESH,
		.why = follow->unknown,
	};

	if (nodes->count)
		pfsnl_tell_watches(handle, &update);
}

int pfsnl_follow_refresh(struct pfsnl *handle)
{
	struct pfsnl_follow *follow = &handle->follow;
	struct pfsnl_addrset removed = { 0 }, added = { 0 };
	struct snapshot snap = { 0 };
	bool news, other;
	int err = 0;

	if (!follow->stale)
		return 0;
	if (follow->lost) {
		err = check_family(handle);
		if (err)
			return err;
		follow->lost = false;
	}
	if (handle->ev.family.id)
		err = take_snapshot(handle, &snap);
	/* What is removed is of the old list, which has its reasons already. */
	if (!err && (reserve_unknown(follow, snap.list.count) ||
		     pfsnl_addrset_diff(&follow->list, &snap.list, &removed,
					&added)))
		err = pfsnl_fail(-ENOMEM, "comparing lists", NULL);
	if (err) {
		pfsnl_addrset_free(&snap.list);
		return err;
	}
	pfsnl_addrset_move(&follow->list, &snap.list);
	news = !same_ring(&snap.ring, &follow->told) ||
	       snap.instance != follow->instance || removed.count ||
	       added.count;
	other = snap.instance != follow->instance;
	follow->ring = snap.ring.id;
	follow->told = snap.ring;
	follow->told_at = snap.generation;
	follow->generation = snap.generation;
	follow->instance = snap.instance;
	follow->stale = false;
	tell_difference(handle, false, &removed);
	tell_difference(handle, true, &added);
	if (news)
		tell_ring(handle, PFSNL_UPDATE_REFRESH);
	if (other || follow->ckpts_lost) {
		follow->ckpts_lost = false;
		follow->ckpt_seen = 0;
		pfsnl_tell_ckpt_refresh(handle);
	}
	pfsnl_addrset_free(&removed);
	pfsnl_addrset_free(&added);
	return 0;
}

void pfsnl_follow_initial(struct pfsnl *handle, struct pfsnl_update *update)
{
	const struct pfsnl_follow *follow = &handle->follow;

	*update = (struct pfsnl_update) {
		.adding = true,
		.addrs = follow->list.count ? follow->list.addrs : &nobody,
		.count = follow->list.count,
		.ring = follow->ring,
		.generation = follow->generation,
		.instance = follow->instance,
		.reason = PFSNL_UPDATE_INITIAL,
		.why = follow->list.count ? follow->unknown : &no_reason,
	};
}

bool pfsnl_follow_ring(struct pfsnl *handle, struct pfsnl_ring_update *update)
{
	const struct pfsnl_follow *follow = &handle->follow;

	*update = (struct pfsnl_ring_update) {
		.ring = follow->told.id,
		.addrs = follow->list.count ? follow->list.addrs : &nobody,
		.count = follow->list.count,
		.generation = follow->generation,
		.instance = follow->instance,
		.reason = PFSNL_UPDATE_INITIAL,
		.quorate = follow->told.quorate,
		.votes = follow->told.votes,
		.expected_votes = follow->told.expected_votes,
	};
	return follow->told_at == follow->generation;
}
