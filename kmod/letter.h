/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Letters: notifications to one process, without saying yet to which of its
 * memberships. So the same one can be copied for all members of this node that
 * are told the same; the copies share what is long. Short messages to one member
 * alone need no letter of their own: several are joined in one datagram.
 */
#ifndef PFSNL_LETTER_H
#define PFSNL_LETTER_H

#include <linux/mm_types.h>
#include <linux/types.h>

struct pfsnl_group_event;
struct sk_buff;
struct sk_buff_head;

/* a message that may be joined with others is no longer */
#define PFSNL_JOINED_MAX	4096

/**
 * struct pfsnl_letter_paper - memory that the long parts of letters are cut from
 * @frag: what is left of it
 * @head: where the beginning of a message is written that is joined with others
 *
 * Node thread.
 */
struct pfsnl_letter_paper {
	struct page_frag frag;
	struct sk_buff *head;
};

int pfsnl_letters_change(struct pfsnl_letter_paper *paper,
			 struct sk_buff_head *to,
			 const struct pfsnl_group_event *ev);
int pfsnl_letters_message(struct pfsnl_letter_paper *paper,
			  struct sk_buff_head *to,
			  const struct pfsnl_group_event *ev);
int pfsnl_letter_transitional(struct pfsnl_letter_paper *paper,
			      struct sk_buff_head *to,
			      const struct pfsnl_group_event *ev);
struct sk_buff *pfsnl_letter_unknown(u64 cookie);
struct sk_buff *pfsnl_letter_room(void);
struct sk_buff *pfsnl_letter_over(void);
struct sk_buff *pfsnl_letter_copy(const struct sk_buff *skb);

void pfsnl_letter_address(struct sk_buff *skb, u32 number);
void pfsnl_letter_cookie(struct sk_buff *skb, u64 cookie);
void pfsnl_letter_why(struct sk_buff *skb, u32 why);
u32 pfsnl_letter_charge(const struct sk_buff *skb);

struct sk_buff *pfsnl_datagram_new(void);
bool pfsnl_datagram_full(const struct sk_buff *skb, u32 size);
u32 pfsnl_joined_size(struct pfsnl_letter_paper *paper,
		      const struct pfsnl_group_event *ev);
u32 pfsnl_joined_charge(u32 size);
void pfsnl_letter_join(struct pfsnl_letter_paper *paper, struct sk_buff *skb,
		       const struct pfsnl_group_event *ev, u32 size, bool own,
		       u64 cookie);

void pfsnl_letter_paper_put(struct pfsnl_letter_paper *paper);

#endif /* PFSNL_LETTER_H */
