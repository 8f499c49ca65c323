/**
 * The campaign of `fuzz/` beside the QuickJS binary, the engine and the C host under AddressSanitizer and UBSan: the engines in it are
 * told all that Node's are told, and say the same. `npm run fuzz -- --beside FILE` plays more.
 */
import { expect, test } from "vitest";
import { type Chunk, type Ending, type Plan, playBeside } from "../fuzz/beside.ts";
import { LIMITS } from "../fuzz/campaign.ts";
import { chosenSeed } from "../support/chance.ts";
import { describeProgram } from "./support/binary.ts";

const isCi = process.env["CI"] !== undefined && process.env["CI"] !== "";
/** 200,000 in CI. */
const SEEDS = [1, chosenSeed("campaign beside QuickJS")];
const MESSAGES = isCi ? 100_000 : 10_000;
const LIMIT_MS = 1_800_000;
/** The smallest campaign. */
const EPISODE = LIMITS.episode;
/** The sites' tables fill, under Node too. */
const HEAP_MOST_BYTES = 100 * 1_048_576;

async function play(
  path: string,
  plan: Pick<Plan, "seed" | "messages" | "chunk" | "spoil">,
): Promise<Ending & { readonly chunks: readonly Chunk[] }> {
  const chunks: Chunk[] = [];
  const ending = await playBeside(path, { ...plan, onChunk: (chunk) => chunks.push(chunk) });
  return { ...ending, chunks };
}

await describeProgram("the campaign beside QuickJS", "tape.ts", (binary) => {
  test.concurrent.each(SEEDS)(
    `seed %i: ${MESSAGES} messages find nothing, and QuickJS says what Node says`,
    async (seed) => {
      const { chunks, lines, status, error } = await play(binary(), { seed, messages: MESSAGES, chunk: MESSAGES });
      expect(chunks.flatMap(({ findings }) => findings)).toEqual([]);
      const { received, messages } = chunks[0] as Chunk;
      expect(messages).toBe(MESSAGES);
      const { events, heap_bytes, ...line } = lines[0] ?? {};
      expect({ status, error, line, count: lines.length }).toEqual({ status: 0, error: "", line: { seed }, count: 1 });
      expect(events).toBeGreaterThan(received);
      expect(heap_bytes).toBeLessThan(HEAP_MOST_BYTES);
    },
    LIMIT_MS,
  );

  test(
    "a long run goes campaign by campaign, each with the next seed",
    async () => {
      const { chunks, lines, status } = await play(binary(), { seed: 7, messages: 2 * EPISODE, chunk: EPISODE });
      expect(status).toBe(0);
      expect(chunks.map(({ seed, messages }) => [seed, messages])).toEqual([7, 8].map((seed) => [seed, EPISODE]));
      expect(lines.map(({ seed }) => seed)).toEqual([7, 8]);
    },
    LIMIT_MS,
  );

  test(
    "the first thing that QuickJS says otherwise is told, and ends it",
    async () => {
      const spoil = (text: string) => text.replace("\nadmitted true", "\nadmitted TRUE");
      const { lines, status } = await play(binary(), { seed: 7, messages: 20 * EPISODE, chunk: 20 * EPISODE, spoil });
      expect(status).toBe(1);
      const differs = expect.objectContaining({
        kind: "onMessage",
        wanted: expect.stringMatching(/\nadmitted TRUE$/),
        got: expect.stringMatching(/\nadmitted true$/),
      });
      expect(lines).toEqual([{ differs }]);
    },
    LIMIT_MS,
  );

  test("a program that can't be started, or reads no tape, is no success", async () => {
    const plan = { seed: 7, messages: EPISODE, chunk: EPISODE };
    expect(await play("/no/such/program", plan)).toMatchObject({
      status: null,
      error: expect.stringContaining("ENOENT"),
    });
    expect(await play("/bin/false", plan)).toMatchObject({ status: 1, lines: [] });
  });
});
