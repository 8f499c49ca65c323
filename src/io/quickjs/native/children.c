/* Programs that we start, and what becomes of them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/* More arguments or variables than anything here has. */
#define MOST_STRINGS 4096
enum stdio { NOTHING, PIPE, OURS };

static void free_strings(char **strings)
{
	for (char **at = strings; at != NULL && *at != NULL; at++)
		free(*at);
	free(strings);
}

/* A list that ends with NULL, of an array of texts; NULL and an exception. */
static char **strings_of(JSContext *ctx, JSValueConst array)
{
	uint32_t length;
	char **strings;

	if (!length_of(ctx, array, &length))
		return NULL;
	strings = length > MOST_STRINGS ? NULL : calloc(length + 1, sizeof(*strings));
	if (strings == NULL) {
		JS_ThrowOutOfMemory(ctx);
		return NULL;
	}
	for (uint32_t i = 0; i < length; i++) {
		JSValue value = JS_GetPropertyUint32(ctx, array, i);
		const char *text = name_of(ctx, value);

		strings[i] = text == NULL ? NULL : strdup(text);
		JS_FreeCString(ctx, text);
		JS_FreeValue(ctx, value);
		if (strings[i] == NULL) {
			if (text != NULL)
				JS_ThrowOutOfMemory(ctx);
			free_strings(strings);
			return NULL;
		}
	}
	return strings;
}

static void close_pipes(int ends[3][2])
{
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 2; k++)
			if (ends[i][k] >= 0)
				close(ends[i][k]);
}

/* One end of a pipe, above the three that a child has from us. @return it, or -1 and errno */
static int lifted(int fd)
{
	int above = fcntl(fd, F_DUPFD, 3), error = errno;

	close(fd);
	errno = error;
	if (above >= 0 && fcntl(above, F_SETFD, FD_CLOEXEC) < 0) {
		close(above);
		return -1;
	}
	return above;
}

/* @param ends the child's, and ours @return 0, or -1 and errno */
static int make_pipe(int standard, int ends[2])
{
	int made[2], flags;
	int childs = standard == 0 ? 0 : 1;

	if (pipe(made) < 0)
		return -1;
	ends[0] = lifted(made[childs]);
	ends[1] = lifted(made[1 - childs]);
	if (ends[0] < 0 || ends[1] < 0)
		return -1;
	flags = fcntl(ends[1], F_GETFL);
	return flags < 0 ? -1 : fcntl(ends[1], F_SETFL, flags | O_NONBLOCK);
}

/* As execvp(3) looks for a program, but by the child's own PATH. @return 0, or an errno */
static int find_program(const char *name, char *const *environment, char found[PATH_MAX])
{
	const char *path = DEFAULT_PATH;
	int error = ENOENT;

	if (strlen(name) >= PATH_MAX)
		return ENAMETOOLONG;
	if (strchr(name, '/') != NULL) {
		strcpy(found, name);
		return 0;
	}
	for (; *environment != NULL; environment++)
		if (strncmp(*environment, "PATH=", 5) == 0)
			path = *environment + 5;
	for (;;) {
		size_t length = strcspn(path, ":");

		if (length > 0 && name[0] != 0 && length + 1 + strlen(name) < PATH_MAX) {
			memcpy(found, path, length);
			found[length] = '/';
			strcpy(found + length + 1, name);
			if (access(found, X_OK) == 0)
				return 0;
			if (errno == EACCES)
				error = EACCES;
		}
		if (path[length] == 0)
			return error;
		path += length + 1;
	}
}

/* @return 0, or an errno */
static int start(pid_t *pid, char **argv, char **environment, bool is_detached, const int stdio[3], int ends[3][2])
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
	sigset_t all, none;
	char program[PATH_MAX];
	int error = find_program(argv[0], environment, program);

	if (error != 0)
		return error;
	/* A program expects SIGPIPE to be as it was born with, and not as we ignore it. */
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, is_detached ? flags | POSIX_SPAWN_SETPGROUP : flags);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setpgroup(&attributes, 0);
	for (int i = 0; i < 3 && error == 0; i++) {
		if (stdio[i] == NOTHING)
			error = posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR, 0);
		else if (stdio[i] == PIPE)
			error = posix_spawn_file_actions_adddup2(&actions, ends[i][0], i);
	}
	if (error == 0)
		error = posix_spawn(pid, program, &actions, &attributes, argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static bool stdio_of(JSContext *ctx, JSValueConst array, int stdio[3])
{
	uint32_t length;

	if (!length_of(ctx, array, &length))
		return false;
	for (uint32_t i = 0; i < 3; i++) {
		JSValue value = JS_GetPropertyUint32(ctx, array, i);
		bool is_good = int_of(ctx, value, &stdio[i]);

		JS_FreeValue(ctx, value);
		if (!is_good)
			return false;
		if (stdio[i] < NOTHING || stdio[i] > OURS) {
			JS_ThrowTypeError(ctx, "standard input and outputs are 0, 1 or 2");
			return false;
		}
	}
	return true;
}

static JSValue spawn(ARGUMENTS)
{
	char **argv, **environment = NULL;
	int stdio[3], ends[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}}, error = 0;
	pid_t pid = -1;
	JSValue values[4];

	NEEDS(4);
	argv = strings_of(ctx, arguments[0]);
	environment = argv == NULL ? NULL : strings_of(ctx, arguments[1]);
	if (environment == NULL || !stdio_of(ctx, arguments[3], stdio)) {
		free_strings(argv);
		free_strings(environment);
		return JS_EXCEPTION;
	}
	if (argv[0] == NULL)
		error = EINVAL;
	for (int i = 0; i < 3 && error == 0; i++)
		if (stdio[i] == PIPE && make_pipe(i, ends[i]) < 0)
			error = errno;
	if (error == 0)
		error = start(&pid, argv, environment, JS_ToBool(ctx, arguments[2]) == 1, stdio, ends);
	free_strings(argv);
	free_strings(environment);
	values[0] = JS_NewInt32(ctx, pid);
	for (int i = 0; i < 3; i++) {
		values[i + 1] = JS_NewInt32(ctx, ends[i][1]);
		if (error == 0)
			ends[i][1] = -1;
	}
	/* What is the child's, and all where there is none. */
	close_pipes(ends);
	return error == 0 ? array_of(ctx, COUNT(values), values) : JS_NewInt32(ctx, -error);
}

static JSValue reap(ARGUMENTS)
{
	int pid, status = 0;
	pid_t ended;

	NEEDS(1);
	if (!int_of(ctx, arguments[0], &pid))
		return JS_EXCEPTION;
	do
		ended = waitpid(pid, &status, WNOHANG);
	while (ended < 0 && errno == EINTR);
	if (ended < 0)
		return JS_NewInt32(ctx, -errno);
	if (ended == 0)
		return JS_NewInt32(ctx, -EAGAIN);
	return JS_NewInt32(ctx, WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status));
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("spawn", 4, spawn),
	JS_CFUNC_DEF("reap", 1, reap),
};

PART(children)
