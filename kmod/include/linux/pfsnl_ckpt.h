/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checkpoints, for other modules. They need MODULE_IMPORT_NS of PFSNL.
 *
 * A module attaches to the node of a network namespace and has handles then, as a
 * process has with its socket. What changes something is done on all nodes that have
 * checkpoints, in the same order, when the call returns 0; reading is of this node.
 * All of them may sleep. They must not be called in what the module is told by calls
 * (linux/pfsnl.h), nor with a lock that such a call takes.
 *
 * Waiting for an outcome ends early when the process is killed (-EINTR): what was asked
 * for may still be done.
 *
 * Times are nanoseconds since 1970; U64_MAX: never.
 */
#ifndef _LINUX_PFSNL_CKPT_H
#define _LINUX_PFSNL_CKPT_H

#include <linux/types.h>

#include <uapi/linux/pfsnl.h>

struct module;
struct net;
struct pfsnl_checkpoint_client;

/* how to open */
#define PFSNL_CHECKPOINT_READ	0x02
#define PFSNL_CHECKPOINT_WRITE	0x04

/**
 * struct pfsnl_checkpoint_attr - what a checkpoint is created with
 * @size: most bytes of data in all sections together
 * @retention: nanoseconds that it lives when nobody has it open
 * @max_section: most bytes of data in a section
 * @max_sections: most sections, at least 1
 * @max_id: most bytes in the id of a section, 255 at most
 */
struct pfsnl_checkpoint_attr {
	u64 size;
	u64 retention;
	u64 max_section;
	u32 max_sections;
	u32 max_id;
};

/**
 * struct pfsnl_checkpoint_status - a checkpoint at a moment
 * @attr: what it was created with; the retention may have been changed
 * @bytes: of data, in all its sections
 * @modified: when it was changed last
 * @sections: how many
 * @refs: how many have it open, on all nodes
 * @unlinked: it has no name any more
 */
struct pfsnl_checkpoint_status {
	struct pfsnl_checkpoint_attr attr;
	u64 bytes;
	u64 modified;
	u32 sections;
	u32 refs;
	bool unlinked;
};

/**
 * struct pfsnl_section_id - which section of a checkpoint
 * @id: any bytes
 * @len: how many, 255 at most; none is an id too
 */
struct pfsnl_section_id {
	const void *id;
	u32 len;
};

struct pfsnl_checkpoint_client *pfsnl_checkpoint_attach(struct net *net,
							struct module *owner);
void pfsnl_checkpoint_detach(struct pfsnl_checkpoint_client *c);

int pfsnl_checkpoint_open(struct pfsnl_checkpoint_client *c, const char *name,
			  unsigned int flags,
			  const struct pfsnl_checkpoint_attr *create, u32 *handle);
int pfsnl_checkpoint_close(struct pfsnl_checkpoint_client *c, u32 handle);
int pfsnl_checkpoint_unlink(struct pfsnl_checkpoint_client *c, const char *name);
int pfsnl_checkpoint_status(struct pfsnl_checkpoint_client *c, u32 handle,
			    struct pfsnl_checkpoint_status *st);

int pfsnl_section_create(struct pfsnl_checkpoint_client *c, u32 handle,
			 const struct pfsnl_section_id *id, u64 expires,
			 const void *data, u32 len);
int pfsnl_section_delete(struct pfsnl_checkpoint_client *c, u32 handle,
			 const struct pfsnl_section_id *id);
int pfsnl_section_write(struct pfsnl_checkpoint_client *c, u32 handle,
			const struct pfsnl_section_id *id, u64 offset,
			const void *data, u32 len);
int pfsnl_section_overwrite(struct pfsnl_checkpoint_client *c, u32 handle,
			    const struct pfsnl_section_id *id, const void *data,
			    u32 len);
int pfsnl_section_expiration(struct pfsnl_checkpoint_client *c, u32 handle,
			     const struct pfsnl_section_id *id, u64 expires);
ssize_t pfsnl_section_get(struct pfsnl_checkpoint_client *c, u32 handle,
			  const struct pfsnl_section_id *id, u64 offset, void *to,
			  u32 len, u64 *whole);

#endif /* _LINUX_PFSNL_CKPT_H */
