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
	&cmd_watch, &cmd_stats, &cmd_monitor, &cmd_group_list,
	&cmd_group_members, &cmd_group_join, &cmd_send, &cmd_recv, &cmd_sync,
	&cmd_ckpt_ls, &cmd_ckpt_stat, &cmd_ckpt_create, &cmd_ckpt_read,
	&cmd_ckpt_write, &cmd_ckpt_rm, &cmd_ckpt_watch, &cmd_ckpt_dump,
	&cmd_ckpt_load, &cmd_ckpt_limit,
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
	case -ETIMEDOUT:
		return EXIT_TIMEOUT;
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
		fprintf(to, "  %-15s%s\n", cmds[i]->name, cmds[i]->summary);
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
	       "  pfsnl recv news                 print what members of a group say\n"
	       "  echo hello | pfsnl send news    say something to them\n"
	       "  pfsnl ckpt ls                   list the data that all nodes have\n"
	       "\nExit codes: 0 done, 1 failed, 2 bad usage, 3 module not loaded,\n"
	       "4 no instance runs (or, for up, one does already), 5 not permitted,\n"
	       "124 timed out.  See pfsnl(8).\n");
}

/* Prints what a subcommand is called with, after its options. */
static void help_operands(FILE *to, const struct cmd *cmd)
{
	bool may = cmd->operand && !cmd->needs_operand;
	unsigned int i;

	fprintf(to, "%s%s%s", may ? " [" : cmd->operand ? " " : "",
		cmd->operand ? cmd->operand : "", may ? "]" : "");
	for (i = 0; i < 2 && cmd->more[i]; i++)
		fprintf(to, i < cmd->needs_more ? " %s" : " [%s]",
			cmd->more[i]);
}

static void help_cmd(const struct cmd *cmd)
{
	printf("Usage: pfsnl %s [OPTION]...", cmd->name);
	help_operands(stdout, cmd);
	printf("\n\n%s\n", cmd->about);
	if (cmd->options) {
		printf("\nOptions:\n");
		opt_help(cmd->options);
	}
	printf("\nOptions of all subcommands:\n");
	opt_help(OPTS_GLOBAL);
	printf("\nExamples:\n%s", cmd->examples);
}

/* The second word of a name whose first is @first; NULL if it is not. */
static const char *second_word(const char *name, const char *first)
{
	size_t len = strlen(first);

	if (!len || strncmp(name, first, len) || name[len] != ' ')
		return NULL;
	return name + len + 1;
}

/* Whether @name is the first word of names that have two. */
static bool is_first_word(const char *name)
{
	size_t i;

	for (i = 0; i < NUM_CMDS; i++)
		if (second_word(cmds[i]->name, name))
			return true;
	return false;
}

static void help_first_word(FILE *to, const char *first)
{
	size_t i;

	fprintf(to, "Usage: pfsnl %s SUBCOMMAND [OPTION]... [OPERAND]\n\nSubcommands:\n",
		first);
	for (i = 0; i < NUM_CMDS; i++)
		if (second_word(cmds[i]->name, first))
			fprintf(to, "  %-15s%s\n", cmds[i]->name,
				cmds[i]->summary);
	fprintf(to, "\n'pfsnl %s SUBCOMMAND --help' tells all of one.\n",
		first);
}

/* What others call what we call otherwise. */
static const struct {
	const char *theirs;
	const char *ours;
} words[] = {
	{ "start", "up" }, { "stop", "down" }, { "show", "status" },
	{ "info", "status" }, { "nodes", "peers" }, { "receive", "recv" },
	{ "checkpoint", "ckpt" }, { "checkpoints", "ckpt" },
	{ "list", "ls" }, { "ls", "list" }, { "show", "stat" },
	{ "info", "stat" }, { "show", "members" }, { "get", "read" },
	{ "cat", "read" }, { "put", "write" }, { "set", "write" },
	{ "delete", "rm" }, { "del", "rm" }, { "remove", "rm" },
	{ "unlink", "rm" }, { "new", "create" }, { "add", "create" },
	{ "export", "dump" }, { "import", "load" }, { "create", "join" },
};

static bool is_called(const char *word, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(words[i].theirs, name) &&
		    !strcmp(words[i].ours, word))
			return true;
	return !strcmp(word, name);
}

/*
 * What may be meant by @name, which is no subcommand, with @first no second
 * word of one: those that others call so, and those of which it is the second
 * word. Return: how many of @found are set.
 */
static unsigned int meant(const char *first, const char *name,
			  const char *found[2])
{
	const char *word, *second;
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < NUM_CMDS && n < 2; i++) {
		second = strchr(cmds[i]->name, ' ');
		word = first ? second_word(cmds[i]->name, first) :
		       second ? second + 1 : cmds[i]->name;
		if (word && is_called(word, name))
			found[n++] = cmds[i]->name;
	}
	if (!n && !first && is_called("ckpt", name))
		found[n++] = "ckpt";
	return n;
}

/* What there is behind @first. */
static void note_words(const char *first)
{
	const char *word;
	char list[160];
	size_t at = 0, i;

	for (i = 0; i < NUM_CMDS && at < sizeof(list); i++) {
		word = second_word(cmds[i]->name, first);
		if (word)
			at += (size_t)snprintf(list + at, sizeof(list) - at,
					       "%s%s", at ? ", " : "", word);
	}
	note("there is %s", list);
}

/*
 * The subcommand of this name. With @first it is the second word of one whose
 * first is @first; NULL after a complaint.
 */
static const struct cmd *find_cmd(const char *first, const char *name)
{
	const char *word, *found[2];
	char given[80], best[2][80];
	struct suggest s;
	unsigned int n;
	size_t i;

	suggest_begin(&s, name);
	for (i = 0; i < NUM_CMDS; i++) {
		word = first ? second_word(cmds[i]->name, first) :
			       cmds[i]->name;
		if (word && !strcmp(word, name))
			return cmds[i];
		if (word && !strchr(word, ' '))
			suggest_offer(&s, word);
	}
	if (!first) {
		suggest_offer(&s, "group");
		suggest_offer(&s, "ckpt");
		suggest_offer(&s, "help");
	}
	snprintf(given, sizeof(given), "%s%s%.60s", first ? first : "",
		 first ? " " : "", name);
	n = meant(first, name, found);
	/* Whoever left something out at the end meant just that. */
	if (s.best && (!n || !strncmp(s.best, name, strlen(name)))) {
		n = s.also ? 2 : 1;
		for (i = 0; i < n; i++) {
			snprintf(best[i], sizeof(best[i]), "%s%s%s",
				 first ? first : "", first ? " " : "",
				 i ? s.also : s.best);
			found[i] = best[i];
		}
	}
	if (n == 2)
		complain("unknown subcommand '%s'; did you mean '%s' or '%s'?",
			 given, found[0], found[1]);
	else if (n)
		complain("unknown subcommand '%s'; did you mean '%s'?", given,
			 found[0]);
	else
		complain("unknown subcommand '%s'", given);
	if (!n && first)
		note_words(first);
	note("try 'pfsnl %s%s--help'", first ? first : "", first ? " " : "");
	return NULL;
}

/*
 * Finds the subcommand that begins at *at, and moves that on to its last word.
 * NULL when all is said; *code is what to end with then.
 */
static const struct cmd *take_cmd(struct run *run, int argc, char **argv,
				  int *at, int *code)
{
	const char *first = argv[*at];
	int used;

	*code = EXIT_USAGE;
	if (!is_first_word(first))
		return find_cmd(NULL, first);
	used = opt_parse(&run->args, OPTS_GLOBAL, NULL, argc - *at, argv + *at);
	if (used < 0)
		return NULL;
	*at += used;
	if (*at < argc && !strcmp(argv[*at], "help")) {
		run->args.given |= OPT_BIT(OPT_HELP);
		++*at;
	}
	if (*at < argc)
		return find_cmd(first, argv[*at]);
	help_first_word(given(&run->args, OPT_HELP) ? stdout : stderr, first);
	if (given(&run->args, OPT_HELP))
		*code = EXIT_OK;
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

/* What the help calls operand @i of a subcommand; NULL if it takes none such. */
static const char *operand_name(const struct cmd *cmd, unsigned int i)
{
	return !i ? cmd->operand : i < 3 ? cmd->more[i - 1] : NULL;
}

/* The value of --wait can be left out, so it takes no word. */
static int check_wait(const struct run *run, int argc, char **argv, int at)
{
	uint32_t ms;
	int i;

	for (i = at; i < argc && given(&run->args, OPT_WAIT_RING); i++) {
		if (value_time(argv[i], 1, 0, UINT32_MAX, &ms))
			continue;
		complain("'%s' is no interface; did you mean '--wait=%s'?",
			 argv[i], argv[i]);
		return -1;
	}
	return 0;
}

static int take_operands(struct run *run, int argc, char **argv, int at)
{
	const struct cmd *cmd = run->cmd;
	unsigned int needs = cmd->needs_operand ? 1 + cmd->needs_more : 0;
	unsigned int count = (unsigned int)(argc - at), i;

	if (count < needs) {
		out_push();
		fprintf(stderr, "pfsnl: which %s? Say: pfsnl %s",
			operand_name(cmd, count), cmd->name);
		help_operands(stderr, cmd);
		fputc('\n', stderr);
		note("try 'pfsnl %s --help'", cmd->name);
		return -1;
	}
	if (check_wait(run, argc, argv, at))
		return -1;
	for (i = 0; i < count && operand_name(cmd, i); i++) {
		if (!i)
			run->operand = argv[at];
		else
			run->more[i - 1] = argv[at + (int)i];
	}
	if (i == count)
		return 0;
	if (!i)
		complain("'pfsnl %s' takes no operand, but there is '%s'",
			 cmd->name, argv[at]);
	else if (i == 1)
		complain("'pfsnl %s' takes one %s, but there is '%s' after '%s'",
			 cmd->name, cmd->operand, argv[at + 1], argv[at]);
	else
		complain("'pfsnl %s' takes %u operands, but there is '%s' after '%s'",
			 cmd->name, i, argv[at + (int)i],
			 argv[at + (int)i - 1]);
	if (cmd->of_one)
		note("'pfsnl %s %s' tells of it", cmd->of_one, argv[at]);
	else if (cmd->says_input)
		note("what to say is read from the standard input: echo '%s' | pfsnl %s %s",
		     argv[at + (int)i], cmd->name, argv[at]);
	else if (opt_find(cmd->options, argv[at + (int)i]) != NUM_OPTS)
		note("did you mean '--%s'?", argv[at + (int)i]);
	else
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
	run.cmd = take_cmd(&run, argc, argv, &at, &code);
	if (!run.cmd)
		return code == EXIT_OK ? finish(code) : code;
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
	if (take_operands(&run, argc, argv, at))
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
