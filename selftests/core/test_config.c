// SPDX-License-Identifier: GPL-2.0
/*
 * Settings: every limit on both sides, and a text with every refusal.
 */
#include "test.h"

#include <errno.h>

#include "config.h"

static struct pfsnl_config cfg;

static int setup(void **state)
{
	pfsnl_config_defaults(&cfg);
	cfg.addr = 0x0a000001;
	cfg.broadcast = 0x0a0000ff;
	return 0;
}

static void cluster_set(const char *name)
{
	snprintf(cfg.cluster, sizeof(cfg.cluster), "%s", name);
}

static void assert_taken(void)
{
	const char *why = "not touched";

	assert_int_equal(pfsnl_config_check(&cfg, &why), 0);
	assert_null(why);
}

/* refused, with a text that names the setting */
static void assert_refused(const char *word)
{
	const char *why = NULL;

	assert_int_equal(pfsnl_config_check(&cfg, &why), -EINVAL);
	assert_non_null(why);
	assert_non_null(strstr(why, word));
}

static void defaults_are_those_of_the_protocol(void **state)
{
	assert_string_equal(cfg.cluster, "pfsnl");
	assert_int_equal(cfg.port, 7319);
	assert_int_equal(cfg.tether_port, 7319);
	assert_int_equal(cfg.interval_ms, 200);
	assert_int_equal(cfg.dead, 5);
	assert_int_equal(cfg.priority, 100);
	assert_int_equal(cfg.beacon_to, PFSNL_BEACON_TO_BROADCAST);
	assert_int_equal(cfg.level0, PFSNL_LEVEL0_AUTO);
	assert_taken();
}

static void defaults_lack_an_address(void **state)
{
	pfsnl_config_defaults(&cfg);
	assert_refused("address");
}

static void address_must_be_one_that_a_host_can_have(void **state)
{
	static const u32 bad[] = {
		0, 1, 0x00ffffff, 0xe0000000, 0xe0000001, 0xefffffff,
		0xffffffff,
	};
	static const u32 good[] = {
		0x01000000, 0x7f000001, 0x0a000001, 0xc0a80001, 0xdfffffff,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		cfg.addr = bad[i];
		assert_refused("address");
	}
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		cfg.addr = good[i];
		assert_taken();
	}
}

static void cluster_name_must_not_be_empty(void **state)
{
	cfg.cluster[0] = 0;
	assert_refused("cluster");
	memset(cfg.cluster, 'x', PFSNL_CLUSTER_NAME_MAX);
	cfg.cluster[PFSNL_CLUSTER_NAME_MAX] = 0;
	assert_taken();
}

static void ports_must_not_be_zero(void **state)
{
	cfg.port = 0;
	assert_refused("port");
	cfg.port = 65535;
	assert_taken();
	cfg.tether_port = 0;
	assert_refused("port");
	cfg.tether_port = 1;
	assert_taken();
}

/* one setting with a lowest and a highest value */
static void check_range(u32 *setting, u32 low, u32 high, const char *word)
{
	*setting = low;
	assert_taken();
	*setting = high;
	assert_taken();
	*setting = low - 1;
	assert_refused(word);
	*setting = high + 1;
	assert_refused(word);
	*setting = 0xffffffff;
	assert_refused(word);
	*setting = low;
}

static void interval_is_10_to_10000_ms(void **state)
{
	check_range(&cfg.interval_ms, 10, 10000, "interval");
}

static void dead_is_3_to_100_beacons(void **state)
{
	check_range(&cfg.dead, 3, 100, "dead");
}

static void level0_dead_is_100_to_600000_ms(void **state)
{
	check_range(&cfg.level0_dead_ms, 100, 600000, "level0-dead");
}

static void max_nodes_is_1_to_4096(void **state)
{
	check_range(&cfg.max_nodes, 1, 4096, "max-nodes");
}

static void sync_deadline_is_up_to_an_hour(void **state)
{
	assert_int_equal(cfg.sync_deadline_ms, 0);
	cfg.sync_deadline_ms = 3600000;
	assert_taken();
	cfg.sync_deadline_ms = 3600001;
	assert_refused("sync-deadline");
	cfg.sync_deadline_ms = 0xffffffff;
	assert_refused("sync-deadline");
}

static void any_priority_is_allowed(void **state)
{
	cfg.priority = 0;
	assert_taken();
	cfg.priority = 255;
	assert_taken();
}

static void level0_is_one_of_three(void **state)
{
	cfg.level0 = PFSNL_LEVEL0_ON;
	assert_taken();
	cfg.level0 = PFSNL_LEVEL0_OFF;
	assert_taken();
	cfg.level0 = PFSNL_LEVEL0_ON + 1;
	assert_refused("level0");
	cfg.level0 = 255;
	assert_refused("level0");
}

static void beacons_go_to_one_of_three(void **state)
{
	cfg.beacon_to = PFSNL_BEACON_TO_STATIC + 1;
	assert_refused("beacons");
	cfg.beacon_to = 255;
	assert_refused("beacons");
}

static void broadcast_needs_an_address(void **state)
{
	cfg.broadcast = 0;
	assert_refused("broadcast");
	cfg.broadcast = 0xffffffff;
	assert_taken();
}

static void multicast_needs_a_group(void **state)
{
	static const u32 bad[] = { 0, 0x0a000001, 0xdfffffff, 0xf0000000 };
	size_t i;

	cfg.beacon_to = PFSNL_BEACON_TO_MULTICAST;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		cfg.group = bad[i];
		assert_refused("group");
	}
	cfg.group = 0xe0000000;
	assert_taken();
	cfg.group = 0xefffffff;
	assert_taken();
	/* and no broadcast address */
	cfg.broadcast = 0;
	assert_taken();
}

static void static_peers_are_1_to_64_unicast_addresses(void **state)
{
	u32 i;

	cfg.beacon_to = PFSNL_BEACON_TO_STATIC;
	cfg.broadcast = 0;
	assert_refused("peer");
	for (i = 0; i < PFSNL_STATIC_PEERS_MAX; i++)
		cfg.static_peers[i] = 0x0a000001 + i;
	cfg.n_static = 1;
	assert_taken();
	cfg.n_static = PFSNL_STATIC_PEERS_MAX;
	assert_taken();
	for (i = 0; i < PFSNL_STATIC_PEERS_MAX; i++) {
		cfg.static_peers[i] = 0xe0000001;
		assert_refused("peer");
		cfg.static_peers[i] = 0x0a000001 + i;
	}
	cfg.n_static = PFSNL_STATIC_PEERS_MAX + 1;
	assert_refused("static");
	/* not read past its end even if it isn't used */
	cfg.n_static = 0xffffffff;
	cfg.beacon_to = PFSNL_BEACON_TO_BROADCAST;
	cfg.broadcast = 0x0a0000ff;
	assert_refused("static");
}

static void cluster_id_is_fnv1a_of_the_name(void **state)
{
	/* published values of FNV-1a, 64 bits */
	cluster_set("a");
	assert_int_equal(pfsnl_config_cluster_id(&cfg), 0xaf63dc4c8601ec8cULL);
	cluster_set("foobar");
	assert_int_equal(pfsnl_config_cluster_id(&cfg), 0x85944171f73967e8ULL);
	/* bytes above 127 are not negative */
	cluster_set("\xff");
	assert_int_equal(pfsnl_config_cluster_id(&cfg), 0xaf64724c8602eb6eULL);
}

static void level0_peers_belong_to_the_default_cluster_unless_told(void **state)
{
	assert_true(pfsnl_config_serves_level0(&cfg));
	cluster_set("other");
	assert_false(pfsnl_config_serves_level0(&cfg));
	cfg.level0 = PFSNL_LEVEL0_ON;
	assert_true(pfsnl_config_serves_level0(&cfg));
	cluster_set("pfsnl");
	cfg.level0 = PFSNL_LEVEL0_OFF;
	assert_false(pfsnl_config_serves_level0(&cfg));
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test_setup(defaults_are_those_of_the_protocol, setup),
		cmocka_unit_test_setup(defaults_lack_an_address, setup),
		cmocka_unit_test_setup(address_must_be_one_that_a_host_can_have,
				       setup),
		cmocka_unit_test_setup(cluster_name_must_not_be_empty, setup),
		cmocka_unit_test_setup(ports_must_not_be_zero, setup),
		cmocka_unit_test_setup(interval_is_10_to_10000_ms, setup),
		cmocka_unit_test_setup(dead_is_3_to_100_beacons, setup),
		cmocka_unit_test_setup(level0_dead_is_100_to_600000_ms, setup),
		cmocka_unit_test_setup(max_nodes_is_1_to_4096, setup),
		cmocka_unit_test_setup(sync_deadline_is_up_to_an_hour, setup),
		cmocka_unit_test_setup(any_priority_is_allowed, setup),
		cmocka_unit_test_setup(level0_is_one_of_three, setup),
		cmocka_unit_test_setup(beacons_go_to_one_of_three, setup),
		cmocka_unit_test_setup(broadcast_needs_an_address, setup),
		cmocka_unit_test_setup(multicast_needs_a_group, setup),
		cmocka_unit_test_setup(static_peers_are_1_to_64_unicast_addresses,
				       setup),
		cmocka_unit_test_setup(cluster_id_is_fnv1a_of_the_name, setup),
		cmocka_unit_test_setup(level0_peers_belong_to_the_default_cluster_unless_told,
				       setup),
	};

	return RUN_TESTS(tests);
}
