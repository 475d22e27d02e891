// SPDX-License-Identifier: GPL-2.0
/*
 * What is said of checkpoints, without a module: how writes are taken apart, and
 * requests as bytes.
 */
#define _GNU_SOURCE
#include "cm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ckpt.h"

#define assert_has(text, part) \
	do { \
		if (!strstr(text, part)) \
			fail_msg("\"%s\" lacks \"%s\"", text, part); \
	} while (0)

/* ---- writes --------------------------------------------------------- */

static char bytes[4 * PFSNL_CKPT_WRITE_MAX];

static void test_pieces(void **state)
{
	struct pfsnl_piece pieces[PFSNL_CKPT_VECTORS_MAX];
	struct pfsnl_ckpt_vec vecs[PFSNL_CKPT_VECTORS_MAX];
	unsigned int round, taken = 0;

	(void)state;
	for (round = 0; round < 20000; round++) {
		size_t n = 1 + rand() % 20, all = 0, used = 0, i, at = 0;
		uint64_t end = rand();
		int got, p = 0;

		for (i = 0; i < n; i++) {
			vecs[i].len = rand() % 8 ? rand() % 3000 :
				      rand() % 90000;
			vecs[i].offset = end + (rand() % 3 ? rand() % 99 : 0);
			vecs[i].data = bytes + all;
			end = vecs[i].offset + vecs[i].len;
			all += vecs[i].len;
			used += (vecs[i].len + PFSNL_CKPT_DATA_MAX - 1) /
				PFSNL_CKPT_DATA_MAX;
		}
		got = pfsnl_ckpt_pieces("writing", vecs, n, pieces);
		if (all > PFSNL_CKPT_WRITE_MAX) {
			assert_int_equal(got, -EMSGSIZE);
			continue;
		}
		if (!all) {
			assert_int_equal(got, -EINVAL);
			continue;
		}
		assert_int_equal(got, used);
		taken++;
		/* Byte by byte they are the vectors. */
		for (i = 0; i < n; i++)
			for (at = 0; at < vecs[i].len; p++) {
				assert_true(p < got);
				assert_true(pieces[p].len > 0);
				assert_true(pieces[p].len <=
					    PFSNL_CKPT_DATA_MAX);
				assert_true(pieces[p].offset ==
					    vecs[i].offset + at);
				assert_ptr_equal(pieces[p].data,
						 (char *)vecs[i].data + at);
				at += pieces[p].len;
				assert_true(at <= vecs[i].len);
			}
		assert_int_equal(p, got);
	}
	assert_true(taken > 1000);
}

static void test_pieces_refused(void **state)
{
	struct pfsnl_piece pieces[PFSNL_CKPT_VECTORS_MAX];
	struct pfsnl_ckpt_vec many[PFSNL_CKPT_VECTORS_MAX + 1];
	struct pfsnl_ckpt_vec two[2] = {
		{ 10, bytes, 5 }, { 14, bytes, 1 },
	};
	struct pfsnl_ckpt_vec last = { UINT64_MAX - 3, bytes, 3 };
	size_t i;

	(void)state;
	assert_int_equal(pfsnl_ckpt_pieces("w", two, 2, pieces), -EINVAL);
	assert_has(pfsnl_errmsg(), "vector 1");
	two[1].offset = 15;
	assert_int_equal(pfsnl_ckpt_pieces("w", two, 2, pieces), 2);
	assert_int_equal(pfsnl_ckpt_pieces("w", &last, 1, pieces), 1);
	last.offset++;
	last.len++;
	assert_int_equal(pfsnl_ckpt_pieces("w", &last, 1, pieces), -EINVAL);
	for (i = 0; i < PFSNL_CKPT_VECTORS_MAX + 1; i++)
		many[i] = (struct pfsnl_ckpt_vec){ i, bytes, 1 };
	assert_int_equal(pfsnl_ckpt_pieces("w", many, PFSNL_CKPT_VECTORS_MAX,
					   pieces), PFSNL_CKPT_VECTORS_MAX);
	assert_int_equal(pfsnl_ckpt_pieces("w", many, PFSNL_CKPT_VECTORS_MAX + 1,
					   pieces), -EMSGSIZE);
	assert_has(pfsnl_errmsg(), "64");
	/* A sum that wraps is no small one. */
	two[0] = (struct pfsnl_ckpt_vec){ 0, bytes, 8 };
	two[1] = (struct pfsnl_ckpt_vec){ 8, bytes, SIZE_MAX - 4 };
	assert_int_equal(pfsnl_ckpt_pieces("w", two, 2, pieces), -EMSGSIZE);
	assert_int_equal(pfsnl_ckpt_pieces("w", NULL, 0, pieces), -EINVAL);
}

/* ---- requests as bytes ---------------------------------------------- */

/* One line for each attribute of a request. */
static char text[8192];

static void say(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, sizeof(text) - used, format, args);
	va_end(args);
}

static void say_attr(struct nlattr *attr)
{
	struct nlattr *inner;
	int left;

	switch (nla_type(attr)) {
	case PFSNL_A_CKPT_HANDLE:
		say("handle %u\n", nla_get_u32(attr));
		break;
	case PFSNL_A_CKPT_SAFE:
		say("safe\n");
		break;
	case PFSNL_A_CKPT_MAKE_ID:
		say("make-id\n");
		break;
	case PFSNL_A_CKPT_SECTION:
		say("section <%.*s>\n", nla_len(attr), (char *)nla_data(attr));
		break;
	case PFSNL_A_CKPT_EXPIRES:
		say("expires %llu\n", (unsigned long long)nla_get_u64(attr));
		break;
	case PFSNL_A_CKPT_RETENTION:
		say("retention %llu\n", (unsigned long long)nla_get_u64(attr));
		break;
	case PFSNL_A_CKPT_DATA:
		say("data of %d\n", nla_len(attr));
		break;
	case PFSNL_A_CKPT_VECTOR:
		assert_true(attr->nla_type & NLA_F_NESTED);
		nla_for_each_nested(inner, attr, left) {
			if (nla_type(inner) == PFSNL_A_CKPT_VECTOR_OFFSET)
				say("at %llu, ",
				    (unsigned long long)nla_get_u64(inner));
			else
				say("%d bytes\n", nla_len(inner));
		}
		assert_int_equal(left, 0);
		break;
	default:
		say("attribute %d\n", nla_type(attr));
	}
}

static const char *put(struct pfsnl_ckpt_op *op)
{
	struct pfsnl_buf buf = { 0 };
	struct nlmsghdr *nlh;
	struct nlattr *attr;
	int left;

	text[0] = 0;
	assert_int_equal(pfsnl_ckpt_op_put(&buf, "changing", 7, op), 0);
	nlh = (void *)buf.data;
	say("command %d\n", genlmsg_hdr(nlh)->cmd - PFSNL_CMD_CKPT_OPEN);
	nlh->nlmsg_len = buf.len;
	nlmsg_for_each_attr(attr, nlh, GENL_HDRLEN, left)
		say_attr(attr);
	assert_int_equal(left, 0);
	pfsnl_buf_free(&buf);
	return text;
}

static void test_requests(void **state)
{
	struct pfsnl_ckpt_vec vecs[2] = {
		{ 3, bytes, 40001 }, { 50000, bytes, 2 },
	};
	struct pfsnl_ckpt_op op = {
		.kind = PFSNL_CKPT_OP_RETENTION, .time = 5,
	};

	(void)state;
	assert_string_equal(put(&op), "command 3\nhandle 7\nretention 5\n");
	op = (struct pfsnl_ckpt_op){
		.kind = PFSNL_CKPT_OP_CREATE, .id = "a", .id_len = 1,
		.data = bytes, .len = 40000, .time = PFSNL_NEVER,
		.flags = PFSNL_SAFE,
	};
	assert_string_equal(put(&op), "command 5\nhandle 7\nsafe\nsection <a>\nexpires 18446744073709551615\ndata of 32768\ndata of 7232\n");
	op.kind = PFSNL_CKPT_OP_CREATE_ANY;
	op.len = 0;
	op.flags = 0;
	assert_string_equal(put(&op), "command 5\nhandle 7\nmake-id\nexpires 18446744073709551615\n");
	op.kind = PFSNL_CKPT_OP_DELETE;
	op.id_len = 0;
	assert_string_equal(put(&op), "command 6\nhandle 7\nsection <>\n");
	op.kind = PFSNL_CKPT_OP_WRITE;
	op.vecs = vecs;
	op.count = 2;
	assert_string_equal(put(&op), "command 7\nhandle 7\nsection <>\nat 3, 32768 bytes\nat 32771, 7233 bytes\nat 50000, 2 bytes\n");
	op.kind = PFSNL_CKPT_OP_OVERWRITE;
	op.len = PFSNL_CKPT_WRITE_MAX;
	assert_string_equal(put(&op), "command 8\nhandle 7\nsection <>\ndata of 32768\ndata of 32768\ndata of 32768\ndata of 32768\n");
	op.kind = PFSNL_CKPT_OP_EXPIRATION;
	op.len = 0;
	assert_string_equal(put(&op), "command 9\nhandle 7\nsection <>\nexpires 18446744073709551615\n");
}

static void test_requests_refused(void **state)
{
	struct pfsnl_ckpt_op op = {
		.kind = PFSNL_CKPT_OP_OVERWRITE, .id = bytes, .id_len = 256,
	};
	struct pfsnl_buf buf = { 0 };

	(void)state;
	assert_int_equal(pfsnl_ckpt_op_put(&buf, "w", 1, &op), -ENAMETOOLONG);
	op.id_len = 255;
	assert_int_equal(pfsnl_ckpt_op_put(&buf, "w", 1, &op), 0);
	op.len = PFSNL_CKPT_WRITE_MAX + 1;
	op.data = bytes;
	assert_int_equal(pfsnl_ckpt_op_put(&buf, "w", 1, &op), -EMSGSIZE);
	op.len = 0;
	op.flags = PFSNL_CKPT_READ;
	assert_int_equal(pfsnl_ckpt_op_put(&buf, "w", 1, &op), -EINVAL);
	assert_has(pfsnl_errmsg(), "flags");
	op.flags = 0;
	op.kind = 99;
	assert_int_equal(pfsnl_ckpt_op_put(&buf, "w", 1, &op), -EOPNOTSUPP);
	pfsnl_buf_free(&buf);
}

static void test_numbers(void **state)
{
	static const unsigned char wire[20] = {
		1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 1, 0, 10, 0, 0, 2,
	};
	struct {
		struct nlattr nla;
		unsigned char wire[20];
	} attr = { .nla = { .nla_len = 24 } };
	struct pfsnl_ckpt_number number;
	unsigned char back[20];

	(void)state;
	memcpy(attr.wire, wire, sizeof(wire));
	number = pfsnl_ckpt_number_of(&attr.nla);
	assert_true(number.incarnation == 0x0102030405060708);
	assert_true(number.counter == 256);
	assert_int_equal(ntohl(number.addr.s_addr), 0x0a000002);
	pfsnl_ckpt_number_put(&number, back);
	assert_memory_equal(back, wire, 20);
	number = pfsnl_ckpt_number_of(NULL);
	assert_true(!number.incarnation && !number.counter);
	attr.nla.nla_len = 23;
	number = pfsnl_ckpt_number_of(&attr.nla);
	assert_true(!number.incarnation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_pieces_refused),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_requests_refused),
		cmocka_unit_test(test_numbers),
	};

	return cm_main(tests, NULL, NULL);
}
