/* SPDX-License-Identifier: GPL-2.0 */
/* What the subcommands about checkpoints share. */
#ifndef PFSNL_CMD_CKPT_H
#define PFSNL_CMD_CKPT_H

#include "cmd.h"

/* Bytes of the text of an id, with its end: "0x" and two digits for each byte. */
#define ID_ROOM (2 * PFSNL_SECTION_ID_MAX + 3)

/* Bytes of what text_state() says, with its end. */
#define STATE_ROOM (PFSNL_CKPT_NAME_MAX + 64)

/**
 * id_take() - the id of a section from what was typed
 * @text: the id; or 0x and hexadecimal digits, two for each byte
 * Return: 0, or -1 after a complaint.
 */
int id_take(const char *text, struct pfsnl_section_id *id);

/** id_text() - an id as id_take() takes it; @room is ID_ROOM. */
const char *id_text(char room[], const void *id, size_t len);

/** attr_take() - what a checkpoint is to be created with, from the options. */
void attr_take(const struct args *args, struct pfsnl_ckpt_attr *attr);

/**
 * change_begin() - before something is changed
 *
 * Sets the time that it may take, and says so if checkpoints can't be changed at
 * present, and waiting is what it will do.
 *
 * Return: EXIT_OK, or another code after a complaint.
 */
int change_begin(struct run *run);

/** change_flags() - PFSNL_SAFE, if that was asked for. */
unsigned int change_flags(const struct run *run);

/**
 * ckpt_open() - open the checkpoint that @name names
 *
 * If there is none it says which one may be meant.
 *
 * Return: EXIT_OK, or another code after a complaint.
 */
int ckpt_open(struct run *run, const char *name, unsigned int flags,
	      const struct pfsnl_ckpt_attr *attr, struct pfsnl_ckpt **ckpt);

/** no_ckpt() - complain that there is no checkpoint of this name. */
int no_ckpt(struct run *run, const char *name);

/** no_section() - the same of a section. */
int no_section(struct run *run, const char *name, const char *section);

/** ckpt_failed() - failed() of what was done to a section or a checkpoint. */
int ckpt_failed(struct run *run, int err, const char *name,
		const char *section);

/** ckpt_close() - close it; @code is what to end with if that succeeds. */
int ckpt_close(struct pfsnl_ckpt *ckpt, int code);

/** json_ckpt() - a checkpoint as JSON; NULL without memory. */
struct json_object *json_ckpt(const struct pfsnl_ckpt_info *info);

/** json_refs() - how often which nodes have a checkpoint open, as JSON. */
struct json_object *json_refs(const struct pfsnl_ckpt_info *info);

/** text_state() - "unlinked", or to whom a checkpoint lost; "" for most. */
const char *text_state(char room[STATE_ROOM], const struct pfsnl_ckpt_info *info);

/** json_digest() - 16 bytes as hexadecimal digits. */
struct json_object *json_digest(const unsigned char *digest);

/** text_digest() - the same as text. */
const char *text_digest(char room[], const unsigned char *digest);

/**
 * base64_take() - bytes of base64
 * @text: the digits
 * @len: how many; gets how many bytes they are
 * Return: the bytes, to be freed; NULL if it is none, or without memory.
 */
void *base64_take(const char *text, size_t *len);

/* notice.c */

/** json_event() - an object with "time" and "event"; NULL without memory. */
struct json_object *json_event(const char *name);

/** text_notice() - the name of an event; @room is TEXT_ROOM. */
const char *text_notice(char room[], uint32_t event);

/** show_notice() - print an event to the end of the line, after @lead. */
void show_notice(const char *lead, const struct pfsnl_ckpt_notice *n);

/**
 * json_notice() - put an event into an object
 * @o: NULL stands for a failed allocation
 * Return: @o.
 */
struct json_object *json_notice(struct json_object *o,
				const struct pfsnl_ckpt_notice *n);

/**
 * show_conflict() - print a conflict to the end of the line, after @lead
 * @indent: bytes before the lines that follow, of both sides
 */
void show_conflict(const char *lead, int indent,
		   const struct pfsnl_ckpt_conflict *c);

/** json_conflict() - as json_notice(). */
struct json_object *json_conflict(struct json_object *o,
				  const struct pfsnl_ckpt_conflict *c);

#endif
