/** What 32-bit MIPS can't do with 64 bits by itself (build/native/rt64.c), against what a 64-bit processor does. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { whyNotBuilt } from "./support/build.ts";

const RT64 = fileURLToPath(new URL("../../build/native/rt64.c", import.meta.url));
const NAMES = ["__udivdi3", "__umoddi3", "__divdi3", "__moddi3", "__ashldi3", "__lshrdi3", "__ashrdi3"];
const COUNTS = [
  "__clzsi2",
  "__clzdi2",
  "__ctzsi2",
  "__ctzdi2",
  "__popcountsi2",
  "__popcountdi2",
  "__bswapsi2",
  "__bswapdi2",
];
const ROUNDS = 3_000_000;

/** Numbers whose halves are full, empty, or begin and end anywhere: carries and estimates go wrong there. */
const HARNESS = `
#include <stdio.h>
${[...NAMES, ...COUNTS].map((name) => `#define ${name} our${name}`).join("\n")}
#include ${JSON.stringify(RT64)}

static uint64_t state = 88172645463325252u;
static uint64_t chance(void) { state ^= state << 13; state ^= state >> 7; return state ^= state << 17; }

static uint64_t number(void)
{
	uint64_t value = chance() >> chance() % 64;
	if (chance() % 4 == 0) value |= 0xffffffffu << chance() % 32;
	if (chance() % 6 == 0) value &= ~(0xffffull << chance() % 48);
	if (chance() % 16 == 0) value = 1ull << chance() % 64;
	if (chance() % 16 == 0) value = (1ull << chance() % 64) - 1;
	return chance() % 3 == 0 ? -value : value;
}

#define SAME(ours, theirs) if ((ours) != (theirs)) { printf(#ours " of %llx, %llx, %d\\n", (long long)a, (long long)b, n); return 1; }

int main(void)
{
	for (long round = 0; round < ${ROUNDS}; round++) {
		uint64_t a = number(), b = number();
		int64_t sa = (int64_t)a, sb = (int64_t)b;
		uint32_t low = (uint32_t)a;
		int n = (int)(chance() % 64);
		if (b == 0) continue;
		SAME(our__udivdi3(a, b), a / b)
		SAME(our__umoddi3(a, b), a % b)
		/* The one quotient that has no room. */
		if (sb != -1 || sa != INT64_MIN) {
			SAME(our__divdi3(sa, sb), sa / sb)
			SAME(our__moddi3(sa, sb), sa % sb)
		}
		SAME(our__ashldi3(a, n), a << n)
		SAME(our__lshrdi3(a, n), a >> n)
		SAME(our__ashrdi3(sa, n), sa >> n)
		SAME(our__popcountdi2(a), __builtin_popcountll(a))
		SAME(our__popcountsi2(low), __builtin_popcount(low))
		SAME(our__bswapdi2(a), __builtin_bswap64(a))
		SAME(our__bswapsi2(low), __builtin_bswap32(low))
		if (a != 0) {
			SAME(our__clzdi2(a), __builtin_clzll(a))
			SAME(our__ctzdi2(a), __builtin_ctzll(a))
		}
		if (low != 0) {
			SAME(our__clzsi2(low), __builtin_clz(low))
			SAME(our__ctzsi2(low), __builtin_ctz(low))
		}
	}
	puts("the same");
	return 0;
}
`;

cleanUpAfterEach();

describeUnless(whyNotBuilt(["dev"]), "64 bits on 32-bit MIPS", () => {
  test(`divides, shifts and counts as a 64-bit processor does, ${ROUNDS} times`, () => {
    const folder = temporaryFolder();
    const [source, program] = [join(folder, "harness.c"), join(folder, "harness")];
    writeFileSync(source, HARNESS);
    execFileSync("gcc", ["-O2", "-Wall", "-Wextra", "-Werror", "-std=gnu11", source, "-o", program]);
    expect(execFileSync(program, { encoding: "utf8" })).toBe("the same\n");
  });
});
