// SPDX-License-Identifier: LGPL-2.1
/* What is read of checkpoints: what sections hold, lists, and the state of all. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

#include "ckpt.h"

/* So often a list is read again when it changes meanwhile. */
#define MAX_TRIES 64

/* ---- what a section holds ------------------------------------------- */

struct reading {
	const struct pfsnl_ckpt *ckpt;
	const void *id;
	size_t id_len;
	uint64_t offset;
	uint64_t len;
};

static int put_read(struct pfsnl_buf *buf, const char *what, void *arg)
{
	const struct reading *r = arg;

	pfsnl_buf_begin(buf, PFSNL_CMD_SECTION_READ);
	pfsnl_buf_put(buf, PFSNL_A_CKPT_HANDLE, &r->ckpt->handle, 4);
	pfsnl_buf_put(buf, PFSNL_A_CKPT_SECTION, r->id, r->id_len);
	pfsnl_buf_put(buf, PFSNL_A_CKPT_OFFSET, &r->offset, 8);
	pfsnl_buf_put(buf, PFSNL_A_CKPT_LENGTH, &r->len, 8);
	return buf->failed ? pfsnl_fail(-ENOMEM, what, NULL) : 0;
}

PFSNL_EXPORT int pfsnl_section_read(struct pfsnl_ckpt *ckpt, const void *id,
				    size_t id_len, uint64_t offset, void *data,
				    size_t *len, uint64_t *total)
{
	const char *what = "reading a section";
	struct reading r = { .ckpt = ckpt, .id = id, .id_len = id_len };
	struct pfsnl_request_ckpt req = {
		.what = what, .ckpt = ckpt, .put = put_read, .arg = &r,
		.timeout_ms = PFSNL_CKPT_FOREVER,
	};
	struct pfsnl_asked asked = { .direct = true };
	size_t room = *len;
	bool said;
	int err;

	*len = 0;
	err = pfsnl_ckpt_check(ckpt, what);
	if (!err && id_len > PFSNL_SECTION_ID_MAX)
		err = pfsnl_failf(-ENAMETOOLONG, what,
				  "the id of a section has %d bytes at most",
				  PFSNL_SECTION_ID_MAX);
	if (err)
		return err;
	do {
		asked.into = (char *)data + *len;
		asked.room = room - *len;
		if (asked.room > PFSNL_CKPT_WRITE_MAX)
			asked.room = PFSNL_CKPT_WRITE_MAX;
		asked.got = 0;
		r.offset = offset + *len;
		r.len = asked.room;
		err = pfsnl_ckptsock_ask(ckpt->sock, &req, &asked, &said);
		if (err)
			return said ? err :
			       pfsnl_ckpt_failed(what, err, asked.why);
		*len += asked.got;
		/* There may be less than was asked for, also before the end. */
	} while (*len < room && asked.got && offset + *len < asked.total);
	if (total)
		*total = asked.total;
	return 0;
}

/* ---- attributes ----------------------------------------------------- */

static uint32_t get_u32(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 4 ? nla_get_u32(attr) : 0;
}

static uint64_t get_u64(struct nlattr *attr, uint64_t preset)
{
	return attr && nla_len(attr) >= 8 ? nla_get_u64(attr) : preset;
}

static void get_digest(struct nlattr *attr, unsigned char *digest)
{
	if (attr && nla_len(attr) >= PFSNL_CKPT_DIGEST)
		memcpy(digest, nla_data(attr), PFSNL_CKPT_DIGEST);
}

/* Which checkpoint a question is about: a number, or a name. */
struct about {
	const char *name;
	unsigned char number[20];
	const struct pfsnl_section_range *range;
	void *result;
};

static void about_open(struct about *about, const struct pfsnl_ckpt *ckpt)
{
	about->name = NULL;
	pfsnl_ckpt_number_put(&ckpt->number, about->number);
}

static int fill_about(struct nl_msg *msg, void *arg)
{
	const struct about *about = arg;
	int err;

	if (about->name)
		err = nla_put_string(msg, PFSNL_A_CKPT_NAME, about->name);
	else
		err = nla_put(msg, PFSNL_A_CKPT_NUMBER, sizeof(about->number),
			      about->number);
	if (!err && about->range)
		err = nla_put_flag(msg, PFSNL_A_CKPT_BY_EXPIRY) ? :
		      nla_put_u64(msg, PFSNL_A_CKPT_EXPIRES_FROM,
				  about->range->from) ? :
		      nla_put_u64(msg, PFSNL_A_CKPT_EXPIRES_TO,
				  about->range->to);
	return err ? -EMSGSIZE : 0;
}

static const char *attr_name(int attr)
{
	return attr == PFSNL_A_CKPT_NAME ? "name" : NULL;
}

/* Asks until nothing has changed meanwhile; `empty` is called before each. */
static int ask_whole(struct pfsnl *handle, struct pfsnl_request *req,
		     void (*empty)(void *arg), void *arg)
{
	int err, tries = 0;

	pthread_mutex_lock(&handle->req_lock);
	do {
		empty(arg);
		err = pfsnl_ask(&handle->req, true, req);
	} while (err == -EINTR && ++tries < MAX_TRIES);
	pthread_mutex_unlock(&handle->req_lock);
	if (err == -EINTR)
		err = pfsnl_fail(-EAGAIN, req->what,
				 "it changes too fast to be read, try again");
	return err;
}

/* ---- checkpoints ---------------------------------------------------- */

struct pfsnl_ckpts {
	struct pfsnl_ckpt_info **infos;
	size_t count;
	size_t room;
};

/* All of it in one piece of memory. */
struct whole_info {
	struct pfsnl_ckpt_info info;
	char name[PFSNL_CKPT_NAME_MAX + 1];
	char lost_name[PFSNL_CKPT_NAME_MAX + 1];
	struct pfsnl_ckpt_refs nodes[];
};

static size_t count_nodes(struct nlmsghdr *nlh)
{
	struct nlattr *attr;
	size_t n = 0;
	int left;

	nlmsg_for_each_attr(attr, nlh, GENL_HDRLEN, left)
		n += nla_type(attr) == PFSNL_A_CKPT_NODE;
	return n;
}

static int by_addr(const void *a, const void *b)
{
	const struct pfsnl_ckpt_refs *one = a, *other = b;
	uint32_t x = ntohl(one->addr.s_addr), y = ntohl(other->addr.s_addr);

	return x < y ? -1 : x > y;
}

static void parse_nodes(struct nlmsghdr *nlh, struct whole_info *whole)
{
	struct nlattr *tb[PFSNL_A_CKPT_REFS_MAX + 1], *attr;
	struct pfsnl_ckpt_refs *to = whole->nodes;
	uint32_t listed = 0;
	int left;

	nlmsg_for_each_attr(attr, nlh, GENL_HDRLEN, left) {
		if (nla_type(attr) != PFSNL_A_CKPT_NODE ||
		    nla_parse_nested(tb, PFSNL_A_CKPT_REFS_MAX, attr, NULL) < 0)
			continue;
		to->addr.s_addr = get_u32(tb[PFSNL_A_CKPT_REFS_ADDRESS]);
		to->incarnation = get_u64(tb[PFSNL_A_CKPT_REFS_INCARNATION], 0);
		to->refs = get_u32(tb[PFSNL_A_CKPT_REFS_REFS]);
		listed += to->refs;
		to++;
	}
	qsort(whole->nodes, to - whole->nodes, sizeof(*to), by_addr);
	whole->info.nodes = whole->nodes;
	whole->info.num_nodes = to - whole->nodes;
	if (whole->info.refs > listed)
		whole->info.more_refs = whole->info.refs - listed;
}

static void parse_lost(struct nlattr **tb, struct whole_info *whole)
{
	if (!tb[PFSNL_A_CKPT_LOST_NAME])
		return;
	nla_strlcpy(whole->lost_name, tb[PFSNL_A_CKPT_LOST_NAME],
		    sizeof(whole->lost_name));
	whole->info.lost_name = whole->lost_name;
	whole->info.lost_ring = pfsnl_ring_of(tb[PFSNL_A_CKPT_LOST_RING]);
}

static int parse_info(struct nlmsghdr *nlh, struct pfsnl_ckpt_info **out)
{
	struct nlattr *tb[PFSNL_A_CKPT_MAX + 1];
	struct pfsnl_ckpt_info *info;
	struct whole_info *whole;

	if (genlmsg_parse(nlh, 0, tb, PFSNL_A_CKPT_MAX, NULL) < 0 ||
	    !tb[PFSNL_A_CKPT_NUMBER])
		return -EBADMSG;
	whole = calloc(1, sizeof(*whole) +
			  count_nodes(nlh) * sizeof(whole->nodes[0]));
	if (!whole)
		return -ENOMEM;
	info = &whole->info;
	if (tb[PFSNL_A_CKPT_NAME])
		nla_strlcpy(whole->name, tb[PFSNL_A_CKPT_NAME],
			    sizeof(whole->name));
	info->name = whole->name;
	info->number = pfsnl_ckpt_number_of(tb[PFSNL_A_CKPT_NUMBER]);
	info->unlinked = tb[PFSNL_A_CKPT_UNLINKED];
	info->conflict = tb[PFSNL_A_CKPT_CONFLICT];
	info->attr.size = get_u64(tb[PFSNL_A_CKPT_SIZE], 0);
	info->attr.retention_ns = get_u64(tb[PFSNL_A_CKPT_RETENTION], 0);
	info->attr.max_section = get_u64(tb[PFSNL_A_CKPT_MAX_SECTION], 0);
	info->attr.max_sections = get_u32(tb[PFSNL_A_CKPT_MAX_SECTIONS]);
	info->attr.max_id = get_u32(tb[PFSNL_A_CKPT_MAX_ID]);
	info->sections = get_u32(tb[PFSNL_A_CKPT_SECTIONS]);
	info->bytes = get_u64(tb[PFSNL_A_CKPT_BYTES], 0);
	info->refs = get_u32(tb[PFSNL_A_CKPT_REFS]);
	info->modified = get_u64(tb[PFSNL_A_CKPT_MODIFIED], 0);
	info->expires = get_u64(tb[PFSNL_A_CKPT_EXPIRES], PFSNL_NEVER);
	get_digest(tb[PFSNL_A_CKPT_DIGEST], info->digest);
	parse_nodes(nlh, whole);
	parse_lost(tb, whole);
	*out = info;
	return 0;
}

static void empty_info(void *arg)
{
	struct pfsnl_ckpt_info **info = arg;

	pfsnl_ckpt_info_free(*info);
	*info = NULL;
}

static int parse_one(struct nlmsghdr *nlh, void *arg)
{
	struct about *about = arg;

	empty_info(about->result);
	return parse_info(nlh, about->result);
}

static int info_get(struct pfsnl *handle, struct about *about,
		    struct pfsnl_ckpt_info **info)
{
	struct pfsnl_request req = {
		.what = "asking for a checkpoint",
		.cmd = PFSNL_CMD_CKPT_GET,
		.fill = fill_about,
		.parse = parse_one,
		.arg = about,
		.attr_name = attr_name,
	};
	int err;

	*info = NULL;
	err = pfsnl_check(handle, req.what);
	if (!err && about->name)
		err = pfsnl_ckpt_check_name(req.what, about->name);
	if (err)
		return err;
	about->result = info;
	err = ask_whole(handle, &req, empty_info, info);
	if (!err && !*info)
		err = pfsnl_fail(-EBADMSG, req.what, NULL);
	if (err)
		empty_info(info);
	return err;
}

PFSNL_EXPORT int pfsnl_ckpt_status(struct pfsnl_ckpt *ckpt,
				   struct pfsnl_ckpt_info **info)
{
	struct about about = { 0 };

	about_open(&about, ckpt);
	return info_get(ckpt->owner, &about, info);
}

PFSNL_EXPORT int pfsnl_ckpt_info_get(struct pfsnl *handle, const char *name,
				     struct pfsnl_ckpt_info **info)
{
	struct about about = { .name = name };

	return info_get(handle, &about, info);
}

PFSNL_EXPORT void pfsnl_ckpt_info_free(struct pfsnl_ckpt_info *info)
{
	free(info);
}

static void empty_ckpts(void *arg)
{
	struct pfsnl_ckpts *list = arg;

	while (list->count)
		pfsnl_ckpt_info_free(list->infos[--list->count]);
}

static int parse_listed(struct nlmsghdr *nlh, void *arg)
{
	struct pfsnl_ckpt_info **infos;
	struct pfsnl_ckpts *list = arg;
	int err;

	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 16;

		infos = reallocarray(list->infos, room, sizeof(*infos));
		if (!infos)
			return -ENOMEM;
		list->infos = infos;
		list->room = room;
	}
	err = parse_info(nlh, &list->infos[list->count]);
	if (!err)
		list->count++;
	return err;
}

static int by_name(const void *a, const void *b)
{
	const struct pfsnl_ckpt_info *x = *(struct pfsnl_ckpt_info *const *)a;
	const struct pfsnl_ckpt_info *y = *(struct pfsnl_ckpt_info *const *)b;
	int c = strcmp(x->name, y->name);

	if (c)
		return c;
	if (x->unlinked != y->unlinked)
		return x->unlinked ? 1 : -1;
	return x->number.counter < y->number.counter ? -1 : 1;
}

PFSNL_EXPORT int pfsnl_ckpts_get(struct pfsnl *handle,
				 struct pfsnl_ckpts **ckpts)
{
	struct pfsnl_request req = {
		.what = "reading the checkpoints",
		.cmd = PFSNL_CMD_CKPT_GET,
		.flags = NLM_F_DUMP,
		.parse = parse_listed,
	};
	int err;

	*ckpts = NULL;
	err = pfsnl_check(handle, req.what);
	if (err)
		return err;
	*ckpts = calloc(1, sizeof(**ckpts));
	if (!*ckpts)
		return pfsnl_fail(-ENOMEM, req.what, NULL);
	req.arg = *ckpts;
	err = ask_whole(handle, &req, empty_ckpts, *ckpts);
	if (err) {
		pfsnl_ckpts_free(*ckpts);
		*ckpts = NULL;
	} else if ((*ckpts)->count) {
		qsort((*ckpts)->infos, (*ckpts)->count,
		      sizeof((*ckpts)->infos[0]), by_name);
	}
	return err;
}

PFSNL_EXPORT size_t pfsnl_ckpts_count(const struct pfsnl_ckpts *ckpts)
{
	return ckpts->count;
}

PFSNL_EXPORT const struct pfsnl_ckpt_info *
pfsnl_ckpts_at(const struct pfsnl_ckpts *ckpts, size_t i)
{
	return i < ckpts->count ? ckpts->infos[i] : NULL;
}

PFSNL_EXPORT void pfsnl_ckpts_free(struct pfsnl_ckpts *ckpts)
{
	if (!ckpts)
		return;
	empty_ckpts(ckpts);
	free(ckpts->infos);
	free(ckpts);
}

/* ---- sections ------------------------------------------------------- */

/* Ids are all in one piece of memory, each with a zero byte behind it. */
struct pfsnl_sections {
	struct pfsnl_section_info *infos;
	size_t count;
	size_t room;
	char *ids;
	size_t ids_len;
	size_t ids_room;
};

static int reserve_section(struct pfsnl_sections *list, size_t id_len)
{
	size_t room;
	void *p;

	if (list->count == list->room) {
		room = list->room ? 2 * list->room : 16;
		p = reallocarray(list->infos, room, sizeof(*list->infos));
		if (!p)
			return -ENOMEM;
		list->infos = p;
		list->room = room;
	}
	if (list->ids_room - list->ids_len <= id_len) {
		room = 2 * list->ids_room + id_len + 256;
		p = realloc(list->ids, room);
		if (!p)
			return -ENOMEM;
		list->ids = p;
		list->ids_room = room;
	}
	return 0;
}

static int parse_section(struct nlmsghdr *nlh, void *arg)
{
	struct pfsnl_sections *list = ((struct about *)arg)->result;
	struct nlattr *tb[PFSNL_A_CKPT_MAX + 1];
	struct pfsnl_section_info *info;
	int err;

	if (genlmsg_parse(nlh, 0, tb, PFSNL_A_CKPT_MAX, NULL) < 0 ||
	    !tb[PFSNL_A_CKPT_SECTION])
		return -EBADMSG;
	err = reserve_section(list, nla_len(tb[PFSNL_A_CKPT_SECTION]));
	if (err)
		return err;
	info = &list->infos[list->count++];
	memset(info, 0, sizeof(*info));
	info->id_len = nla_len(tb[PFSNL_A_CKPT_SECTION]);
	info->len = get_u64(tb[PFSNL_A_CKPT_LENGTH], 0);
	info->expires = get_u64(tb[PFSNL_A_CKPT_EXPIRES], PFSNL_NEVER);
	info->modified = get_u64(tb[PFSNL_A_CKPT_MODIFIED], 0);
	if (info->id_len)
		memcpy(list->ids + list->ids_len,
		       nla_data(tb[PFSNL_A_CKPT_SECTION]), info->id_len);
	list->ids_len += info->id_len;
	list->ids[list->ids_len++] = 0;
	return 0;
}

static void empty_sections(void *arg)
{
	struct pfsnl_sections *list = arg;

	list->count = 0;
	list->ids_len = 0;
}

static int sections_get(struct pfsnl *handle, struct about *about,
			struct pfsnl_sections **sections)
{
	struct pfsnl_request req = {
		.what = "reading the sections of a checkpoint",
		.cmd = PFSNL_CMD_SECTION_GET,
		.flags = NLM_F_DUMP,
		.fill = fill_about,
		.parse = parse_section,
		.arg = about,
		.attr_name = attr_name,
	};
	struct pfsnl_sections *list;
	size_t i, at = 0;
	int err;

	*sections = NULL;
	err = pfsnl_check(handle, req.what);
	if (!err && about->name)
		err = pfsnl_ckpt_check_name(req.what, about->name);
	if (err)
		return err;
	list = calloc(1, sizeof(*list));
	if (!list)
		return pfsnl_fail(-ENOMEM, req.what, NULL);
	about->result = list;
	err = ask_whole(handle, &req, empty_sections, list);
	if (err) {
		pfsnl_sections_free(list);
		return err;
	}
	/* Only now, as they have moved. */
	for (i = 0; i < list->count; i++) {
		list->infos[i].id = list->ids + at;
		at += list->infos[i].id_len + 1;
	}
	*sections = list;
	return 0;
}

PFSNL_EXPORT int pfsnl_ckpt_sections(struct pfsnl_ckpt *ckpt,
				     const struct pfsnl_section_range *range,
				     struct pfsnl_sections **sections)
{
	struct about about = { .range = range };

	about_open(&about, ckpt);
	return sections_get(ckpt->owner, &about, sections);
}

PFSNL_EXPORT int pfsnl_sections_get(struct pfsnl *handle, const char *name,
				    const struct pfsnl_section_range *range,
				    struct pfsnl_sections **sections)
{
	struct about about = { .name = name, .range = range };

	return sections_get(handle, &about, sections);
}

PFSNL_EXPORT size_t pfsnl_sections_count(const struct pfsnl_sections *sections)
{
	return sections->count;
}

PFSNL_EXPORT const struct pfsnl_section_info *
pfsnl_sections_at(const struct pfsnl_sections *sections, size_t i)
{
	return i < sections->count ? &sections->infos[i] : NULL;
}

PFSNL_EXPORT void pfsnl_sections_free(struct pfsnl_sections *sections)
{
	if (!sections)
		return;
	free(sections->infos);
	free(sections->ids);
	free(sections);
}

/* ---- the state ------------------------------------------------------ */

static int parse_state(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[PFSNL_A_CKPT_STATE_MAX + 1];
	struct pfsnl_ckpt_state *state = arg;

	if (genlmsg_parse(nlh, 0, tb, PFSNL_A_CKPT_STATE_MAX, NULL) < 0 ||
	    !tb[PFSNL_A_CKPT_STATE_LIMIT])
		return -EBADMSG;
	state->active = tb[PFSNL_A_CKPT_STATE_ACTIVE];
	state->used = get_u64(tb[PFSNL_A_CKPT_STATE_USED], 0);
	state->limit = get_u64(tb[PFSNL_A_CKPT_STATE_LIMIT], 0);
	state->headroom = get_u64(tb[PFSNL_A_CKPT_STATE_HEADROOM], 0);
	state->most = get_u64(tb[PFSNL_A_CKPT_STATE_MOST], 0);
	state->checkpoints = get_u32(tb[PFSNL_A_CKPT_STATE_CHECKPOINTS]);
	state->waiting = get_u32(tb[PFSNL_A_CKPT_STATE_WAITING]);
	state->error = (int32_t)get_u32(tb[PFSNL_A_CKPT_STATE_ERROR]);
	get_digest(tb[PFSNL_A_CKPT_STATE_DIGEST], state->digest);
	return 0;
}

PFSNL_EXPORT int pfsnl_ckpt_state_get(struct pfsnl *handle,
				      struct pfsnl_ckpt_state **state)
{
	struct pfsnl_request req = {
		.what = "reading the state of the checkpoints",
		.cmd = PFSNL_CMD_CKPT_STATE_GET,
		.parse = parse_state,
	};
	int err;

	*state = NULL;
	err = pfsnl_check(handle, req.what);
	if (err)
		return err;
	req.arg = calloc(1, sizeof(**state));
	if (!req.arg)
		return pfsnl_fail(-ENOMEM, req.what, NULL);
	pthread_mutex_lock(&handle->req_lock);
	err = pfsnl_ask(&handle->req, true, &req);
	pthread_mutex_unlock(&handle->req_lock);
	if (err)
		free(req.arg);
	else
		*state = req.arg;
	return err;
}

PFSNL_EXPORT void pfsnl_ckpt_state_free(struct pfsnl_ckpt_state *state)
{
	free(state);
}
