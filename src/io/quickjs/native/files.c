/* Files: one system call each. What any descriptor reads and writes goes through here as well. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"

/* Of one read: more is asked for by the next. */
#define MOST_READ_BYTES (1024 * 1024)

static JSValue open_file(ARGUMENTS)
{
	const char *path;
	int flags, mode, fd;

	NEEDS(3);
	if (!int_of(ctx, arguments[1], &flags) || !int_of(ctx, arguments[2], &mode))
		return JS_EXCEPTION;
	path = name_of(ctx, arguments[0]);
	if (path == NULL)
		return JS_EXCEPTION;
	do
		fd = open(path, flags | O_CLOEXEC | O_NOCTTY, (mode_t)mode);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		fd = -errno;
	JS_FreeCString(ctx, path);
	return JS_NewInt32(ctx, fd);
}

static JSValue close_file(ARGUMENTS)
{
	int fd;

	NEEDS(1);
	if (!int_of(ctx, arguments[0], &fd))
		return JS_EXCEPTION;
	forget_descriptor(fd);
	/* It is closed even where a signal has come in between. */
	if (close(fd) < 0 && errno != EINTR)
		return JS_NewInt32(ctx, -errno);
	return JS_NewInt32(ctx, 0);
}

static JSValue text_of_octets(JSContext *ctx, const uint8_t *octets, size_t length)
{
	return text_from_latin1(ctx, octets, length);
}

typedef JSValue value_function(JSContext *ctx, const uint8_t *octets, size_t length);

static JSValue read_as(JSContext *ctx, JSValueConst *arguments, value_function *value_of)
{
	double most;
	int fd;
	uint8_t *octets;
	ssize_t length;
	JSValue value;

	if (!int_of(ctx, arguments[0], &fd) || !number_of(ctx, arguments[1], &most))
		return JS_EXCEPTION;
	if (!(most >= 1))
		return JS_NewInt32(ctx, -EINVAL);
	if (most > MOST_READ_BYTES)
		most = MOST_READ_BYTES;
	octets = js_malloc(ctx, (size_t)most);
	if (octets == NULL)
		return JS_EXCEPTION;
	do
		length = read(fd, octets, (size_t)most);
	while (length < 0 && errno == EINTR);
	value = length < 0 ? JS_NewInt32(ctx, -errno) : value_of(ctx, octets, (size_t)length);
	js_free(ctx, octets);
	return value;
}

static JSValue read_text(ARGUMENTS)
{
	NEEDS(2);
	return read_as(ctx, arguments, text_of_octets);
}

static JSValue read_bytes(ARGUMENTS)
{
	NEEDS(2);
	return read_as(ctx, arguments, JS_NewArrayBufferCopy);
}

static JSValue write_octets(JSContext *ctx, int fd, const void *octets, size_t length)
{
	ssize_t written;

	do
		written = write(fd, octets, length);
	while (written < 0 && errno == EINTR);
	return result_or_errno(ctx, written);
}

static JSValue write_text(ARGUMENTS)
{
	int fd;
	size_t length;
	const char *octets;
	JSValue result;

	NEEDS(2);
	if (!int_of(ctx, arguments[0], &fd))
		return JS_EXCEPTION;
	octets = latin1_of(ctx, arguments[1], &length);
	if (octets == NULL)
		return JS_EXCEPTION;
	result = write_octets(ctx, fd, octets, length);
	JS_FreeCString(ctx, octets);
	return result;
}

static JSValue write_bytes(ARGUMENTS)
{
	int fd;
	size_t length;
	const uint8_t *octets;

	NEEDS(2);
	if (!int_of(ctx, arguments[0], &fd))
		return JS_EXCEPTION;
	octets = bytes_of(ctx, arguments[1], &length);
	return octets == NULL ? JS_EXCEPTION : write_octets(ctx, fd, octets, length);
}

static JSValue sync_file(ARGUMENTS)
{
	int fd, result;

	NEEDS(1);
	if (!int_of(ctx, arguments[0], &fd))
		return JS_EXCEPTION;
	do
		result = fsync(fd);
	while (result < 0 && errno == EINTR);
	return result_or_errno(ctx, result);
}

/* Of two paths. */
static JSValue call_with_paths(JSContext *ctx, JSValueConst *arguments, int (*call)(const char *, const char *))
{
	const char *from = name_of(ctx, arguments[0]), *to;
	int result;

	if (from == NULL)
		return JS_EXCEPTION;
	to = name_of(ctx, arguments[1]);
	if (to == NULL) {
		JS_FreeCString(ctx, from);
		return JS_EXCEPTION;
	}
	result = call(from, to) < 0 ? -errno : 0;
	JS_FreeCString(ctx, from);
	JS_FreeCString(ctx, to);
	return JS_NewInt32(ctx, result);
}

static JSValue rename_file(ARGUMENTS)
{
	NEEDS(2);
	return call_with_paths(ctx, arguments, rename);
}

static JSValue link_file(ARGUMENTS)
{
	NEEDS(2);
	return call_with_paths(ctx, arguments, link);
}

/* Of a path and a mode. */
static JSValue call_with_mode(JSContext *ctx, JSValueConst *arguments, int (*call)(const char *, int))
{
	const char *path;
	int mode, result;

	if (!int_of(ctx, arguments[1], &mode))
		return JS_EXCEPTION;
	path = name_of(ctx, arguments[0]);
	if (path == NULL)
		return JS_EXCEPTION;
	result = call(path, mode) < 0 ? -errno : 0;
	JS_FreeCString(ctx, path);
	return JS_NewInt32(ctx, result);
}

static int mkdir_with(const char *path, int mode)
{
	return mkdir(path, (mode_t)mode);
}

static int chmod_with(const char *path, int mode)
{
	return chmod(path, (mode_t)mode);
}

static JSValue make_folder(ARGUMENTS)
{
	NEEDS(2);
	return call_with_mode(ctx, arguments, mkdir_with);
}

static JSValue change_mode(ARGUMENTS)
{
	NEEDS(2);
	return call_with_mode(ctx, arguments, chmod_with);
}

static JSValue access_file(ARGUMENTS)
{
	NEEDS(2);
	return call_with_mode(ctx, arguments, access);
}

static JSValue unlink_file(ARGUMENTS)
{
	const char *path;
	int result;

	NEEDS(1);
	path = name_of(ctx, arguments[0]);
	if (path == NULL)
		return JS_EXCEPTION;
	result = unlink(path) < 0 ? -errno : 0;
	JS_FreeCString(ctx, path);
	return JS_NewInt32(ctx, result);
}

#define FLAG(name) JS_PROP_INT32_DEF(#name, name, JS_PROP_ENUMERABLE)

static const JSCFunctionListEntry flags_of_kernel[] = {
	FLAG(O_RDONLY),
	FLAG(O_WRONLY),
	FLAG(O_RDWR),
	FLAG(O_CREAT),
	FLAG(O_EXCL),
	FLAG(O_TRUNC),
	FLAG(O_APPEND),
	FLAG(O_NOFOLLOW),
	FLAG(O_DIRECTORY),
	FLAG(O_NONBLOCK),
};

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("open", 3, open_file),
	JS_OBJECT_DEF("flags", flags_of_kernel, COUNT(flags_of_kernel), JS_PROP_ENUMERABLE),
	JS_CFUNC_DEF("close", 1, close_file),
	JS_CFUNC_DEF("readText", 2, read_text),
	JS_CFUNC_DEF("readBytes", 2, read_bytes),
	JS_CFUNC_DEF("writeText", 2, write_text),
	JS_CFUNC_DEF("writeBytes", 2, write_bytes),
	JS_CFUNC_DEF("fsync", 1, sync_file),
	JS_CFUNC_DEF("rename", 2, rename_file),
	JS_CFUNC_DEF("unlink", 1, unlink_file),
	JS_CFUNC_DEF("link", 2, link_file),
	JS_CFUNC_DEF("mkdir", 2, make_folder),
	JS_CFUNC_DEF("chmod", 2, change_mode),
	JS_CFUNC_DEF("access", 2, access_file),
};

PART(files)
