/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * libpfsnl: checkpoints.
 *
 * A checkpoint is named data that all nodes of a cluster have. It is made of
 * sections, each with an id and some bytes. Whatever changes one is carried out
 * on all nodes in the same order, so that all have the same. What one node knows
 * outlives it on the others. pfsnl_ckpt_open(3) has an example and all that is
 * promised.
 *
 * Conventions, besides those of pfsnl.h
 *   - All of it needs CAP_NET_ADMIN in the user namespace that owns the network
 *     namespace.
 *   - Points in time are nanoseconds since 1970, as CLOCK_REALTIME has them, and
 *     PFSNL_NEVER. Spans are nanoseconds if their name says so, with PFSNL_NEVER
 *     for one that has no end; else milliseconds.
 *   - Reading gives what this node has. Changes return when they have been
 *     carried out on this node, all that was agreed on before included; so who
 *     reads after a change of its own sees it.
 *   - A change takes flags: 0, or PFSNL_SAFE to carry it out only when every node
 *     is known to have it. It is done or not done; what is refused changes
 *     nothing.
 *   - While nodes come together or go apart changes wait; reading goes on.
 *   - The id of a section is any bytes, and none at all is an id, too.
 *
 * Errors of changes that have one meaning everywhere
 *   -ECONNABORTED  nobody knows what became of it: the node fell out of the ring,
 *                  or the module was unloaded meanwhile. Look, or do it again
 *   -ETIMEDOUT     it did not end within the time that was set; it goes on, and
 *                  what becomes of it is not told
 *   -EAGAIN        too much was under way for as long as it may wait; it was not
 *                  begun
 *   -ESTALE        the checkpoint is not open any longer: the instance or the
 *                  module was restarted, or the node was away for too long. Close
 *                  it and open it again
 *   -EACCES        it was not opened for that
 *   -ENOENT        there is no such checkpoint, or section
 *   -EEXIST        there is one already
 *   -EFBIG         the section would be longer than the checkpoint allows
 *   -ENOSPC        more sections, or more bytes in all of them, than it allows
 *   -ENOMEM        more than all checkpoints together may hold, or out of memory
 */
#ifndef PFSNL_CKPT_H
#define PFSNL_CKPT_H

#include <pfsnl.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- opening -------------------------------------------------------- */

/*
 * An open checkpoint. It belongs to the handle with which it was opened, and may
 * be used by any number of threads at once. Other nodes see it open; so they do
 * not when the process ends.
 */
struct pfsnl_ckpt;

/* How to open; PFSNL_SAFE is allowed, too. */
#define PFSNL_CKPT_CREATE	2u	/* create it if there is none */
#define PFSNL_CKPT_READ		4u
#define PFSNL_CKPT_WRITE	8u

/* What a checkpoint may hold; all but the retention stays as it was created. */
struct pfsnl_ckpt_attr {
	uint64_t size;		/* most bytes of data in all its sections */
	/* How long it lives when nobody has it open; PFSNL_NEVER: for ever. */
	uint64_t retention_ns;
	uint64_t max_section;	/* most bytes of data in a section */
	uint32_t max_sections;	/* most sections, 1 or more */
	uint32_t max_id;	/* most bytes in the id of a section, up to 255 */
};

/*
 * What the library creates a checkpoint with when it is not told: 16 MiB, in up
 * to 1024 sections of any length, ids of up to 255 bytes, for ever.
 */
void pfsnl_ckpt_attr_init(struct pfsnl_ckpt_attr *attr);

/* Which checkpoint; never used for another, whatever their names are. */
struct pfsnl_ckpt_number {
	uint64_t incarnation;	/* which life of the node that created it */
	uint64_t counter;	/* that node's count */
	struct in_addr addr;	/* the node; 0.0.0.0: it lost in a conflict */
};

/*
 * Opens the checkpoint `name`, 1 to 255 bytes without control characters. With
 * PFSNL_CKPT_CREATE it is created if there is none; if there is one with other
 * attributes than `attr` (the retention apart) that is -EEXIST. Without `attr` it
 * may have any, and is created with those of pfsnl_ckpt_attr_init(). Give it back
 * with pfsnl_ckpt_close().
 * Errors: as above, -ENETDOWN, -EPERM, -EINVAL, -EPROTONOSUPPORT, -EOPNOTSUPP,
 * -EMFILE (too many open, on this node).
 */
int pfsnl_ckpt_open(struct pfsnl *handle, const char *name, unsigned int flags,
		    const struct pfsnl_ckpt_attr *attr,
		    struct pfsnl_ckpt **ckpt);

/* Whether opening it created it; and its number. */
bool pfsnl_ckpt_created(const struct pfsnl_ckpt *ckpt);
struct pfsnl_ckpt_number pfsnl_ckpt_number(const struct pfsnl_ckpt *ckpt);

/*
 * Closes it and frees it, whatever it returns. What was submitted before is done
 * before, but not told any more; if a call of it runs in another thread that is
 * waited for. No other thread may be inside a function with this checkpoint, or
 * call one afterwards. pfsnl_close() of the handle closes and frees all that are
 * still open, and waits for nothing. NULL is allowed.
 */
int pfsnl_ckpt_close(struct pfsnl_ckpt *ckpt, unsigned int flags);

/*
 * Takes the name from a checkpoint. It lives until the last close, on whichever
 * node that is.
 */
int pfsnl_ckpt_unlink(struct pfsnl *handle, const char *name,
		      unsigned int flags);

/* Says how long it lives when nobody has it open, from its last close on. */
int pfsnl_ckpt_set_retention(struct pfsnl_ckpt *ckpt, uint64_t retention_ns,
			     unsigned int flags);

#define PFSNL_CKPT_FOREVER	(-1)

/*
 * Sets how many milliseconds the functions here may wait for an outcome (reading
 * waits for none): for what is asked with the handle, and for checkpoints that
 * are opened with it from now on; or for one that is open. PFSNL_CKPT_FOREVER,
 * which is what it is at first, or 0 and more.
 */
int pfsnl_ckpts_set_timeout(struct pfsnl *handle, int timeout_ms);
int pfsnl_ckpt_set_timeout(struct pfsnl_ckpt *ckpt, int timeout_ms);

/* ---- sections ------------------------------------------------------- */

/* Most bytes in an id, and in one that the cluster makes. */
#define PFSNL_SECTION_ID_MAX	255
#define PFSNL_SECTION_ID_MADE	16

/* The id of a section: what is given, or where one is put. */
struct pfsnl_section_id {
	size_t len;
	unsigned char bytes[PFSNL_SECTION_ID_MAX];
};

/*
 * Creates a section that holds `len` bytes, up to PFSNL_CKPT_WRITE_MAX, and
 * expires at `expires` (PFSNL_NEVER: it doesn't).
 * Errors: -EEXIST, -EMSGSIZE, -ENAMETOOLONG (the checkpoint allows shorter ids).
 */
int pfsnl_section_create(struct pfsnl_ckpt *ckpt, const void *id, size_t id_len,
			 const void *data, size_t len, uint64_t expires,
			 unsigned int flags);

/* The same with an id that no section has: 16 hexadecimal digits, put in *id. */
int pfsnl_section_create_any(struct pfsnl_ckpt *ckpt,
			     struct pfsnl_section_id *id, const void *data,
			     size_t len, uint64_t expires, unsigned int flags);

int pfsnl_section_delete(struct pfsnl_ckpt *ckpt, const void *id, size_t id_len,
			 unsigned int flags);

/* Says when a section expires. */
int pfsnl_section_set_expiration(struct pfsnl_ckpt *ckpt, const void *id,
				 size_t id_len, uint64_t expires,
				 unsigned int flags);

/* Bytes at a place of a section. */
struct pfsnl_ckpt_vec {
	uint64_t offset;
	const void *data;
	size_t len;
};

/*
 * Writes at several places of a section: all of it or nothing, and nobody sees a
 * part of it. Places rise and don't overlap. There may be PFSNL_CKPT_VECTORS_MAX
 * of them (each PFSNL_CKPT_DATA_MAX bytes of a longer one count), of
 * PFSNL_CKPT_WRITE_MAX bytes together. The section becomes longer if need be;
 * what is between is zero.
 * Errors: -EMSGSIZE (too much for one), -EINVAL (places, or nothing to write).
 */
int pfsnl_section_write(struct pfsnl_ckpt *ckpt, const void *id, size_t id_len,
			const struct pfsnl_ckpt_vec *vecs, size_t count,
			unsigned int flags);

/*
 * Writes any number of bytes at one place. More than PFSNL_CKPT_WRITE_MAX go in
 * several changes, from the beginning, each when the one before is done: others
 * may see a part of it, and write between. *written (if not NULL) gets how many
 * bytes were written for certain, also when it fails: of those behind them up to
 * PFSNL_CKPT_WRITE_MAX may have been written, too.
 */
int pfsnl_section_write_long(struct pfsnl_ckpt *ckpt, const void *id,
			     size_t id_len, uint64_t offset, const void *data,
			     size_t len, unsigned int flags, size_t *written);

/*
 * Says what a section holds from now on, up to PFSNL_CKPT_WRITE_MAX bytes. Error:
 * -EMSGSIZE.
 */
int pfsnl_section_overwrite(struct pfsnl_ckpt *ckpt, const void *id,
			    size_t id_len, const void *data, size_t len,
			    unsigned int flags);

/*
 * Reads up to *len bytes of a section; *len gets how many there were, which is
 * less at its end only. *total (if not NULL) gets the length of the section. What
 * is read by PFSNL_CKPT_WRITE_MAX bytes or less is of one moment; more may be of
 * several.
 * Errors: -ENOENT, -EACCES, -ESTALE.
 */
int pfsnl_section_read(struct pfsnl_ckpt *ckpt, const void *id, size_t id_len,
		       uint64_t offset, void *data, size_t *len,
		       uint64_t *total);

/* A section. */
struct pfsnl_section_info {
	const void *id;		/* never NULL; with a zero byte behind it */
	size_t id_len;
	uint64_t len;		/* bytes that it holds */
	uint64_t expires;	/* PFSNL_NEVER: it doesn't */
	uint64_t modified;	/* when it was changed last */
};

/* Sections at one moment. */
struct pfsnl_sections;

/* Which sections: those that expire at `from`, at `to` or between. */
struct pfsnl_section_range {
	uint64_t from;
	uint64_t to;		/* PFSNL_NEVER: also those that don't expire */
};

/*
 * Gives the sections of an open checkpoint, or of the one that has this name now,
 * which need not be open; to be freed with pfsnl_sections_free(). Without `range`
 * all, by rising ids (compared byte by byte); with it, those that expire first
 * come first.
 * Errors: -ENOENT, -EAGAIN (changed each time of very many).
 */
int pfsnl_ckpt_sections(struct pfsnl_ckpt *ckpt,
			const struct pfsnl_section_range *range,
			struct pfsnl_sections **sections);
int pfsnl_sections_get(struct pfsnl *handle, const char *name,
		       const struct pfsnl_section_range *range,
		       struct pfsnl_sections **sections);
size_t pfsnl_sections_count(const struct pfsnl_sections *sections);

/* Section `i`, counted from 0; NULL beyond the last. Lives as long as the list. */
const struct pfsnl_section_info *
pfsnl_sections_at(const struct pfsnl_sections *sections, size_t i);
void pfsnl_sections_free(struct pfsnl_sections *sections);

/* ---- asking --------------------------------------------------------- */

#define PFSNL_CKPT_DIGEST	16

/* How often a node has a checkpoint open. */
struct pfsnl_ckpt_refs {
	struct in_addr addr;
	uint64_t incarnation;	/* which life of it */
	uint32_t refs;
};

/* A checkpoint. */
struct pfsnl_ckpt_info {
	const char *name;	/* the last that it had */
	struct pfsnl_ckpt_number number;
	bool unlinked;		/* it has no name any more, but is open */
	/*
	 * It lost its name, or its place, in a conflict; it is kept until
	 * somebody unlinks it.
	 */
	bool conflict;
	struct pfsnl_ckpt_attr attr;
	uint32_t sections;	/* that it has */
	uint64_t bytes;		/* of data in all of them */
	uint32_t refs;		/* how often it is open, on all nodes */
	/*
	 * The nodes that have it open, by rising addresses, never NULL: 256 of them
	 * at most, and 64 in a list. How often further nodes have it open says `more_refs`.
	 */
	const struct pfsnl_ckpt_refs *nodes;
	size_t num_nodes;
	uint64_t modified;	/* when it was changed last */
	uint64_t expires;	/* PFSNL_NEVER: it doesn't, or it is open */
	/*
	 * Digest of what it is and holds, its name apart: the same on all nodes.
	 * All zero in a list.
	 */
	unsigned char digest[PFSNL_CKPT_DIGEST];
	uint32_t more_refs;
	/*
	 * If it lost in a conflict: the name of that to which it lost, or, if this is
	 * gone, the one that it had, cut if it was long; and the ring in which that
	 * was decided. Else NULL and all zero.
	 */
	const char *lost_name;
	struct pfsnl_ring lost_ring;
};

/*
 * Tells of an open checkpoint, or of the one that has this name now; to be freed
 * with pfsnl_ckpt_info_free(). Error: -ENOENT.
 */
int pfsnl_ckpt_status(struct pfsnl_ckpt *ckpt, struct pfsnl_ckpt_info **info);
int pfsnl_ckpt_info_get(struct pfsnl *handle, const char *name,
			struct pfsnl_ckpt_info **info);
void pfsnl_ckpt_info_free(struct pfsnl_ckpt_info *info);

/* All checkpoints at one moment, in the order of their names. */
struct pfsnl_ckpts;

/* Gives them, those without a name included. Error: -EAGAIN as above. */
int pfsnl_ckpts_get(struct pfsnl *handle, struct pfsnl_ckpts **ckpts);
size_t pfsnl_ckpts_count(const struct pfsnl_ckpts *ckpts);
const struct pfsnl_ckpt_info *pfsnl_ckpts_at(const struct pfsnl_ckpts *ckpts,
					     size_t i);
void pfsnl_ckpts_free(struct pfsnl_ckpts *ckpts);

/* All checkpoints of this node together. */
struct pfsnl_ckpt_state {
	bool active;		/* they can be changed now; otherwise that waits */
	uint64_t used;		/* what counts against the limit, bytes */
	uint64_t limit;		/* the same on all nodes */
	/* Of the limit, what is kept free for nodes that come together. */
	uint64_t headroom;
	/* Most bytes that this node takes from others while they come together. */
	uint64_t most;
	uint32_t checkpoints;	/* how many there are */
	uint32_t waiting;	/* changes of this node that are not done yet */
	/* Why this node can't take part, a negative errno; 0: it does. */
	int error;
	unsigned char digest[PFSNL_CKPT_DIGEST];	/* the same on all nodes */
};

/* To be freed with pfsnl_ckpt_state_free(). */
int pfsnl_ckpt_state_get(struct pfsnl *handle, struct pfsnl_ckpt_state **state);
void pfsnl_ckpt_state_free(struct pfsnl_ckpt_state *state);

/*
 * Says how many bytes all checkpoints together may count, on all nodes. What is
 * there stays there, also if it is more.
 */
int pfsnl_ckpts_set_limit(struct pfsnl *handle, uint64_t bytes,
			  unsigned int flags);

/* ---- many changes at once ------------------------------------------- */

enum pfsnl_ckpt_op_kind {
	PFSNL_CKPT_OP_RETENTION,	/* `time`: pfsnl_ckpt_set_retention() */
	PFSNL_CKPT_OP_CREATE,	/* `id`, `data`, `len`, `time` */
	PFSNL_CKPT_OP_CREATE_ANY,	/* `data`, `len`, `time` */
	PFSNL_CKPT_OP_DELETE,	/* `id` */
	PFSNL_CKPT_OP_WRITE,	/* `id`, `vecs`, `count` */
	PFSNL_CKPT_OP_OVERWRITE,	/* `id`, `data`, `len` */
	PFSNL_CKPT_OP_EXPIRATION	/* `id`, `time` */
};

/*
 * A change: what the function of this name is called with. Set it to zero first.
 * What it points to is not needed any more when pfsnl_ckpt_submit() returns.
 */
struct pfsnl_ckpt_op {
	size_t size;		/* of this structure, as the program knows it */
	enum pfsnl_ckpt_op_kind kind;
	unsigned int flags;	/* 0 or PFSNL_SAFE */
	const void *id;
	size_t id_len;
	const void *data;
	size_t len;
	const struct pfsnl_ckpt_vec *vecs;
	size_t count;
	uint64_t time;
};

/* What came of it. */
struct pfsnl_ckpt_outcome {
	int error;		/* 0 or negative, as the function would return */
	const char *text;	/* as pfsnl_errmsg() would have it; never NULL */
	const void *id;		/* of the section that was created, or NULL */
	size_t id_len;
};

/*
 * Is told of the outcome, inside pfsnl_ckpts_dispatch() only. It may call every
 * function with this handle but pfsnl_ckpts_dispatch() and pfsnl_close().
 */
typedef void (*pfsnl_ckpt_done_fn)(void *arg, struct pfsnl_ckpt *ckpt,
				   const struct pfsnl_ckpt_outcome *outcome);

/*
 * Asks for a change without waiting for it. 0: the node has taken it, and `fn` is
 * called once. Changes of one open checkpoint are carried out in the order in
 * which they were submitted.
 * Errors: -EAGAIN (128 changes of this handle, or 4 MiB, are under way, or 1024 were
 * not told yet: dispatch, and submit it again), those that show before anything is
 * sent, -ENETDOWN, -EPROTONOSUPPORT, -ESTALE.
 */
int pfsnl_ckpt_submit(struct pfsnl_ckpt *ckpt, const struct pfsnl_ckpt_op *op,
		      pfsnl_ckpt_done_fn fn, void *arg);

/*
 * A descriptor (0 or more) that is readable when pfsnl_ckpts_dispatch() may have
 * something to do. It belongs to the handle: don't read, close or change it.
 */
int pfsnl_ckpts_fd(struct pfsnl *handle);

/*
 * Takes in what has arrived, without waiting, and tells at most `max_outcomes` (0:
 * 256). Returns how many were told; the descriptor stays readable if there are
 * more. Error: -EBUSY (another thread is in it, or a call does it).
 */
int pfsnl_ckpts_dispatch(struct pfsnl *handle, unsigned int max_outcomes);

/* ---- watching ------------------------------------------------------- */

/* Something happened to a checkpoint, on this node as on all others. */
struct pfsnl_ckpt_notice {
	uint32_t event;		/* enum pfsnl_ckpt_event; ignore unknown ones */
	struct pfsnl_ckpt_number number;	/* which checkpoint, or all zero */
	const char *name;	/* its name, or the last that it had; never NULL */
	const void *section;	/* which section, or NULL for none */
	size_t section_len;
	struct in_addr addr;	/* node of who did it; 0.0.0.0: nobody */
	uint64_t time;		/* when, as that node's clock has it; 0: unknown */
	uint64_t generation;	/* counts the events of this node */
	int error;		/* with PFSNL_CKPT_EVENT_OUT, why */
};

/*
 * Sides came together and differed; this was decided, on all nodes alike. Or others
 * decided it before, and this node, which had other checkpoints until then, comes to
 * it now.
 */
struct pfsnl_ckpt_conflict {
	uint32_t why;		/* enum pfsnl_ckpt_conflict_why */
	/* Who goes on as it was; all zero if that is gone, see `earlier`. */
	struct pfsnl_ckpt_number number;
	const char *name;	/* its name, or the one that was lost; never NULL */
	unsigned char digest[PFSNL_CKPT_DIGEST];	/* what it was then */
	bool kept;		/* the loser is there under another name */
	struct pfsnl_ckpt_number loser;
	const char *loser_name;	/* that name; never NULL */
	/* What it was then, also if it was not kept; all zero if there is none. */
	unsigned char loser_digest[PFSNL_CKPT_DIGEST];
	uint64_t generation;
	/* Of which sides they are: the rings in which they had been changed last. */
	struct pfsnl_ring ring;
	struct pfsnl_ring loser_ring;
	/* Its `seq` is above 0 if it was decided before, in that ring. */
	struct pfsnl_ring earlier;
};

/* What a watch calls; each may be NULL. The rules of a watch hold for them. */
struct pfsnl_ckpt_calls {
	size_t size;		/* of this structure, as the program knows it */
	/*
	 * Whatever was known of checkpoints must be read anew: it is the first
	 * call of a watch, and comes when events were lost, or the instance or
	 * the module comes or goes.
	 */
	void (*refresh)(void *arg);
	void (*event)(void *arg, const struct pfsnl_ckpt_notice *notice);
	void (*conflict)(void *arg, const struct pfsnl_ckpt_conflict *conflict);
};

/*
 * Adds a watch of checkpoints, to what pfsnl_watch_add() adds others: the same
 * thread, or pfsnl_dispatch(). Errors as there, -EOPNOTSUPP, -EPERM.
 */
int pfsnl_ckpt_watch_add(struct pfsnl *handle,
			 const struct pfsnl_ckpt_calls *calls, void *arg);

/* Removes the one with these functions, as pfsnl_watch_remove() does a watch. */
int pfsnl_ckpt_watch_remove(struct pfsnl *handle,
			    const struct pfsnl_ckpt_calls *calls, void *arg);

/*
 * Names as in the specification: "section-written", "content". NULL for a number
 * that has none.
 */
const char *pfsnl_ckpt_event_name(uint32_t event);
const char *pfsnl_ckpt_conflict_name(uint32_t why);

#ifdef __cplusplus
}
#endif

#endif /* PFSNL_CKPT_H */
