/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * libpfsnl: services of a node, and how far they are synchronized.
 *
 * A service is part of the kernel, in the module pfsnl or in another one. It keeps a
 * state that is the same on all nodes that have the service; whenever nodes come
 * together, or some go, it goes through a round in which the states become one. Here
 * one can see that. The conventions are those of <pfsnl.h>; see pfsnl_sync_get(3).
 */
#ifndef PFSNL_SYNC_H
#define PFSNL_SYNC_H

#include <pfsnl.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One service of the node. */
struct pfsnl_service {
	uint32_t id;		/* services are synchronized by rising id */
	const char *name;	/* "" if it has none */
	uint32_t phase;		/* enum pfsnl_sync_phase: what it is at */
	uint64_t since_ms;	/* so long it has been at that */
	struct pfsnl_ring ring;	/* that the round, or the last one, is for */
	struct pfsnl_ring active_ring;	/* in which it was activated last */
	uint64_t activated;	/* so often it was activated */
	uint64_t aborted;	/* so many rounds another ring made void */
	uint64_t ops;		/* operations applied since it was activated */
	uint32_t members;	/* nodes that have it, in the round or the last */
	/*
	 * In this round it is this node that transmits what those have that were
	 * activated in the same ring last.
	 */
	bool transmits;
	uint64_t items;		/* pieces of state that came in this round */
	uint64_t bytes;		/* of these */
	uint32_t turn;		/* id of the service whose turn it is, 0: none */
	uint32_t waits;		/* so many nodes are waited for */
	/* These, rising, but no more than PFSNL_SERVICE_WAITS_MAX. */
	uint32_t num_waits_for;
	const struct in_addr *waits_for;
};

/* Services of a node at one moment, by rising id. */
struct pfsnl_sync;

/*
 * Gives the services of the node, to be freed with pfsnl_sync_free(). That there
 * are none is a success. Errors: -ENETDOWN, -EPROTONOSUPPORT, -EOPNOTSUPP, -ENOMEM.
 */
int pfsnl_sync_get(struct pfsnl *handle, struct pfsnl_sync **sync);

/* Number of services in it. */
size_t pfsnl_sync_count(const struct pfsnl_sync *sync);

/* Service `i`, counted from 0; NULL beyond the last. Lives as long as `sync`. */
const struct pfsnl_service *pfsnl_sync_at(const struct pfsnl_sync *sync, size_t i);
void pfsnl_sync_free(struct pfsnl_sync *sync);

/* "barrier" for PFSNL_SYNC_PHASE_BARRIER ...; NULL for a number without name. */
const char *pfsnl_sync_phase_name(uint32_t phase);

/* Hears of rounds that begin, are aborted or come to their end. */
struct pfsnl_sync_listener;

/*
 * Begins to listen, on a socket of its own. It serves one thread at a time, and
 * ends with pfsnl_sync_listener_close(), before or after the handle is closed.
 * Errors: -EPROTONOSUPPORT, -EOPNOTSUPP, -ENOMEM, -EMFILE.
 */
int pfsnl_sync_listen(struct pfsnl *handle, struct pfsnl_sync_listener **listener);

/* A descriptor that is readable when there is something to be heard. */
int pfsnl_sync_listener_fd(const struct pfsnl_sync_listener *listener);

/*
 * Takes one thing that was heard, and does not block: a service as it is then, in a
 * list of one, to be freed with pfsnl_sync_free(). What happens to a service at once
 * is heard as one, and what is transmitted is not heard at all; a service that the
 * node has no more is at PFSNL_SYNC_PHASE_GONE. That the node was started or stopped
 * is told by watches, not here.
 * Errors: -EAGAIN (nothing more at present), -ENOBUFS (some were missed: ask with
 * pfsnl_sync_get()), -ENOMEM.
 */
int pfsnl_sync_listener_next(struct pfsnl_sync_listener *listener,
			     struct pfsnl_sync **sync);
void pfsnl_sync_listener_close(struct pfsnl_sync_listener *listener);

#ifdef __cplusplus
}
#endif

#endif
