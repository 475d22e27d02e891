// SPDX-License-Identifier: GPL-2.0
/*
 * What is said on a node: messages, in groups or not, and operations of services. Whoever
 * hears that is in hearer.c, process.c and replica.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"
#include "world.h"

/**
 * node_send - send a message to all
 * @n: the node, running
 * @flags: PFSNL_MSG_*
 * @len: its length in bytes
 *
 * Return: as pfsnl_core_send().
 */
int node_send(struct node *n, u16 flags, u32 len)
{
	u8 *data = sim_alloc(len + 1);
	u64 number;
	u32 i;
	int err;

	for (i = 0; i < len; i++)
		data[i] = n->hearer.sent + i * 7;
	n->hearer.sent++;
	node_enter(n);
	err = pfsnl_core_send(n->core, node_clock(n), PFSNL_PORT_FIRST, flags, data,
			      len, &number);
	if (err)
		n->hearer.sent--;
	else if (number <= n->hearer.last)
		sim_fail("%08x: number %llu after %llu", n->host.addr,
			 (unsigned long long)number,
			 (unsigned long long)n->hearer.last);
	else
		n->hearer.last = number;
	if (err == -EAGAIN)
		n->hearer.refused = true;
	node_done(n);
	free(data);
	return err;
}

/**
 * node_join - a process wants to be a member of a group
 * @n: its node, running
 * @name: of the group
 * @who: handed back with what it is told
 * @number: set to the number of the membership
 *
 * Return: as pfsnl_core_group_join().
 */
int node_join(struct node *n, const char *name, void *who, u32 *number)
{
	int err;

	node_enter(n);
	err = pfsnl_core_group_join(n->core, node_clock(n), name, 1000 + n->cfg.addr,
				    who, number);
	node_done(n);
	return err;
}

/**
 * node_part - a process ceases to be a member
 * @n: its node, running
 * @number: of the membership
 * @why: enum pfsnl_group_why
 *
 * Return: as pfsnl_core_group_leave().
 */
int node_part(struct node *n, u32 number, u8 why)
{
	int err;

	node_enter(n);
	err = pfsnl_core_group_leave(n->core, node_clock(n), number, why);
	node_done(n);
	return err;
}

/**
 * node_tell - a process says something to its group
 * @n: its node, running
 * @number: of the membership
 * @flags: PFSNL_MSG_*
 * @len: how many bytes
 *
 * Return: as pfsnl_core_group_send().
 */
int node_tell(struct node *n, u32 number, u16 flags, u32 len)
{
	u8 *data = sim_alloc(len + 1);
	u64 count;
	u32 i;
	int err;

	for (i = 0; i < len; i++)
		data[i] = number + i * 5;
	node_enter(n);
	err = pfsnl_core_group_send(n->core, node_clock(n), number, flags, data, len,
				    &count);
	node_done(n);
	free(data);
	return err;
}

/**
 * node_serve - a node has a service from now on
 * @n: the node, running
 * @id: of the service
 * @who: handed back with what it is told
 *
 * Return: as pfsnl_core_service_add().
 */
int node_serve(struct node *n, u16 id, void *who)
{
	int err;

	node_enter(n);
	err = pfsnl_core_service_add(n->core, node_clock(n), id, who);
	node_done(n);
	return err;
}

/**
 * node_unserve - a node has a service no more
 * @n: the node, running
 * @id: of the service
 *
 * Return: as pfsnl_core_service_remove().
 */
int node_unserve(struct node *n, u16 id)
{
	int err;

	node_enter(n);
	err = pfsnl_core_service_remove(n->core, node_clock(n), id);
	node_done(n);
	return err;
}

/**
 * node_operate - a service says an operation
 * @n: its node, running
 * @id: of the service
 * @flags: PFSNL_MSG_*
 * @data: what it says
 * @len: how many bytes
 *
 * Return: as pfsnl_core_service_say().
 */
int node_operate(struct node *n, u16 id, u16 flags, const void *data, u32 len)
{
	u64 count;
	int err;

	node_enter(n);
	err = pfsnl_core_service_say(n->core, node_clock(n), id, flags, data, len,
				     &count);
	node_done(n);
	return err;
}

/**
 * node_forge - let a node say what it never would
 * @n: the node, running
 * @port: who it is for, PFSNL_PORT_*
 * @flags: PFSNL_MSG_*
 * @data: what it says
 * @len: how many bytes
 */
void node_forge(struct node *n, u16 port, u16 flags, const u8 *data, u32 len)
{
	struct pfsnl_entry *e;

	if (!n->core)
		return;
	node_enter(n);
	pfsnl_core_enter(n->core, node_clock(n));
	e = pfsnl_entry_new(n->core, len);
	if (e) {
		memcpy(e->data, data, len);
		pfsnl_outbox_put(n->core, e, port, flags);
	}
	pfsnl_core_done(n->core);
	node_done(n);
}
