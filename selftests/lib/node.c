// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: node up|down NETNS...
 * Starts an instance on eth0 of each network namespace with the default
 * settings, or stops it. For scripts that test the library and can't rely on
 * the command, which is made with it.
 */
#include <stdio.h>
#include <string.h>

#include <pfsnl.h>

static int up(struct pfsnl *handle)
{
	struct pfsnl_settings settings;
	int err;

	pfsnl_settings_init(&settings);
	err = pfsnl_ifindex(handle, "eth0", &settings.ifindex);
	settings.present = PFSNL_HAS_IFINDEX;
	return err ? err : pfsnl_start(handle, &settings);
}

int main(int argc, char **argv)
{
	struct pfsnl *handle;
	int i, err;

	if (argc < 3 || (strcmp(argv[1], "up") && strcmp(argv[1], "down"))) {
		fprintf(stderr, "Usage: node up|down NETNS...\n");
		return 2;
	}
	for (i = 2; i < argc; i++) {
		err = pfsnl_open_netns(&handle, argv[i]);
		if (!err) {
			err = strcmp(argv[1], "up") ?
			      pfsnl_stop(handle, PFSNL_WAIT_DEFAULT) :
			      up(handle);
			pfsnl_close(handle);
		}
		if (err) {
			fprintf(stderr, "node: %s: %s\n", argv[i],
				pfsnl_errmsg());
			return 1;
		}
	}
	return 0;
}
