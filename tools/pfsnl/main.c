// SPDX-License-Identifier: GPL-2.0
/* The pfsnl command: finds the subcommand and hands it its options. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "opt.h"
#include "out.h"
#include "suggest.h"
#include "value.h"

/* In the order people need them. */
static const struct cmd *const cmds[] = {
	&cmd_up, &cmd_down, &cmd_set, &cmd_status, &cmd_ring, &cmd_peers,
	&cmd_watch, &cmd_stats, &cmd_monitor,
};

#define NUM_CMDS (sizeof(cmds) / sizeof(*cmds))

const struct cmd *cmd_with_option(const char *name)
{
	size_t i;

	for (i = 0; i < NUM_CMDS; i++)
		if (opt_find(cmds[i]->options, name) != NUM_OPTS)
			return cmds[i];
	/* The global options are everybody's. */
	return cmds[0];
}

int failed(int err)
{
	complain("%s", pfsnl_errmsg());
	switch (err) {
	case -EPROTONOSUPPORT:
		return EXIT_UNLOADED;
	case -ENETDOWN:
	case -EALREADY:
		return EXIT_STATE;
	case -EPERM:
	case -EACCES:
		return EXIT_DENIED;
	default:
		return EXIT_FAILED;
	}
}

static void help_all(FILE *to)
{
	size_t i;

	/* opt_help() prints to stdout, so the short form has no options. */
	fprintf(to, "Usage: pfsnl [OPTION]... SUBCOMMAND [OPTION]... [OPERAND]\n\n"
		"Starts, stops, changes and watches this machine's node of a cluster.\n\n"
		"Subcommands:\n");
	for (i = 0; i < NUM_CMDS; i++)
		fprintf(to, "  %-10s%s\n", cmds[i]->name, cmds[i]->summary);
	if (to != stdout) {
		fprintf(to, "\n'pfsnl --help' tells more, 'pfsnl SUBCOMMAND --help' all of one.\n");
		return;
	}
	printf("\nOptions of all of them:\n");
	opt_help(OPTS_GLOBAL);
	printf("\nExamples:\n"
	       "  pfsnl up eth0                   be a node on the subnet of eth0\n"
	       "  pfsnl status                    how is this node?\n"
	       "  pfsnl peers                     who is there?\n"
	       "  pfsnl watch                     see nodes come and go\n"
	       "  pfsnl peers --json | jq -r '.peers[].address'\n"
	       "  pfsnl down                      say goodbye and stop\n"
	       "\nExit codes: 0 done, 1 failed, 2 bad usage, 3 module not loaded,\n"
	       "4 no instance runs (or, for up, one does already), 5 not permitted,\n"
	       "124 timed out.  See pfsnl(8).\n");
}

static void help_cmd(const struct cmd *cmd)
{
	printf("Usage: pfsnl %s [OPTION]...%s%s%s\n\n%s\n", cmd->name,
	       cmd->operand ? " [" : "", cmd->operand ? cmd->operand : "",
	       cmd->operand ? "]" : "", cmd->about);
	if (cmd->options) {
		printf("\nOptions:\n");
		opt_help(cmd->options);
	}
	printf("\nOptions of all subcommands:\n");
	opt_help(OPTS_GLOBAL);
	printf("\nExamples:\n%s", cmd->examples);
}

static const struct cmd *find_cmd(const char *name)
{
	struct suggest s;
	size_t i;

	suggest_begin(&s, name);
	for (i = 0; i < NUM_CMDS; i++) {
		if (!strcmp(cmds[i]->name, name))
			return cmds[i];
		suggest_offer(&s, cmds[i]->name);
	}
	suggest_offer(&s, "help");
	if (s.also)
		complain("unknown subcommand '%s'; did you mean '%s' or '%s'?",
			 name, s.best, s.also);
	else if (s.best)
		complain("unknown subcommand '%s'; did you mean '%s'?", name,
			 s.best);
	else
		complain("unknown subcommand '%s'", name);
	note("try 'pfsnl --help'");
	return NULL;
}

/* Ends a call that printed something; a reader that went away is no failure. */
static int finish(int code)
{
	int err = out_flush();

	if (err && err != -EPIPE && code == EXIT_OK)
		return EXIT_FAILED;
	return code;
}

/* A descriptor opened for other things must never become standard output. */
static void fill_standard_fds(void)
{
	int fd;

	do {
		/* Read only, so that writing to a closed output fails. */
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int take_operand(struct run *run, int argc, char **argv, int at)
{
	const struct cmd *cmd = run->cmd;
	uint32_t ms;
	int i;

	if (at >= argc)
		return 0;
	for (i = at; i < argc && given(&run->args, OPT_WAIT_RING); i++) {
		/* The value of --wait can be left out, so it takes no word. */
		if (value_time(argv[i], 1, 0, UINT32_MAX, &ms))
			continue;
		complain("'%s' is no interface; did you mean '--wait=%s'?",
			 argv[i], argv[i]);
		return -1;
	}
	if (!cmd->operand)
		complain("'pfsnl %s' takes no operand, but there is '%s'",
			 cmd->name, argv[at]);
	else if (at + 1 < argc)
		complain("'pfsnl %s' takes one %s, but there is '%s' after '%s'",
			 cmd->name, cmd->operand, argv[at + 1], argv[at]);
	run->operand = argv[at];
	if (cmd->operand && at + 1 == argc)
		return 0;
	note("try 'pfsnl %s --help'", cmd->name);
	return -1;
}

static int open_handle(struct run *run)
{
	int err;

	if (given(&run->args, OPT_NETNS))
		err = pfsnl_open_netns(&run->handle, run->args.netns);
	else
		err = pfsnl_open(&run->handle);
	return err ? failed(err) : EXIT_OK;
}

static int version(void)
{
	printf("pfsnl %s\n", pfsnl_version());
	return finish(EXIT_OK);
}

int main(int argc, char **argv)
{
	struct run run = { 0 };
	int at, code;

	fill_standard_fds();
	signal(SIGPIPE, SIG_IGN);
	at = opt_parse(&run.args, OPTS_GLOBAL, NULL, argc, argv);
	if (at < 0)
		return EXIT_USAGE;
	if (given(&run.args, OPT_VERSION))
		return version();
	if (at < argc && !strcmp(argv[at], "help")) {
		run.args.given |= OPT_BIT(OPT_HELP);
		at++;
	}
	if (at == argc) {
		if (given(&run.args, OPT_HELP)) {
			help_all(stdout);
			return finish(EXIT_OK);
		}
		help_all(stderr);
		return EXIT_USAGE;
	}
	run.cmd = find_cmd(argv[at]);
	if (!run.cmd)
		return EXIT_USAGE;
	argc -= at;
	argv += at;
	at = opt_parse(&run.args, OPTS_GLOBAL | run.cmd->options, run.cmd, argc,
		       argv);
	if (at < 0)
		return EXIT_USAGE;
	if (given(&run.args, OPT_HELP)) {
		help_cmd(run.cmd);
		return finish(EXIT_OK);
	}
	if (given(&run.args, OPT_VERSION))
		return version();
	if (take_operand(&run, argc, argv, at))
		return EXIT_USAGE;
	if (given(&run.args, OPT_CONFIG) &&
	    conf_read(&run.args, run.args.config))
		return EXIT_USAGE;
	run.json = given(&run.args, OPT_JSON);
	out_color(run.args.color);
	code = open_handle(&run);
	if (code == EXIT_OK) {
		code = run.cmd->run(&run);
		pfsnl_close(run.handle);
	}
	return finish(code);
}
