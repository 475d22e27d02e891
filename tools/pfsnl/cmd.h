/* SPDX-License-Identifier: GPL-2.0 */
/* Subcommands: their table, and what is handed to each. */
#ifndef PFSNL_CMD_H
#define PFSNL_CMD_H

#include <pfsnl.h>
#include <pfsnl_ckpt.h>
#include <pfsnl_sync.h>
#include <stdbool.h>
#include <stdint.h>

#include "opt.h"
#include "out.h"

/* Exit codes; pfsnl(8) promises them. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,	/* the kernel or the network refused */
	EXIT_USAGE = 2,		/* bad command line or config file */
	EXIT_UNLOADED = 3,	/* the module isn't loaded */
	EXIT_STATE = 4,		/* no instance runs, or one does already */
	EXIT_DENIED = 5,	/* not permitted */
	EXIT_TIMEOUT = 124	/* --wait or --timeout ran out */
};

/**
 * struct run - one call of a subcommand
 * @args: its options
 * @json: print JSON
 * @operand: its operand, NULL without one
 * @more: those that follow it, likewise
 * @handle: open on the namespace asked for
 */
struct run {
	const struct cmd *cmd;
	struct args args;
	bool json;
	const char *operand;
	const char *more[2];
	struct pfsnl *handle;
};

/**
 * struct cmd - one subcommand
 * @options: OPT_BIT() of each it takes besides the global ones
 * @name: one word, or two of which several share the first
 * @operand: what the help calls its operand; NULL if it takes none
 * @needs_operand: it can't do without
 * @more: what the help calls those that follow it; NULL: none
 * @needs_more: it can't do without so many of them
 * @of_one: the subcommand that tells of one of those that this one lists
 * @says_input: it says to its operand what it reads
 * @about: what it does, for its own help
 * @examples: lines of examples for its own help
 * @run: does it. Return: an exit code, after a complaint unless EXIT_OK
 */
struct cmd {
	const char *name;
	const char *summary;
	const char *operand;
	bool needs_operand;
	const char *more[2];
	unsigned int needs_more;
	const char *of_one;
	bool says_input;
	uint64_t options;
	const char *about;
	const char *examples;
	int (*run)(struct run *run);
};

extern const struct cmd cmd_up, cmd_down, cmd_set, cmd_status, cmd_ring,
			cmd_peers, cmd_watch, cmd_stats, cmd_monitor,
			cmd_group_list, cmd_group_members, cmd_group_join,
			cmd_send, cmd_recv, cmd_sync, cmd_ckpt_ls,
			cmd_ckpt_stat,
			cmd_ckpt_create, cmd_ckpt_read, cmd_ckpt_write,
			cmd_ckpt_rm, cmd_ckpt_watch, cmd_ckpt_dump,
			cmd_ckpt_load, cmd_ckpt_limit;

/** cmd_with_option() - first subcommand that takes the option called @name. */
const struct cmd *cmd_with_option(const char *name);

/**
 * failed() - complain about a failed call of the library
 * @err: what it returned, negative
 * Return: the exit code that goes with it.
 */
int failed(int err);

/* instance.c */

/** show_instance() - print an instance for people. */
void show_instance(struct run *run, const struct pfsnl_instance *inst);

/** json_instance() - an instance as JSON; NULL without memory. */
struct json_object *json_instance(struct run *run,
				  const struct pfsnl_instance *inst);

/** in_ring() - whether the node is in a ring at present. */
bool in_ring(const struct pfsnl_instance *inst);

/* ring.c */

/** json_ring() - the name of a ring as JSON; NULL without memory. */
struct json_object *json_ring(const struct pfsnl_ring *ring);

/** json_ring_state() - the same with its votes; NULL without memory. */
struct json_object *json_ring_state(const struct pfsnl_ring_update *ring);

/** json_ring_update() - an installed ring as JSON; NULL without memory. */
struct json_object *json_ring_update(const struct pfsnl_ring_update *ring);

/** json_update() - a change of the list as JSON; NULL without memory. */
struct json_object *json_update(const struct pfsnl_update *update);

/** ring_of() - the ring of an instance, without its nodes. */
struct pfsnl_ring_update ring_of(const struct pfsnl_instance *inst);

/** text_ring() - "ring 5, leader 10.0.0.1"; @room is TEXT_ROOM. */
const char *text_ring(char room[], const struct pfsnl_ring *ring);

/**
 * text_quorum() - "quorate, 3 of 5 votes"; @room is TEXT_ROOM
 * Return: NULL where no votes are expected.
 */
const char *text_quorum(char room[], const struct pfsnl_ring_update *ring);

/** text_why() - why a node came or is gone; "" if it isn't known. */
const char *text_why(const struct pfsnl_update *update, size_t i);

/** show_row() - begin a line of "name   value". */
void show_row(const char *name);

/** show_quorum() - print the line about the quorum. */
void show_quorum(const struct pfsnl_ring_update *ring);

/* group.c */

/** text_member() - "10.0.0.1#3"; @room is TEXT_ROOM. */
const char *text_member(char room[], const struct pfsnl_group_member *m);

/** text_members() - "1 member", "3 members". */
const char *text_members(char room[], uint64_t count);

/** text_group_why() - why a process came or is gone; "" for no reason. */
const char *text_group_why(uint32_t why);

/** json_group_member() - a member as JSON, why only if there is a reason. */
struct json_object *json_group_member(const struct pfsnl_group_member *m);

/**
 * json_message() - put a message into an object
 * @o: NULL stands for a failed allocation
 * Return: @o, or NULL without memory, and then @o is released.
 */
struct json_object *json_message(struct json_object *o,
				 const struct pfsnl_group_message *m);

/**
 * json_bytes() - put bytes into an object, as "text" or "base64"
 * @o: NULL stands for a failed allocation
 * Return: @o, or NULL without memory, and then @o is released.
 */
struct json_object *json_bytes(struct json_object *o, const void *data,
			       size_t len);

/** is_printable() - whether bytes are text, of one line without @lines. */
bool is_printable(const void *data, size_t len, bool lines);

/** show_text() - print bytes on one line, those that are no text escaped. */
void show_text(const void *data, size_t len);

/* service.c */

/** text_phase() - what a service is at, in a word. */
const char *text_phase(uint32_t phase);

/** text_service() - "ledger (20)", or just its number; @room is TEXT_ROOM. */
const char *text_service(char room[], const struct pfsnl_service *s);

/** text_bytes() - "512 B", "3.4 MiB"; @room is TEXT_ROOM. */
const char *text_bytes(char room[], uint64_t bytes);

/** in_round() - whether a round of it is under way. */
bool in_round(const struct pfsnl_service *s);

/** phase_style() - how its phase is printed. */
enum style phase_style(const struct pfsnl_service *s);

/** show_waits() - print who is waited for, without a line end, if anybody is. */
void show_waits(const struct pfsnl_service *s);

/** show_service() - print what it is at to the end of the line. */
void show_service(const struct pfsnl_service *s);

/** json_service() - a service as JSON; NULL without memory. */
struct json_object *json_service(const struct pfsnl_service *s);

/* place.c */

/**
 * place_find() - decide which interface and address an instance gets
 *
 * Takes the operand, or the options, or else the only interface there is
 * that has an IPv4 address; fills the matching members of @settings.
 *
 * Return: EXIT_OK, or another code after a complaint.
 */
int place_find(struct run *run, struct pfsnl_settings *settings);

/** already_up() - complain if an instance runs, and tell whether one does. */
bool already_up(struct run *run);

/** place_name() - name of an interface, "?" if it is gone. */
const char *place_name(struct run *run, uint32_t ifindex,
		       char name[IF_NAMESIZE]);

/* settings.c */

/** settings_fill() - put the options of @mask that were given into @settings. */
void settings_fill(const struct args *args, uint64_t mask,
		   struct pfsnl_settings *settings);

#endif
