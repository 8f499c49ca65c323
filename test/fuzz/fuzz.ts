/** `npm run fuzz`: feeds the pure core with millions of messages and writes down what it couldn't stand. */
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Chunk, playBeside } from "./beside.ts";
import { Campaign, type Finding } from "./campaign.ts";
import { shows, write } from "./findings.ts";
import { readOptions, USAGE } from "./options.ts";
import { shrink } from "./shrink.ts";

const FINDINGS = fileURLToPath(new URL("../test/fuzz/findings", import.meta.url));
const MEGABYTE = 1_048_576;
/** The heap is looked at so often, in quiet times; it may differ by so much from when all tables had filled. */
const CHECKPOINT_EPISODES = 100;
const WARM_CHECKPOINTS = 6;
const GROWTH_MAX_MB = 24;
/** One cause shows again and again: so many of a kind are looked at. */
const PER_KIND_MAX = 8;
/** Messages of a campaign beside another interpreter. */
const CHUNK = 100_000;

const now_ms = () => performance.now();
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function heap_MB(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed / MEGABYTE;
}

function report(finding: Finding): void {
  const { kind, site, steps } = finding;
  const small = shrink(steps, (some) => shows(finding, some, now_ms));
  const where = small === undefined ? undefined : write(FINDINGS, { ...finding, steps: small });
  console.log(`\n${kind} at ${site}: ${finding.detail.slice(0, 800)}`);
  if (small === undefined) {
    console.log(
      `  not seen again in a fresh site; the last of ${steps.length} messages, from ${steps.at(-1)?.origin}:`,
    );
    console.log(JSON.stringify(steps.at(-1)?.wire.slice(0, 1_000)));
  } else console.log(`  ${small.length} message(s): ${where ?? "known already"}`);
}

/** Findings that look alike are one. */
function causeOf({ kind, detail, site }: Finding): string {
  const where = /\n\s+at ([^\n]*)/.exec(detail)?.[1] ?? detail.replace(/\d+|z9hG4bK\S*/g, "").slice(0, 40);
  return kind === "exception" ? where : `${kind} ${site} ${where}`;
}

function run(messages: number, minutes: number, seed: number): number {
  const campaign = new Campaign(seed, now_ms);
  const start_ms = now_ms();
  const causes = new Set<string>();
  const perKind = new Map<string, number>();
  const heaps: number[] = [];
  for (let episode = 0; campaign.messages < messages && now_ms() - start_ms < minutes * 60_000; episode++) {
    campaign.runEpisode(episode);
    for (const finding of campaign.findings.splice(0)) {
      const count = perKind.get(finding.kind) ?? 0;
      if (causes.has(causeOf(finding)) || count >= PER_KIND_MAX) continue;
      causes.add(causeOf(finding));
      perKind.set(finding.kind, count + 1);
      report(finding);
    }
    if ((episode + 1) % CHECKPOINT_EPISODES === 0) {
      heaps.push(heap_MB());
      const { received, sent } = campaign.traffic;
      const rate = Math.round(campaign.messages / ((now_ms() - start_ms) / 1_000));
      console.log(
        `${campaign.messages} messages, ${rate}/s; ${received} received, ${sent} sent; ` +
          `${campaign.signatures.size} signatures; heap ${heaps.at(-1)?.toFixed(1)} MB; ${causes.size} findings`,
      );
    }
  }
  const growth_MB = Math.max(0, (heaps.at(-1) ?? 0) - (heaps[WARM_CHECKPOINTS] ?? Number.POSITIVE_INFINITY));
  if (growth_MB > GROWTH_MAX_MB) {
    causes.add("heap");
    console.log(`heap grew by ${growth_MB.toFixed(1)} MB: ${heaps.map((heap) => heap.toFixed(0)).join(" ")}`);
  }
  const spent_s = (now_ms() - start_ms) / 1_000;
  console.log(
    `seed ${seed}: ${campaign.messages} messages in ${spent_s.toFixed(0)} s (${Math.round(campaign.messages / spent_s)}/s), ` +
      `${campaign.signatures.size} signatures, ${causes.size} findings`,
  );
  return causes.size === 0 ? 0 : 1;
}

async function runBeside(path: string, messages: number, minutes: number, seed: number): Promise<number> {
  const start_ms = now_ms();
  let found = 0;
  const onChunk = ({ findings, ...chunk }: Chunk) => {
    found += findings.length;
    for (const finding of findings.slice(0, PER_KIND_MAX)) report(finding);
    console.log(
      `seed ${chunk.seed}: ${chunk.messages} messages; ${chunk.received} received, ${chunk.sent} sent; ` +
        `${chunk.signatures} signatures, ${findings.length} findings`,
    );
  };
  const isOver = () => now_ms() - start_ms > minutes * 60_000;
  const { status, lines, error } = await playBeside(path, { seed, messages, chunk: CHUNK, onChunk, isOver });
  for (const line of lines) console.log(JSON.stringify(line));
  process.stderr.write(error);
  console.log(`the program beside has ended: ${status}`);
  return status === 0 && found === 0 ? 0 : 1;
}

const options = readOptions(process.argv.slice(2), Math.floor(Math.random() * 1e9));
if (options === undefined) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  const { messages, minutes, seed, beside } = options;
  console.log(`seed ${seed}`);
  process.exitCode =
    beside === undefined ? run(messages, minutes, seed) : await runBeside(beside, messages, minutes, seed);
}
