/* The machine: its processors and its memory; and what the engine has of its memory. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "heap.h"
#include "host.h"

#if defined __x86_64__
#define ARCH "x64"
#elif defined __i386__
#define ARCH "ia32"
#elif defined __aarch64__
#define ARCH "arm64"
#elif defined __arm__
#define ARCH "arm"
#elif defined __mips__ && defined __MIPSEL__
#define ARCH "mipsel"
#elif defined __mips__
#define ARCH "mips"
#elif defined __riscv && __riscv_xlen == 64
#define ARCH "riscv64"
#elif defined __powerpc64__
#define ARCH "ppc64"
#else
#define ARCH "unknown"
#endif

#define IS_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

static JSValue uname_of_machine(ARGUMENTS)
{
	struct utsname names;
	JSValue texts[3];

	NEEDS(0);
	(void)arguments;
	if (uname(&names) < 0)
		return JS_NewInt32(ctx, -errno);
	texts[0] = text_from_utf8(ctx, names.sysname, strlen(names.sysname));
	texts[1] = text_from_utf8(ctx, names.release, strlen(names.release));
	texts[2] = text_from_utf8(ctx, names.machine, strlen(names.machine));
	return array_of(ctx, COUNT(texts), texts);
}

static JSValue cpu_count(ARGUMENTS)
{
	long online;

	NEEDS(0);
	(void)arguments;
	online = sysconf(_SC_NPROCESSORS_ONLN);
	return JS_NewInt64(ctx, online < 1 ? 1 : online);
}

/* Of a line of /proc/meminfo such as "MemTotal:"; -1: there is none, as MemAvailable before Linux 3.14. */
static double from_meminfo_bytes(const char *label)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	unsigned long long kibibytes;
	double bytes = -1;

	if (file == NULL)
		return -1;
	while (bytes < 0 && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, label, strlen(label)) == 0 && sscanf(line + strlen(label), "%llu", &kibibytes) == 1)
			bytes = (double)kibibytes * 1024;
	fclose(file);
	return bytes;
}

static JSValue memory_bytes(ARGUMENTS)
{
	struct sysinfo info = {.mem_unit = 1};
	double whole = from_meminfo_bytes("MemTotal:"), available = from_meminfo_bytes("MemAvailable:");
	JSValue both[2];

	NEEDS(0);
	(void)arguments;
	sysinfo(&info);
	both[0] = JS_NewFloat64(ctx, whole < 0 ? (double)info.totalram * info.mem_unit : whole);
	both[1] = JS_NewFloat64(ctx, available < 0 ? (double)info.freeram * info.mem_unit : available);
	return array_of(ctx, COUNT(both), both);
}

static JSValue uptime_s(ARGUMENTS)
{
	struct timespec since_boot;
	struct sysinfo info = {0};

	NEEDS(0);
	(void)arguments;
	/* Since Linux 2.6.39. */
	if (clock_gettime(CLOCK_BOOTTIME, &since_boot) == 0)
		return JS_NewFloat64(ctx, (double)since_boot.tv_sec + (double)since_boot.tv_nsec / 1e9);
	sysinfo(&info);
	return JS_NewInt64(ctx, info.uptime);
}

static JSValue heap_used(ARGUMENTS)
{
	NEEDS(0);
	(void)arguments;
	return JS_NewInt64(ctx, (int64_t)heap_used_bytes());
}

/* The engine tells its own only with all else about its memory, whose counting is 4 kB of the binary. */
static size_t limit_bytes = SIZE_MAX;

size_t heap_limit_bytes(void)
{
	return limit_bytes;
}

/* Anything that isn't above 0, and what no pointer reaches, is no limit. */
static JSValue limit_heap(ARGUMENTS)
{
	double bytes;

	NEEDS(1);
	if (!number_of(ctx, arguments[0], &bytes))
		return JS_EXCEPTION;
	limit_bytes = bytes > 0 && bytes < (double)SIZE_MAX ? (size_t)bytes : SIZE_MAX;
	JS_SetMemoryLimit(JS_GetRuntime(ctx), limit_bytes);
	return JS_UNDEFINED;
}

static JSValue collect_garbage(ARGUMENTS)
{
	NEEDS(0);
	(void)arguments;
	JS_RunGC(JS_GetRuntime(ctx));
	return JS_UNDEFINED;
}

static const JSCFunctionListEntry exports[] = {
	JS_CFUNC_DEF("uname", 0, uname_of_machine),
	JS_CFUNC_DEF("cpuCount", 0, cpu_count),
	JS_CFUNC_DEF("memory_bytes", 0, memory_bytes),
	JS_CFUNC_DEF("uptime_s", 0, uptime_s),
	JS_PROP_STRING_DEF("arch", ARCH, JS_PROP_ENUMERABLE),
	JS_CFUNC_DEF("heapUsed_bytes", 0, heap_used),
	JS_CFUNC_DEF("limitHeap", 1, limit_heap),
	JS_CFUNC_DEF("collectGarbage", 0, collect_garbage),
};

/* The engine's tables have no truth values. */
int declare_machine(JSContext *ctx, JSModuleDef *module)
{
	if (JS_AddModuleExport(ctx, module, "isBigEndian") < 0)
		return -1;
	return JS_AddModuleExportList(ctx, module, exports, COUNT(exports));
}

int set_machine(JSContext *ctx, JSModuleDef *module)
{
	if (JS_SetModuleExport(ctx, module, "isBigEndian", JS_NewBool(ctx, IS_BIG_ENDIAN)) < 0)
		return -1;
	return JS_SetModuleExportList(ctx, module, exports, COUNT(exports));
}
