/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * libpfsnl: cluster membership for programs.
 *
 * The kernel module pfsnl.ko makes a machine (more exactly: one network
 * namespace of it) a node of a cluster. This library asks it who is there and
 * tells a program when that changes. It also starts, stops and configures the
 * node. See libpfsnl(3) for an overview with examples.
 *
 * Conventions of all functions
 *   - What can fail returns 0 or a negative errno value; errno itself is not
 *     part of the interface. pfsnl_errmsg() then has a sentence that says what
 *     happened and what to do about it.
 *   - Addresses are struct in_addr, in network byte order. Ports are in host
 *     order. Times are in milliseconds.
 *   - A handle may be used by any number of threads at once. Requests of one
 *     handle are carried out one after the other; use a second handle where a
 *     pfsnl_stop() that waits must not hold up other requests.
 *   - What the library hands out belongs to the caller and is given back with
 *     the function named at its description. It never changes and outlives the
 *     handle.
 *   - Structures that the library hands out may grow at their end in later
 *     versions; never copy one by its size, and never make an array of them.
 *   - A handle does not survive fork(): in the child every function returns
 *     -ECHILD, and pfsnl_close() only lets go of the child's copy. File
 *     descriptors are close-on-exec.
 *
 * Errors that have one meaning everywhere
 *   -EPROTONOSUPPORT  the module pfsnl is not loaded (and did not load itself
 *                     when it was asked for)
 *   -EPERM            not permitted; changes need CAP_NET_ADMIN in the user
 *                     namespace that owns the network namespace
 *   -ENETDOWN         no instance runs in this network namespace
 *   -EALREADY         an instance runs already (only from pfsnl_start())
 *   -EINVAL, -ERANGE  a value was refused, or is outside its range; the text
 *                     names it, and the range
 *   -EOPNOTSUPP       the loaded module is older than what was asked of it
 *   -ENOMEM           out of memory, here or in the kernel
 *   -ECHILD           the handle was opened before fork()
 * Others come from the kernel as they are, with its own words in
 * pfsnl_errmsg().
 */
#ifndef PFSNL_H
#define PFSNL_H

#include <stddef.h>
#include <stdint.h>
#ifndef __cplusplus
#include <stdbool.h>
#endif
#include <netinet/in.h>

#include <linux/pfsnl.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Handle to the instance of one network namespace. */
struct pfsnl;

/* ---- opening -------------------------------------------------------- */

/*
 * Opens a handle on the network namespace the calling thread is in. The
 * handle stays with this namespace, whatever the thread does later, and keeps
 * the namespace alive. Whether the module is loaded only shows with the first
 * request. Errors: -ENOMEM, -EMFILE, -ENFILE.
 */
int pfsnl_open(struct pfsnl **handle);

/*
 * The same for the network namespace `name`, as made by `ip netns add`
 * (/run/netns/NAME); a name with a slash in it is the path of a namespace
 * file, such as /proc/PID/ns/net. The caller's own namespace never changes,
 * not even for a moment. Errors: as above, -ENOENT if there is no such
 * namespace, -EINVAL if the file is none, -EPERM without CAP_SYS_ADMIN.
 */
int pfsnl_open_netns(struct pfsnl **handle, const char *name);

/*
 * Ends all watches and monitors and frees the handle. On return none of them
 * runs any longer, with one exception: called from within a watch or monitor
 * of this very handle, it returns at once, none is called again, and the rest
 * is freed when that function has returned. NULL is allowed. No other thread
 * may be inside a function with this handle, or call one afterwards.
 */
void pfsnl_close(struct pfsnl *handle);

/* ---- the instance --------------------------------------------------- */

/*
 * Bits of struct pfsnl_settings.present, one for each setting. The number of
 * the bit is that of the netlink attribute.
 */
#define PFSNL_HAS(attr)		((uint64_t)1 << (attr))
#define PFSNL_HAS_IFINDEX	PFSNL_HAS(PFSNL_A_INSTANCE_IFINDEX)
#define PFSNL_HAS_ADDRESS	PFSNL_HAS(PFSNL_A_INSTANCE_ADDRESS)
#define PFSNL_HAS_PORT		PFSNL_HAS(PFSNL_A_INSTANCE_PORT)
#define PFSNL_HAS_TETHER_PORT	PFSNL_HAS(PFSNL_A_INSTANCE_TETHER_PORT)
#define PFSNL_HAS_CLUSTER	PFSNL_HAS(PFSNL_A_INSTANCE_CLUSTER)
#define PFSNL_HAS_PRIORITY	PFSNL_HAS(PFSNL_A_INSTANCE_PRIORITY)
#define PFSNL_HAS_INTERVAL	PFSNL_HAS(PFSNL_A_INSTANCE_INTERVAL)
#define PFSNL_HAS_DEAD		PFSNL_HAS(PFSNL_A_INSTANCE_DEAD)
#define PFSNL_HAS_BEACON_TO	PFSNL_HAS(PFSNL_A_INSTANCE_BEACON_TO)
#define PFSNL_HAS_GROUP		PFSNL_HAS(PFSNL_A_INSTANCE_GROUP)
#define PFSNL_HAS_STATIC_PEERS	PFSNL_HAS(PFSNL_A_INSTANCE_STATIC_PEERS)
#define PFSNL_HAS_MAX_NODES	PFSNL_HAS(PFSNL_A_INSTANCE_MAX_NODES)
#define PFSNL_HAS_LEVEL0	PFSNL_HAS(PFSNL_A_INSTANCE_LEVEL0)
#define PFSNL_HAS_LEVEL0_DEAD	PFSNL_HAS(PFSNL_A_INSTANCE_LEVEL0_DEAD)
#define PFSNL_HAS_VOTES		PFSNL_HAS(PFSNL_A_INSTANCE_VOTES)
#define PFSNL_HAS_EXPECTED_VOTES	PFSNL_HAS(PFSNL_A_INSTANCE_EXPECTED_VOTES)
#define PFSNL_HAS_PREEMPT	PFSNL_HAS(PFSNL_A_INSTANCE_PREEMPT)
#define PFSNL_HAS_RETAIN	PFSNL_HAS(PFSNL_A_INSTANCE_RETAIN)
#define PFSNL_HAS_DRAIN		PFSNL_HAS(PFSNL_A_INSTANCE_DRAIN)
#define PFSNL_HAS_SYNC_DEADLINE	PFSNL_HAS(PFSNL_A_INSTANCE_SYNC_DEADLINE)

/*
 * Settings of an instance. Only the members whose bit is set in `present`
 * mean anything. Prepare one with pfsnl_settings_init(), which records the
 * size the program was compiled with, so that a later library with more
 * settings still understands it.
 */
struct pfsnl_settings {
	size_t size;		/* set by pfsnl_settings_init() */
	uint64_t present;	/* PFSNL_HAS_... */
	uint32_t ifindex;	/* interface whose subnet the cluster is on */
	/*
	 * Of this node. With start it may be left out (first address of the
	 * interface), or given alone (chooses the interface that has it).
	 */
	struct in_addr address;
	uint16_t port;		/* UDP, beacons; default 7319 */
	uint16_t tether_port;	/* TCP, tethers; default 7319 */
	uint8_t priority;	/* higher leads first, 0 never leads */
	uint32_t interval;	/* ms between two beacons, 10 to 10000 */
	uint32_t dead;		/* missed beacons until dead, 3 to 100 */
	uint32_t beacon_to;	/* enum pfsnl_beacon_to */
	struct in_addr group;	/* with PFSNL_BEACON_TO_MULTICAST */
	uint32_t num_static_peers;	/* with PFSNL_BEACON_TO_STATIC */
	struct in_addr static_peers[PFSNL_STATIC_PEERS_MAX];
	uint32_t max_nodes;	/* most nodes of the list, 1 to 4096 */
	uint32_t level0;	/* enum pfsnl_level0 */
	/* Milliseconds until a silent level-0 peer is dead, 100 to 600000. */
	uint32_t level0_dead;
	char cluster[PFSNL_CLUSTER_NAME_MAX + 1];	/* name of the cluster */
	/* Of all nodes together, 0 to 65535; 0: there is no quorum. */
	uint32_t expected_votes;
	uint8_t votes;		/* what this node counts for in a quorum */
	uint8_t preempt;	/* 1: lead whenever it is the best; 0: stay */
	/*
	 * KiB of ordered messages kept while some node may still need them, 64
	 * to 262144; a message may have a quarter of it. The same on all nodes.
	 */
	uint32_t retain;
	/* ms to acknowledge a message, up to 600000; 0: 5 x dead, at least 2000 */
	uint32_t drain;
	/* Of silence of its services that others wait for, up to 3600000; 0: any. */
	uint32_t sync_deadline;
};

/* Prepares `settings` with nothing present; `size` is sizeof(*settings). */
void pfsnl_settings_init_size(struct pfsnl_settings *settings, size_t size);
#define pfsnl_settings_init(settings) \
	pfsnl_settings_init_size((settings), sizeof(*(settings)))

/* One agreed configuration. seq 0: the node was never in one. */
struct pfsnl_ring {
	uint64_t seq;		/* grows with every ring a node installs */
	struct in_addr leader;	/* 0.0.0.0: it has none */
	uint64_t incarnation;	/* of the leader */
};

/* Settings and state of an instance. */
struct pfsnl_instance {
	const struct pfsnl_settings *settings;	/* all that the kernel told */
	uint32_t role;		/* enum pfsnl_role */
	struct in_addr broadcast;	/* for PFSNL_BEACON_TO_BROADCAST */
	struct pfsnl_ring ring;
	uint64_t incarnation;	/* random number drawn at start */
	uint64_t generation;	/* number of the last update, 0: none yet */
	uint32_t peers;		/* nodes in the list, this one included */
	uint64_t uptime_ms;	/* since start */
	bool quorate;		/* the ring has a majority; see below */
	uint32_t votes;		/* of the nodes of the ring together */
	/*
	 * Of all nodes of the cluster together, as the leader of the ring says,
	 * or where it says nothing, the settings of this node. 0: there is no
	 * quorum; then quorate is false and votes 0, and neither means anything.
	 */
	uint32_t expected_votes;
	/* Memory of ordered messages that some node may still need, bytes. */
	uint64_t log_bytes;
	/* Memory of messages of this node that have no place yet, bytes. */
	uint64_t out_bytes;
};

/*
 * Starts the instance. What is not present in `settings` has the kernel's
 * default; with neither interface nor address it takes the only interface that
 * is up and has an address. NULL means nothing present. Returns when the
 * instance runs, not when it found others: follow it with a watch, or ask for
 * its role.
 * Errors: -EALREADY, -EPERM, -EINVAL, -ERANGE, -ENODEV (no such interface),
 * -EADDRNOTAVAIL (address not on the interface, or there is none),
 * -EADDRINUSE (port taken), -EPROTONOSUPPORT.
 */
int pfsnl_start(struct pfsnl *handle, const struct pfsnl_settings *settings);

/*
 * Changes what is present in `settings` of the running instance: priority,
 * interval, dead, beacon_to, group, static_peers, level0, level0_dead, votes,
 * expected_votes, preempt, drain, sync_deadline. The others need a new start:
 * -EINVAL. Either everything is changed or nothing.
 * Errors: -ENETDOWN, -EPERM, -EINVAL, -ERANGE, -EPROTONOSUPPORT.
 */
int pfsnl_set(struct pfsnl *handle, const struct pfsnl_settings *settings);

#define PFSNL_WAIT_DEFAULT	(-1)

/*
 * Says goodbye to the other nodes, waits at most `wait_ms` for their answers
 * (0 to 10000, or PFSNL_WAIT_DEFAULT for the kernel's choice) and stops the
 * instance. Blocks so long. Watches then see everybody removed.
 * Errors: -ENETDOWN, -EPERM, -EINVAL, -ERANGE, -EPROTONOSUPPORT.
 */
int pfsnl_stop(struct pfsnl *handle, int wait_ms);

/*
 * Gives settings and state of the instance, to be freed with
 * pfsnl_instance_free(). Errors: -ENETDOWN, -EPROTONOSUPPORT, -ENOMEM.
 */
int pfsnl_instance_get(struct pfsnl *handle, struct pfsnl_instance **instance);
void pfsnl_instance_free(struct pfsnl_instance *instance);

/*
 * Number of the interface `name`, and the name of a number, in the network
 * namespace of the handle (where if_nametoindex() would look into the
 * caller's). `name` of the second has room for IF_NAMESIZE (16) bytes.
 * Error: -ENODEV if there is none.
 */
int pfsnl_ifindex(struct pfsnl *handle, const char *name, uint32_t *ifindex);
int pfsnl_ifname(struct pfsnl *handle, uint32_t ifindex, char *name);

/* ---- the list ------------------------------------------------------- */

#define PFSNL_NEVER	((uint64_t)-1)

/* One node of the list. */
struct pfsnl_peer {
	struct in_addr addr;
	uint64_t incarnation;	/* which life of it; 0 for a level-0 peer */
	uint8_t level;		/* 0: sends the bare nine bytes; 1: pfsnl */
	uint8_t priority;
	uint16_t port;		/* TCP port of its tether */
	bool self;		/* the node that was asked */
	bool leader;		/* the leader of the ring */
	uint64_t age_ms;	/* since it entered the list of this node */
	/*
	 * Since its last beacon was received here; PFSNL_NEVER if none was
	 * (clients hear only their leader).
	 */
	uint64_t heard_ms;
};

/* The list at one moment, in the order of the addresses. */
struct pfsnl_peers;

/*
 * Gives the list with all details. All of it is from one generation: when the
 * list changes while it is read, it is read again. Errors: -ENETDOWN,
 * -EPROTONOSUPPORT, -ENOMEM, -EAGAIN (changed each time of very many).
 */
int pfsnl_peers_get(struct pfsnl *handle, struct pfsnl_peers **peers);

/* Number of nodes in it. */
size_t pfsnl_peers_count(const struct pfsnl_peers *peers);

/* Number of the last update contained in it; 0 if it is empty. */
uint64_t pfsnl_peers_generation(const struct pfsnl_peers *peers);

/* Node `i`, counted from 0; NULL beyond the last. Lives as long as `peers`. */
const struct pfsnl_peer *pfsnl_peers_at(const struct pfsnl_peers *peers,
					size_t i);
void pfsnl_peers_free(struct pfsnl_peers *peers);

/*
 * Gives just the addresses, in their order, to be freed with free(). An empty
 * list is a success with *count 0; *addrs can be freed then, too. Errors as
 * pfsnl_peers_get().
 */
int pfsnl_peer_addrs(struct pfsnl *handle, struct in_addr **addrs,
		     size_t *count);

/* ---- counters ------------------------------------------------------- */

/* One counter; `name` is that of Documentation/netlink/specs/pfsnl.yaml. */
struct pfsnl_stat {
	/* Such as "beacon-rx"; "stat-NUMBER" if this library lacks its name. */
	const char *name;
	uint64_t value;		/* since start */
};

struct pfsnl_stats;

/*
 * Gives the counters in the order of the specification. Errors: -ENETDOWN,
 * -EPROTONOSUPPORT, -ENOMEM.
 */
int pfsnl_stats_get(struct pfsnl *handle, struct pfsnl_stats **stats);
size_t pfsnl_stats_count(const struct pfsnl_stats *stats);
const struct pfsnl_stat *pfsnl_stats_at(const struct pfsnl_stats *stats,
					size_t i);
void pfsnl_stats_free(struct pfsnl_stats *stats);

/* ---- watches -------------------------------------------------------- */

/* Why an update comes. */
enum pfsnl_update_reason {
	PFSNL_UPDATE_INITIAL,	/* first one of a watch: the list as it is */
	PFSNL_UPDATE_CHANGE,	/* the kernel told of a change */
	/*
	 * Found by reading the list anew: changes were missed, or the instance
	 * started, stopped or restarted, or the module was unloaded.
	 */
	PFSNL_UPDATE_REFRESH
};

/* Stands for an enum pfsnl_why where nobody knows. */
#define PFSNL_WHY_UNKNOWN	255

/* One change of the list. */
struct pfsnl_update {
	bool adding;		/* the nodes entered; otherwise they left */
	/* In the order of the addresses; never NULL. */
	const struct in_addr *addrs;
	size_t count;		/* 0 only in an initial update */
	/* Of the list now; this and the next two are 0 if no instance runs. */
	struct pfsnl_ring ring;
	uint64_t generation;	/* number of the last update contained */
	uint64_t instance;	/* incarnation of this node */
	enum pfsnl_update_reason reason;
	/*
	 * Why each of the addresses came or is gone, enum pfsnl_why; never
	 * NULL. The kernel tells it with a change only: in an initial update
	 * and in a refresh all of them are PFSNL_WHY_UNKNOWN. There may be
	 * values that this header doesn't know.
	 */
	const uint8_t *why;
};

/*
 * A watch. `update` is gone when it returns. It runs on the one internal
 * thread of the handle (or inside pfsnl_dispatch()) and must not take long:
 * while it runs no other watch of the handle does. It may call every function
 * of this library with the same handle, pfsnl_watch_remove() of itself and
 * pfsnl_close() included, except pfsnl_dispatch().
 */
typedef void (*pfsnl_watch_fn)(void *arg, const struct pfsnl_update *update);

/*
 * Adds a watch. It is called with an initial update first (adding, the list
 * as it is then, perhaps empty) and then with every change, in order. It never
 * sees a node removed that is absent nor one added that is present, and all
 * its updates folded into an empty set are the list. Lost events, an instance
 * that stops or restarts and a module that is unloaded and loaded again need
 * no action of the caller: the watch gets the net difference, at most one
 * remove and one add. While no instance runs the list is empty.
 *
 * The first watch (or monitor) of a handle starts its thread, unless
 * pfsnl_watch_fd() was called before. The initial update is delivered by that
 * thread, perhaps before this returns. All signals are blocked in it.
 *
 * Errors: -EEXIST if this pair of function and argument is a watch already,
 * -EPROTONOSUPPORT (the module must be loaded, though no instance need run),
 * -ENOMEM, -EAGAIN (no thread).
 */
int pfsnl_watch_add(struct pfsnl *handle, pfsnl_watch_fn fn, void *arg);

/*
 * Removes a watch. On return it does not run and never will again, so that
 * what `arg` points to may be freed; only when called from within the watch
 * itself, that call of it is still to end. Waits while the watch runs: don't
 * hold a lock that the watch takes. Error: -ENOENT if there is no such watch
 * (also then it does not run on return).
 */
int pfsnl_watch_remove(struct pfsnl *handle, pfsnl_watch_fn fn, void *arg);

/* ---- ring watches --------------------------------------------------- */

/*
 * The ring that is installed here. seq 0: this node is in none, and the list
 * is empty.
 */
struct pfsnl_ring_update {
	struct pfsnl_ring ring;
	/* Its nodes in the order of the addresses; never NULL. */
	const struct in_addr *addrs;
	size_t count;
	uint64_t generation;	/* number of the last update that led to it */
	uint64_t instance;	/* incarnation of this node, 0: none runs */
	enum pfsnl_update_reason reason;
	/* As in struct pfsnl_instance. */
	bool quorate;
	uint32_t votes;
	uint32_t expected_votes;
};

/* A ring watch; the rules of a watch hold for it. */
typedef void (*pfsnl_ring_watch_fn)(void *arg,
				    const struct pfsnl_ring_update *update);

/*
 * Adds a ring watch. It is called with an initial update first, the ring as it
 * is then, and then with every ring that is installed here, also one with the
 * same nodes as the one before (another leader), and when being quorate begins
 * or ends or the votes are counted anew. What the watches of the same handle
 * are told of a ring comes before it. When events were lost, or the instance or
 * the module comes and goes, it gets the ring as it is now; the ones between
 * are not told. Errors as pfsnl_watch_add().
 *
 * Being quorate is a lease: where the leader is not heard it ends by itself
 * before another ring can be quorate. An update tells how it was when the event
 * was sent. A program for which a delay counts asks pfsnl_instance_get().
 */
int pfsnl_ring_watch_add(struct pfsnl *handle, pfsnl_ring_watch_fn fn,
			 void *arg);

/* Removes a ring watch, as pfsnl_watch_remove() does a watch. */
int pfsnl_ring_watch_remove(struct pfsnl *handle, pfsnl_ring_watch_fn fn,
			    void *arg);

/* ---- monitors ------------------------------------------------------- */

enum pfsnl_event_type {
	PFSNL_EVENT_UPDATE,	/* the list changed: `update` */
	/*
	 * The instance started, stopped (role PFSNL_ROLE_DOWN) or changed its
	 * role, ring or settings: `state`.
	 */
	PFSNL_EVENT_STATE,
	PFSNL_EVENT_LOST,	/* events were lost at this point */
	PFSNL_EVENT_UNLOADED,	/* the module was unloaded */
	PFSNL_EVENT_LOADED,	/* the module was loaded again */
	/* A ring was installed, or became quorate or ceased to be: `ring`. */
	PFSNL_EVENT_RING
};

/* One event as the kernel sent it. */
struct pfsnl_event {
	enum pfsnl_event_type type;	/* ignore those you don't know */
	/* Or NULL; its addresses are in the order the kernel gave them. */
	const struct pfsnl_update *update;
	const struct pfsnl_instance *state;	/* or NULL */
	/* Or NULL; without nodes if the kernel had no memory to name them. */
	const struct pfsnl_ring_update *ring;
};

/*
 * A monitor; the rules of a watch hold for it. The event and all it points to
 * are gone when it returns.
 */
typedef void (*pfsnl_monitor_fn)(void *arg, const struct pfsnl_event *event);

/*
 * Adds a monitor, which sees every event from now on just as the kernel sent
 * it (and, on a handle that has watches already, perhaps some that happened
 * shortly before): there is no initial one, and nothing is made up for lost
 * ones but a PFSNL_EVENT_LOST. Monitors and watches share the thread. Errors as
 * pfsnl_watch_add().
 */
int pfsnl_monitor_add(struct pfsnl *handle, pfsnl_monitor_fn fn, void *arg);

/* Removes a monitor, as pfsnl_watch_remove() does a watch. */
int pfsnl_monitor_remove(struct pfsnl *handle, pfsnl_monitor_fn fn, void *arg);

/* ---- event loops ---------------------------------------------------- */

/*
 * For programs with an event loop of their own. Call it before the first
 * watch or monitor is added: the handle then never starts a thread. Gives a
 * file descriptor (0 or more) that is readable when pfsnl_dispatch() has
 * something to do. It belongs to the handle: don't read, close or change it.
 * Calling it again gives the same. Error: -EBUSY if the handle has its thread
 * already.
 */
int pfsnl_watch_fd(struct pfsnl *handle);

/*
 * Does what is to be done now, without waiting for events: takes in those that
 * have arrived and calls watches and monitors. Call it when the descriptor of
 * pfsnl_watch_fd() is readable (level-triggered); it does a bounded amount of
 * work, and the descriptor stays readable if there is more. Watches run here
 * only, initial updates included.
 * Errors: -EBUSY if another thread is in it or a watch calls it, or the handle
 * has a thread of its own; -ENOMEM and others when the list could not be read
 * anew: that is tried again by itself after a while (the descriptor becomes
 * readable), so a loop may just report it.
 */
int pfsnl_dispatch(struct pfsnl *handle);

/*
 * Sets the receive buffer for events to about `bytes`, for programs whose
 * watches take long or that have to live with little memory; too small a one
 * costs only a reading of the list when events are lost. May be called at any
 * time. Without CAP_NET_ADMIN the kernel limits it to net.core.rmem_max and
 * says nothing. Error: -EINVAL if 0 or more than 1 GiB.
 */
int pfsnl_set_event_buffer(struct pfsnl *handle, size_t bytes);

/* ---- words ---------------------------------------------------------- */

/*
 * What went wrong in the last call that failed in the calling thread, as a
 * sentence for people without a full stop or a newline: what was tried, the
 * kernel's own words where it gave some, and what to do. The text is kept for
 * each thread, for all handles together (so it also tells why an open
 * failed), and stays until the next call in this thread that fails. Never
 * NULL; "" if nothing ever failed.
 */
const char *pfsnl_errmsg(void);

/*
 * What an error of this library means and what to do, without the details of
 * the occasion. Takes errno values with either sign. Never NULL, never freed.
 */
const char *pfsnl_strerror(int error);

/*
 * Names as in the specification: "leader", "multicast", "auto", "joined". NULL
 * for a number that has none (PFSNL_WHY_UNKNOWN is one), so they can be tried
 * from 0 up to find the number of a name.
 */
const char *pfsnl_role_name(uint32_t role);
const char *pfsnl_beacon_to_name(uint32_t beacon_to);
const char *pfsnl_level0_name(uint32_t level0);
const char *pfsnl_why_name(uint32_t why);

/* Version of the library that runs, such as "1.0.0". */
const char *pfsnl_version(void);

#ifdef __cplusplus
}
#endif

/* Groups of processes. */
#include <pfsnl_group.h>

#endif /* PFSNL_H */
