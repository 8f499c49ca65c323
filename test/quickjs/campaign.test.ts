/**
 * The campaign inside the QuickJS binary, the engine and the C host under AddressSanitizer and UBSan: nothing is found, and each
 * seed comes to what it comes to in Node. More by hand: dist/native/test-campaign/branchline-sanitized SEED MESSAGES [CHUNK].
 */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Campaign, LIMITS } from "../fuzz/campaign.ts";
import { describeProgram, runBinary } from "./support/binary.ts";

const isCi = process.env["CI"] !== undefined && process.env["CI"] !== "";
/** 200,000 in CI. */
const SEEDS = [1, Math.floor(Math.random() * 1e9)];
const MESSAGES = isCi ? 100_000 : 10_000;
const LIMIT_MS = 1_800_000;
/** The smallest chunk. */
const EPISODE = LIMITS.episode;
/** The campaign's worlds fill their tables, under Node too: after 100,000 messages some 100 MB. */
const HEAP_MOST_BYTES = 160 * 1_048_576;
/** One stack for each of a million blocks costs a quarter of the time, and tells little: a seed plays it again. */
const QUICKLY = "malloc_context_size=1";

/** What a chunk comes to in Node. */
function inNode(seed: number, messages: number, before = 0): unknown {
  const campaign = new Campaign(seed, () => 0);
  for (let episode = 0; campaign.messages < messages; episode++) campaign.runEpisode(episode);
  const signatures = createHash("sha256")
    .update([...campaign.signatures].join("\n"))
    .digest("hex");
  const made = { ...campaign.traffic, signatures, count: campaign.signatures.size };
  return { seed, messages, ...made, all_messages: before + messages, next_seed: seed + 1 };
}

const linesOf = (out: string) =>
  out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

await describeProgram("the campaign in QuickJS", "campaign.ts", (binary) => {
  test.concurrent.each(SEEDS)(
    `seed %i: ${MESSAGES} messages find nothing, and are played as in Node`,
    async (seed) => {
      const { status, out, error } = await runBinary(binary(), [`${seed}`, `${MESSAGES}`], {
        limit_ms: LIMIT_MS,
        sanitizers: QUICKLY,
      });
      const lines = linesOf(out);
      expect({ status, error, findings: lines.filter(({ finding }) => finding !== undefined) }).toEqual({
        status: 0,
        error: "",
        findings: [],
      });
      const { heap_bytes, ...last } = lines.at(-1) ?? {};
      expect(last).toEqual(inNode(seed, MESSAGES));
      expect(heap_bytes).toBeLessThan(HEAP_MOST_BYTES);
    },
    LIMIT_MS,
  );

  test(
    "a long run goes chunk by chunk, each with the next seed: one stopped goes on with what its last line says",
    async () => {
      const run = (...args: string[]) => runBinary(binary(), args, { limit_ms: LIMIT_MS, sanitizers: QUICKLY });
      const whole = await run("7", `${2 * EPISODE}`, `${EPISODE}`);
      expect({ status: whole.status, error: whole.error }).toEqual({ status: 0, error: "" });
      const plain = linesOf(whole.out).map(({ heap_bytes, ...line }) => line);
      expect(plain).toEqual([0, 1].map((turn) => inNode(7 + turn, EPISODE, turn * EPISODE)));
      const [first] = plain;
      const left = 2 * EPISODE - Number(first?.["all_messages"]);
      const rest = await run(`${first?.["next_seed"]}`, `${left}`, `${EPISODE}`);
      const others = linesOf(rest.out).map(({ heap_bytes, all_messages, ...line }) => line);
      expect(others).toEqual(plain.slice(1).map(({ all_messages, ...line }) => line));
    },
    LIMIT_MS,
  );

  test("words that are no numbers are refused", async () => {
    expect(await runBinary(binary(), ["1", "many"])).toMatchObject({
      status: 2,
      out: '{"usage":"SEED MESSAGES [CHUNK]"}\n',
    });
  });
});
