/* What the file system says of a path: where it leads, what lies in it, and whose it is. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"

/* Of one folder: those that the program reads have a few. */
#define MOST_NAMES 16384

static JSValue real_path(ARGUMENTS)
{
	const char *path;
	char resolved[PATH_MAX];
	JSValue result;

	NEEDS(1);
	path = name_of(ctx, arguments[0]);
	if (path == NULL)
		return JS_EXCEPTION;
	if (realpath(path, resolved) == NULL)
		result = JS_NewInt32(ctx, -errno);
	else
		result = text_from_utf8(ctx, resolved, strlen(resolved));
	JS_FreeCString(ctx, path);
	return result;
}

static JSValue read_link(ARGUMENTS)
{
	const char *path;
	char target[PATH_MAX];
	ssize_t length;
	JSValue result;

	NEEDS(1);
	path = name_of(ctx, arguments[0]);
	if (path == NULL)
		return JS_EXCEPTION;
	length = readlink(path, target, sizeof(target));
	if (length < 0)
		result = JS_NewInt32(ctx, -errno);
	else
		result = text_from_utf8(ctx, target, (size_t)length);
	JS_FreeCString(ctx, path);
	return result;
}

/* The next name but "." and ".."; NULL at the end, or where `error` is set. */
static const char *next_name(DIR *folder, int *error)
{
	for (;;) {
		const struct dirent *entry;

		errno = 0;
		entry = readdir(folder);
		*error = entry == NULL ? errno : 0;
		if (entry == NULL)
			return NULL;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return entry->d_name;
	}
}

static JSValue names_in(JSContext *ctx, DIR *folder)
{
	JSValue names = JS_NewArray(ctx);
	const char *name;
	uint32_t count = 0;
	int error;

	if (JS_IsException(names))
		return names;
	while ((name = next_name(folder, &error)) != NULL) {
		JSValue text = text_from_utf8(ctx, name, strlen(name));

		if (count == MOST_NAMES)
			error = EOVERFLOW;
		if (JS_IsException(text) || JS_DefinePropertyValueUint32(ctx, names, count++, text, JS_PROP_C_W_E) < 0) {
			JS_FreeValue(ctx, names);
			return JS_EXCEPTION;
		}
		if (error != 0)
			break;
	}
	if (error == 0)
		return names;
	JS_FreeValue(ctx, names);
	return JS_NewInt32(ctx, -error);
}

static JSValue read_folder(ARGUMENTS)
{
	const char *path;
	DIR *folder;
	JSValue result;

	NEEDS(1);
	path = name_of(ctx, arguments[0]);
	if (path == NULL)
		return JS_EXCEPTION;
	folder = opendir(path);
	result = folder == NULL ? JS_NewInt32(ctx, -errno) : names_in(ctx, folder);
	if (folder != NULL)
		closedir(folder);
	JS_FreeCString(ctx, path);
	return result;
}

static double time_ms(struct timespec time)
{
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static JSValue facts_of(JSContext *ctx, const struct stat *status)
{
	JSValue facts[] = {
		JS_NewInt64(ctx, status->st_mode),
		JS_NewInt64(ctx, status->st_size),
		JS_NewInt64(ctx, status->st_uid),
		JS_NewFloat64(ctx, (double)status->st_dev),
		JS_NewFloat64(ctx, (double)status->st_ino),
		JS_NewFloat64(ctx, time_ms(status->st_mtim)),
		JS_NewFloat64(ctx, time_ms(status->st_ctim)),
	};

	return array_of(ctx, COUNT(facts), facts);
}

static JSValue facts_of_path(ARGUMENTS)
{
	const char *path;
	struct stat status;
	JSValue result;
	int is_following;

	NEEDS(2);
	is_following = JS_ToBool(ctx, arguments[1]);
	path = is_following < 0 ? NULL : name_of(ctx, arguments[0]);
	if (path == NULL)
		return JS_EXCEPTION;
	if ((is_following ? stat : lstat)(path, &status) < 0)
		result = JS_NewInt32(ctx, -errno);
	else
		result = facts_of(ctx, &status);
	JS_FreeCString(ctx, path);
	return result;
}

static JSValue facts_of_descriptor(ARGUMENTS)
{
	struct stat status;
	int fd;

	NEEDS(1);
	if (!int_of(ctx, arguments[0], &fd))
		return JS_EXCEPTION;
	if (fstat(fd, &status) < 0)
		return JS_NewInt32(ctx, -errno);
	return facts_of(ctx, &status);
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("realpath", 1, real_path),
	JS_CFUNC_DEF("readlink", 1, read_link),
	JS_CFUNC_DEF("readdir", 1, read_folder),
	JS_CFUNC_DEF("stat", 2, facts_of_path),
	JS_CFUNC_DEF("fstat", 1, facts_of_descriptor),
};

PART(folders)
