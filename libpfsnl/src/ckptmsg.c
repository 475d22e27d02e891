// SPDX-License-Identifier: LGPL-2.1
/* Requests about checkpoints as bytes; no socket, no kernel. */
#include <endian.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

#include "ckpt.h"

#define FIRST_ROOM	4096

/* ---- a message ------------------------------------------------------ */

/* Room for `more` bytes behind what is there. */
static bool reserve(struct pfsnl_buf *buf, size_t more)
{
	size_t room = buf->room ? buf->room : FIRST_ROOM;
	char *data;

	if (buf->failed)
		return false;
	while (room < buf->len + more)
		room *= 2;
	if (room == buf->room)
		return true;
	data = realloc(buf->data, room);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->room = room;
	return true;
}

void pfsnl_buf_begin(struct pfsnl_buf *buf, uint8_t cmd)
{
	struct genlmsghdr *genl;
	struct nlmsghdr *nlh;

	buf->len = 0;
	buf->failed = false;
	if (!reserve(buf, NLMSG_LENGTH(GENL_HDRLEN)))
		return;
	nlh = (void *)buf->data;
	buf->len = NLMSG_LENGTH(GENL_HDRLEN);
	memset(nlh, 0, buf->len);
	nlh->nlmsg_flags = NLM_F_REQUEST;
	genl = NLMSG_DATA(nlh);
	genl->cmd = cmd;
	genl->version = PFSNL_GENL_VERSION;
}

/* An attribute of which only the head is written. */
static char *put_head(struct pfsnl_buf *buf, uint16_t attr, size_t len)
{
	size_t size = NLA_HDRLEN + NLA_ALIGN(len);
	struct nlattr *nla;

	if (!reserve(buf, size))
		return NULL;
	nla = (void *)(buf->data + buf->len);
	memset(buf->data + buf->len + size - NLA_ALIGNTO, 0, NLA_ALIGNTO);
	nla->nla_type = attr;
	nla->nla_len = NLA_HDRLEN + len;
	buf->len += size;
	return (char *)nla + NLA_HDRLEN;
}

void pfsnl_buf_put(struct pfsnl_buf *buf, uint16_t attr, const void *data,
		   size_t len)
{
	char *to = put_head(buf, attr, len);

	if (to && len)
		memcpy(to, data, len);
}

void pfsnl_buf_free(struct pfsnl_buf *buf)
{
	free(buf->data);
	memset(buf, 0, sizeof(*buf));
}

/* ---- what can be refused before the kernel is asked ----------------- */

int pfsnl_ckpt_check_name(const char *what, const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 127)
			break;
	if (len && len <= PFSNL_CKPT_NAME_MAX && i == len)
		return 0;
	return pfsnl_failf(-EINVAL, what,
			   "the name of a checkpoint has 1 to %d bytes and no control characters",
			   PFSNL_CKPT_NAME_MAX);
}

int pfsnl_ckpt_check_flags(const char *what, unsigned int flags,
			   unsigned int allowed)
{
	if (!(flags & ~allowed))
		return 0;
	return pfsnl_failf(-EINVAL, what, "unknown flags 0x%x",
			   flags & ~allowed);
}

static int check_len(const char *what, size_t len)
{
	if (len <= PFSNL_CKPT_WRITE_MAX)
		return 0;
	return pfsnl_failf(-EMSGSIZE, what,
			   "a change has %d bytes at most (write what is behind them when it is done)",
			   PFSNL_CKPT_WRITE_MAX);
}

/* Puts one vector, cut where an attribute is full; -EMSGSIZE. */
static int cut(const char *what, const struct pfsnl_ckpt_vec *vec,
	       struct pfsnl_piece *pieces, int used)
{
	const char *data = vec->data;
	size_t at = 0, n;

	for (; at < vec->len; at += n) {
		if (used == PFSNL_CKPT_VECTORS_MAX)
			return pfsnl_failf(-EMSGSIZE, what,
					   "a change has %d vectors at most",
					   PFSNL_CKPT_VECTORS_MAX);
		n = vec->len - at;
		if (n > PFSNL_CKPT_DATA_MAX)
			n = PFSNL_CKPT_DATA_MAX;
		pieces[used++] = (struct pfsnl_piece){
			.offset = vec->offset + at,
			.data = data + at,
			.len = n,
		};
	}
	return used;
}

int pfsnl_ckpt_pieces(const char *what, const struct pfsnl_ckpt_vec *vecs,
		      size_t count,
		      struct pfsnl_piece pieces[PFSNL_CKPT_VECTORS_MAX])
{
	uint64_t end = 0;
	size_t all = 0, i;
	int used = 0, err;

	for (i = 0; i < count; i++) {
		if (!vecs[i].len)
			continue;
		/* One by one, so that the sum can't wrap. */
		err = check_len(what, vecs[i].len);
		if (!err)
			err = check_len(what, all += vecs[i].len);
		if (err)
			return err;
		if (vecs[i].offset < end ||
		    vecs[i].offset > UINT64_MAX - vecs[i].len)
			return pfsnl_failf(-EINVAL, what,
					   "vector %zu begins before the end of the one before, or is too far",
					   i);
		end = vecs[i].offset + vecs[i].len;
		used = cut(what, &vecs[i], pieces, used);
		if (used < 0)
			return used;
	}
	if (!used)
		return pfsnl_failf(-EINVAL, what, "there is nothing to write");
	return used;
}

/* ---- changes -------------------------------------------------------- */

const char *pfsnl_ckpt_op_what(enum pfsnl_ckpt_op_kind kind)
{
	switch (kind) {
	case PFSNL_CKPT_OP_RETENTION:
		return "setting the retention of a checkpoint";
	case PFSNL_CKPT_OP_CREATE:
	case PFSNL_CKPT_OP_CREATE_ANY:
		return "creating a section";
	case PFSNL_CKPT_OP_DELETE:
		return "deleting a section";
	case PFSNL_CKPT_OP_WRITE:
		return "writing a section";
	case PFSNL_CKPT_OP_OVERWRITE:
		return "overwriting a section";
	case PFSNL_CKPT_OP_EXPIRATION:
		return "setting when a section expires";
	}
	return "changing a checkpoint";
}

static uint8_t command_of(enum pfsnl_ckpt_op_kind kind)
{
	switch (kind) {
	case PFSNL_CKPT_OP_RETENTION:
		return PFSNL_CMD_CKPT_RETENTION;
	case PFSNL_CKPT_OP_CREATE:
	case PFSNL_CKPT_OP_CREATE_ANY:
		return PFSNL_CMD_SECTION_CREATE;
	case PFSNL_CKPT_OP_DELETE:
		return PFSNL_CMD_SECTION_DELETE;
	case PFSNL_CKPT_OP_WRITE:
		return PFSNL_CMD_SECTION_WRITE;
	case PFSNL_CKPT_OP_OVERWRITE:
		return PFSNL_CMD_SECTION_OVERWRITE;
	case PFSNL_CKPT_OP_EXPIRATION:
		return PFSNL_CMD_SECTION_EXPIRATION;
	}
	return 0;
}

static void put_data(struct pfsnl_buf *buf, const char *data, size_t len)
{
	size_t n;

	for (; len; data += n, len -= n) {
		n = len < PFSNL_CKPT_DATA_MAX ? len : PFSNL_CKPT_DATA_MAX;
		pfsnl_buf_put(buf, PFSNL_A_CKPT_DATA, data, n);
	}
}

static void put_piece(struct pfsnl_buf *buf, const struct pfsnl_piece *piece)
{
	size_t len = NLA_HDRLEN + sizeof(piece->offset) + NLA_HDRLEN +
		     NLA_ALIGN(piece->len);

	if (!put_head(buf, PFSNL_A_CKPT_VECTOR | NLA_F_NESTED, len))
		return;
	/* What follows fills the room that it has just got. */
	buf->len -= len;
	pfsnl_buf_put(buf, PFSNL_A_CKPT_VECTOR_OFFSET, &piece->offset,
		      sizeof(piece->offset));
	pfsnl_buf_put(buf, PFSNL_A_CKPT_VECTOR_DATA, piece->data, piece->len);
}

static int put_vectors(struct pfsnl_buf *buf, const char *what,
		       const struct pfsnl_ckpt_op *op)
{
	struct pfsnl_piece pieces[PFSNL_CKPT_VECTORS_MAX];
	int n, i;

	n = pfsnl_ckpt_pieces(what, op->vecs, op->count, pieces);
	for (i = 0; i < n; i++)
		put_piece(buf, &pieces[i]);
	return n < 0 ? n : 0;
}

static int check_op(const char *what, const struct pfsnl_ckpt_op *op)
{
	int err;

	if (!command_of(op->kind))
		return pfsnl_failf(-EOPNOTSUPP, what,
				   "this library doesn't know the change %d",
				   (int)op->kind);
	err = pfsnl_ckpt_check_flags(what, op->flags, PFSNL_SAFE);
	if (!err && op->kind != PFSNL_CKPT_OP_RETENTION &&
	    op->kind != PFSNL_CKPT_OP_CREATE_ANY &&
	    op->id_len > PFSNL_SECTION_ID_MAX)
		err = pfsnl_failf(-ENAMETOOLONG, what,
				  "the id of a section has %d bytes at most",
				  PFSNL_SECTION_ID_MAX);
	if (!err && op->kind != PFSNL_CKPT_OP_WRITE)
		err = check_len(what, op->len);
	return err;
}

int pfsnl_ckpt_op_put(struct pfsnl_buf *buf, const char *what, uint32_t handle,
		      const struct pfsnl_ckpt_op *op)
{
	int err = check_op(what, op);

	if (err)
		return err;
	pfsnl_buf_begin(buf, command_of(op->kind));
	pfsnl_buf_put(buf, PFSNL_A_CKPT_HANDLE, &handle, sizeof(handle));
	if (op->flags & PFSNL_SAFE)
		pfsnl_buf_put(buf, PFSNL_A_CKPT_SAFE, NULL, 0);
	if (op->kind == PFSNL_CKPT_OP_CREATE_ANY)
		pfsnl_buf_put(buf, PFSNL_A_CKPT_MAKE_ID, NULL, 0);
	else if (op->kind != PFSNL_CKPT_OP_RETENTION)
		pfsnl_buf_put(buf, PFSNL_A_CKPT_SECTION, op->id, op->id_len);
	switch (op->kind) {
	case PFSNL_CKPT_OP_RETENTION:
		pfsnl_buf_put(buf, PFSNL_A_CKPT_RETENTION, &op->time, 8);
		break;
	case PFSNL_CKPT_OP_EXPIRATION:
		pfsnl_buf_put(buf, PFSNL_A_CKPT_EXPIRES, &op->time, 8);
		break;
	case PFSNL_CKPT_OP_CREATE:
	case PFSNL_CKPT_OP_CREATE_ANY:
		pfsnl_buf_put(buf, PFSNL_A_CKPT_EXPIRES, &op->time, 8);
		put_data(buf, op->data, op->len);
		break;
	case PFSNL_CKPT_OP_OVERWRITE:
		put_data(buf, op->data, op->len);
		break;
	case PFSNL_CKPT_OP_WRITE:
		err = put_vectors(buf, what, op);
		break;
	case PFSNL_CKPT_OP_DELETE:
		break;
	}
	if (!err && buf->failed)
		err = pfsnl_fail(-ENOMEM, what, NULL);
	return err;
}

/* ---- numbers -------------------------------------------------------- */

struct pfsnl_ckpt_number pfsnl_ckpt_number_of(struct nlattr *attr)
{
	struct pfsnl_ckpt_number number = { 0 };
	uint64_t half[2];

	if (!attr || nla_len(attr) < 20)
		return number;
	memcpy(half, nla_data(attr), sizeof(half));
	number.incarnation = be64toh(half[0]);
	number.counter = be64toh(half[1]);
	memcpy(&number.addr, (char *)nla_data(attr) + sizeof(half),
	       sizeof(number.addr));
	return number;
}

void pfsnl_ckpt_number_put(const struct pfsnl_ckpt_number *number,
			   unsigned char wire[20])
{
	uint64_t half[2] = {
		htobe64(number->incarnation), htobe64(number->counter),
	};

	memcpy(wire, half, sizeof(half));
	memcpy(wire + sizeof(half), &number->addr, sizeof(number->addr));
}
