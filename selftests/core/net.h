/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One network segment: hosts, the datagrams and byte streams between them, and
 * what may go wrong with all three.
 *
 * A stream behaves as TCP does as far as a program can tell: bytes arrive in
 * order, room comes back when the other side's kernel has them, a lost segment
 * costs 200 ms and more each time, a reset is sent once and may be lost, data
 * for a connection that is no more is answered by a reset.
 */
#ifndef CORE_NET_H
#define CORE_NET_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

#include "sim.h"

struct host;
struct stream;
struct stream_end;

/* what a cut link no longer carries */
#define NET_DATAGRAMS	1U
#define NET_STREAMS	2U
#define NET_ALL		3U

/* datagrams that wait for a program that hangs; more are lost */
#define NET_INBOX_MAX	512

/**
 * enum host_state - what goes on at a host
 * @HOST_OFF: nothing; packets to it vanish
 * @HOST_ON: its program runs
 * @HOST_HUNG: its kernel runs but its program does not: datagrams wait, streams
 *	are acknowledged until their receive buffer is full
 * @HOST_FROZEN: everything stands still, as in a virtual machine that is paused
 */
enum host_state {
	HOST_OFF,
	HOST_ON,
	HOST_HUNG,
	HOST_FROZEN,
};

/**
 * struct host_ops - the program on a host
 * @hears: whether it receives datagrams to an address that is not its own
 * @datagram: one came
 * @listens: whether somebody listens on a port
 * @accept: somebody connected. Return: 0, or not and the connection is reset
 * @opened: a connection it began is there, or failed
 * @bytes: some came
 * @writable: there is room for what did not find any
 * @closed: the other side closed or reset; stream_close() ends it for good
 * @woken: it stood still and runs again, before it hears of anything that waits
 * @resumed: it runs again; datagrams and streams have been dealt with
 *
 * The program may send, dial, write and close from all of them. Where one is
 * NULL the host does without.
 */
struct host_ops {
	bool (*hears)(struct host *host, u32 dst);
	void (*datagram)(struct host *host, u32 src, const void *data, size_t len);
	bool (*listens)(struct host *host, u16 port);
	int (*accept)(struct host *host, struct stream_end *end, u32 from);
	void (*opened)(struct host *host, struct stream_end *end, int err);
	void (*bytes)(struct host *host, struct stream_end *end,
		      const void *data, size_t len);
	void (*writable)(struct host *host, struct stream_end *end);
	void (*closed)(struct host *host, struct stream_end *end);
	void (*woken)(struct host *host);
	void (*resumed)(struct host *host);
};

/**
 * struct host - a host
 * @net: its segment
 * @by_addr: in the segment
 * @addr: its address, host order
 * @ops: its program
 * @state: what goes on
 * @side: hosts of different sides hear nothing of each other
 * @ends: ends of streams that its kernel has
 * @inbox: datagrams that wait for the program
 * @waiting: how many
 * @came: when the datagram came that it is being given
 */
struct host {
	struct net *net;
	struct rb_node by_addr;
	u32 addr;
	const struct host_ops *ops;
	enum host_state state;
	u32 side;
	struct list_head ends;
	struct list_head inbox;
	u32 waiting;
	u64 came;
};

/**
 * struct net - a segment
 * @sim: virtual time
 * @hosts: by address
 * @n_hosts: how many
 * @latency: of each packet, nanoseconds
 * @jitter: up to so much more
 * @loss: of a million packets so many are lost
 * @twice: of a million datagrams so many arrive twice
 * @late: of a million datagrams so many are late, and others overtake them
 * @late_by: up to so much, nanoseconds
 * @refuse: of a million attempts to connect so many are refused
 * @byte_time: each byte of a stream takes so long, nanoseconds
 * @chop: streams arrive in random pieces of at most so many bytes, 0: as sent
 * @window: receive buffer of streams, bytes
 * @spread: in a segment of at most so many hosts each gets a broadcast at its
 *	own time, in a larger one all at once, which is cheaper
 * @cuts: cut links, sorted
 * @n_cuts: how many
 * @streams: not yet freed
 * @packets: under way
 * @datagrams: ever sent, counted once for each receiver
 * @bytes: ever sent in streams
 * @arrived: called with each datagram that came to a host, if set
 */
struct net {
	struct sim *sim;
	struct rb_root hosts;
	u32 n_hosts;
	u64 latency;
	u64 jitter;
	u32 loss;
	u32 twice;
	u32 late;
	u64 late_by;
	u32 refuse;
	u64 byte_time;
	u32 chop;
	u32 window;
	u32 spread;
	struct net_cut *cuts;
	u32 n_cuts;
	u32 streams;
	u32 packets;
	u64 datagrams;
	u64 bytes;
	void (*arrived)(struct host *host, struct host *from, const void *data,
			size_t len);
};

/* net.c */
void net_init(struct net *net, struct sim *sim);
void net_exit(struct net *net);
void net_cut(struct net *net, u32 from, u32 to, u32 what);
void net_mend(struct net *net, u32 from, u32 to);
void net_mend_all(struct net *net);
bool net_passes(const struct net *net, const struct host *from,
		const struct host *to, u32 what);
u64 net_delay(struct net *net);
bool net_loses(struct net *net);

void host_add(struct host *host, struct net *net, u32 addr,
	      const struct host_ops *ops);
struct host *host_find(const struct net *net, u32 addr);
struct host *host_first(const struct net *net);
struct host *host_next(const struct host *host);
void host_set(struct host *host, enum host_state state);
void host_send(struct host *host, u32 dst, const void *data, size_t len);
void host_send_as(struct host *host, u32 src, u32 dst, const void *data,
		  size_t len);

/* stream.c */
struct stream_end *stream_dial(struct host *host, u32 addr, u16 port);
int stream_write(struct stream_end *end, const void *data, size_t len);
int stream_write_bulk(struct stream_end *end, const void *data, size_t len);
void stream_room(struct stream_end *end, size_t room, size_t bulk);
void stream_window(struct stream_end *end, u32 window);
void stream_reading(struct stream_end *end, bool reading);
size_t stream_unread(const struct stream_end *end);
void stream_darken(struct stream_end *end, u64 until);
bool stream_dark(const struct stream_end *end);
void stream_reset(struct stream_end *end);
void stream_close(struct stream_end *end);
void stream_finish(struct stream_end *end);
void *stream_user(const struct stream_end *end);
void stream_set_user(struct stream_end *end, void *user);
u32 stream_peer(const struct stream_end *end);
size_t stream_pending(const struct stream_end *end);
bool stream_joins(const struct stream_end *a, const struct stream_end *b);

/* stream_end.c */
void stream_host_off(struct host *host);
void stream_host_reset(struct host *host);
void stream_host_resume(struct host *host);

#endif /* CORE_NET_H */
