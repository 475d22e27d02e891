/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Deeds: what processes on a node want done with checkpoints, and what they have open. A
 * deed is there from when it is asked for until it is answered and tidied away; its keeper
 * (keeper.h) brings it to the service.
 */
#ifndef CORE_DEED_H
#define CORE_DEED_H

#include "ckptsvc.h"

struct keeper;

/**
 * struct keeper_handle - a checkpoint that a process has open, or wants to
 * @list: of the keeper
 * @process: whose
 * @handle: its number
 * @open: opening it was answered
 * @gone: it was lost, and is forgotten when no request about it is under way
 * @under_way: requests about it that are not answered
 */
struct keeper_handle {
	struct list_head list;
	u32 process;
	u32 handle;
	bool open;
	bool gone;
	u32 under_way;
};

/**
 * struct deed - something that a process wants done
 * @r: the request
 * @list: all of the keeper
 * @keeper: where
 * @h: what it opens, or is about; NULL: nothing, or it is gone
 * @answered: what it came to is known
 * @applied: how often it was applied
 * @err: what it came to
 * @result: if it was applied
 */
struct deed {
	struct pfsnl_ckpt_request r;
	struct list_head list;
	struct keeper *keeper;
	struct keeper_handle *h;
	bool answered;
	u32 applied;
	int err;
	struct pfsnl_ckpt_result result;
};

struct deed *keeper_do(struct keeper *k, struct pfsnl_ckptmsg *m);
struct deed *keeper_open(struct keeper *k, u32 process, const char *name, u8 flags);
struct deed *keeper_open_as(struct keeper *k, u32 process, const char *name, u8 flags,
			    const struct pfsnl_ckpt_attr *attr);
struct deed *keeper_close(struct keeper *k, struct keeper_handle *h);
struct deed *keeper_unlink(struct keeper *k, const char *name);
struct deed *keeper_create(struct keeper *k, struct keeper_handle *h, const char *id,
			   const void *data, u32 len);
struct deed *keeper_write(struct keeper *k, struct keeper_handle *h, const char *id,
			  u64 offset, const void *data, u32 len);
struct deed *keeper_resize(struct keeper *k, u64 bytes);
struct deed *keeper_die(struct keeper *k, u32 process);
void keeper_tidy(struct keeper *k);

/* for keeper.c */
struct keeper_handle *keeper_handle_find(const struct keeper *k, u32 process, u32 handle);
void keeper_handle_forget(struct keeper *k, struct keeper_handle *h);
void keeper_handle_settle(struct keeper *k, struct deed *d);

#endif /* CORE_DEED_H */
