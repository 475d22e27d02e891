/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Letters: notifications to one process, without saying yet to which of its
 * memberships. So the same one can be copied for all members of this node that
 * are told the same; the copies share what is long.
 */
#ifndef PFSNL_LETTER_H
#define PFSNL_LETTER_H

#include <linux/mm_types.h>
#include <linux/types.h>

struct pfsnl_group_event;
struct sk_buff;
struct sk_buff_head;

/**
 * struct pfsnl_letter_paper - memory that the long parts of letters are cut from
 * @frag: what is left of it
 *
 * Node thread.
 */
struct pfsnl_letter_paper {
	struct page_frag frag;
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
void pfsnl_letter_paper_put(struct pfsnl_letter_paper *paper);

#endif /* PFSNL_LETTER_H */
