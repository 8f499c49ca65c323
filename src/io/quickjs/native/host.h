/*
 * What the files of the C host share. Together they are the ES module "native", whose contract is ../native.d.ts.
 *
 * A *part* is one file's share of that module: `declare_PART` says what it exports, `set_PART` gives the values. The macro
 * PART makes both of the table `exports` of the file; modules.c lists all parts.
 */
#ifndef HOST_H
#define HOST_H

#include <quickjs.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

typedef int part_function(JSContext *ctx, JSModuleDef *module);

#define PART(name) \
	int declare_##name(JSContext *ctx, JSModuleDef *module) \
	{ \
		return JS_AddModuleExportList(ctx, module, exports, COUNT(exports)); \
	} \
	int set_##name(JSContext *ctx, JSModuleDef *module) \
	{ \
		return JS_SetModuleExportList(ctx, module, exports, COUNT(exports)); \
	}

/* The parameters of all functions that JavaScript calls. */
#define ARGUMENTS JSContext *ctx, JSValueConst this_value, int count, JSValueConst *arguments
/* After the declarations of one: throws a TypeError where there are fewer arguments than it needs. */
#define NEEDS(least) \
	do { \
		(void)this_value, (void)arguments; \
		if (count < (least)) \
			return JS_ThrowTypeError(ctx, "%s: %d arguments, not %d", __func__, (least), count); \
	} while (0)

/* ── arguments.c: what JavaScript gave. Each throws a TypeError and returns false or NULL for a wrong type. ── */
bool number_of(JSContext *ctx, JSValueConst value, double *number);
/* A whole number of 32 bits, with its sign. */
bool int_of(JSContext *ctx, JSValueConst value, int *number);
/* The octets of a Uint8Array, which keeps them. */
const uint8_t *bytes_of(JSContext *ctx, JSValueConst value, size_t *length);
/* The length of an array; throws where it is none. */
bool length_of(JSContext *ctx, JSValueConst value, uint32_t *length);
/* An array, made of values that it takes; or an exception. */
JSValue array_of(JSContext *ctx, int length, JSValue *values);
/* `result`, or minus errno where it is below 0. */
JSValue result_or_errno(JSContext *ctx, int64_t result);

/* ── text.c: to be given back by JS_FreeCString; octets are followed by a 0 ── */
/* UTF-8; half a surrogate pair becomes U+FFFD. */
const char *utf8_of(JSContext *ctx, JSValueConst value, size_t *length);
/* A text without the octet 0, in UTF-8; throws where it has one. */
const char *name_of(JSContext *ctx, JSValueConst value);
/* One octet a character, upper bits dropped. */
const char *latin1_of(JSContext *ctx, JSValueConst value, size_t *length);
JSValue text_from_utf8(JSContext *ctx, const void *octets, size_t length);
JSValue text_from_latin1(JSContext *ctx, const void *octets, size_t length);

/* ── clock.c ── */
int64_t monotonic_us(void);

/* ── descriptors.c ── */
/* To be called before a descriptor is closed. */
void forget_descriptor(int fd);
/* Never inherited by children, and never blocking. @return 0, or -1 and errno */
int prepare_descriptor(int fd);

/* ── machine.c ── */
/* SIZE_MAX where there is no limit. */
size_t heap_limit_bytes(void);

/* ── the parts ── */
part_function declare_process, set_process;
part_function declare_children, set_children;
part_function declare_clock, set_clock;
part_function declare_timer, set_timer;
part_function declare_descriptors, set_descriptors;
part_function declare_datagrams, set_datagrams;
part_function declare_loop, set_loop;
part_function declare_failures, set_failures;
part_function declare_handlers, set_handlers;
part_function declare_signals, set_signals;
part_function declare_sockets, set_sockets;
part_function declare_text, set_text;
part_function declare_waiting, set_waiting;
part_function declare_machine, set_machine;
part_function declare_terminal, set_terminal;
part_function declare_interfaces, set_interfaces;
part_function declare_errors, set_errors;
part_function declare_files, set_files;
part_function declare_folders, set_folders;
part_function declare_digest, set_digest;

#endif
