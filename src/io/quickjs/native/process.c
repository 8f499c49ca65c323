/* The process itself: what it was started with, and how it ends. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "host.h"
#include "process.h"

/* Without /proc. */
#define LIKELY_DESCRIPTORS 64

extern char **environ;

static int arguments_count;
static char **all_arguments;
static int status_at_end;

/* What else we have inherited isn't for our children. */
static void keep_from_children(void)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;

	for (int fd = 3; folder == NULL && fd < LIKELY_DESCRIPTORS; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	while (folder != NULL && (entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.' && atoi(entry->d_name) > 2)
			fcntl(atoi(entry->d_name), F_SETFD, FD_CLOEXEC);
	if (folder != NULL)
		closedir(folder);
}

void start_process(int count, char **arguments)
{
	arguments_count = count;
	all_arguments = arguments;
	/* One that is closed would be given to a socket, and what is printed would go out there. */
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			_exit(1);
	keep_from_children();
}

int exit_status(void)
{
	return status_at_end;
}

static JSValue texts(JSContext *ctx, char *const *strings)
{
	JSValue array = JS_NewArray(ctx);

	for (uint32_t i = 0; strings[i] != NULL && !JS_IsException(array); i++) {
		JSValue text = text_from_utf8(ctx, strings[i], strlen(strings[i]));

		if (!JS_IsException(text) && JS_DefinePropertyValueUint32(ctx, array, i, text, JS_PROP_C_W_E) >= 0)
			continue;
		JS_FreeValue(ctx, array);
		array = JS_EXCEPTION;
	}
	return array;
}

static JSValue argv(ARGUMENTS)
{
	NEEDS(0);
	return texts(ctx, arguments_count == 0 ? (char *const[]){"branchline", NULL} : all_arguments);
}

static JSValue environment(ARGUMENTS)
{
	NEEDS(0);
	return texts(ctx, environ);
}

static JSValue executable(ARGUMENTS)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path));

	NEEDS(0);
	return text_from_utf8(ctx, path, length < 0 ? 0 : (size_t)length);
}

static JSValue pid(ARGUMENTS)
{
	NEEDS(0);
	return JS_NewInt32(ctx, getpid());
}

static JSValue uid(ARGUMENTS)
{
	NEEDS(0);
	return JS_NewUint32(ctx, getuid());
}

static JSValue set_title(ARGUMENTS)
{
	const char *name;

	NEEDS(1);
	name = name_of(ctx, arguments[0]);
	if (name == NULL)
		return JS_EXCEPTION;
	prctl(PR_SET_NAME, name);
	JS_FreeCString(ctx, name);
	return JS_UNDEFINED;
}

static JSValue set_exit_status(ARGUMENTS)
{
	NEEDS(1);
	return int_of(ctx, arguments[0], &status_at_end) ? JS_UNDEFINED : JS_EXCEPTION;
}

static JSValue exit_now(ARGUMENTS)
{
	NEEDS(1);
	if (!int_of(ctx, arguments[0], &status_at_end))
		return JS_EXCEPTION;
	exit(status_at_end);
}

static JSValue kill_process(ARGUMENTS)
{
	int whom, signal;

	NEEDS(2);
	if (!int_of(ctx, arguments[0], &whom) || !int_of(ctx, arguments[1], &signal))
		return JS_EXCEPTION;
	return result_or_errno(ctx, kill(whom, signal));
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("argv", 0, argv),
	JS_CFUNC_DEF("environment", 0, environment),
	JS_CFUNC_DEF("executable", 0, executable),
	JS_CFUNC_DEF("pid", 0, pid),
	JS_CFUNC_DEF("uid", 0, uid),
	JS_CFUNC_DEF("setTitle", 1, set_title),
	JS_CFUNC_DEF("exit", 1, exit_now),
	JS_CFUNC_DEF("setExitStatus", 1, set_exit_status),
	JS_CFUNC_DEF("kill", 2, kill_process),
};

PART(process)
