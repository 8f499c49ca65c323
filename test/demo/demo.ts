/** `npm run demo`: plays a branch's day on loopback with the real branchline, and tells what happens; with `-- --page` its status page stays open; `npm run demo -- pair`: that of two routers; `npm run demo -- anycast`: of three nodes behind one address. */
import { ANYCAST } from "./anycast-day.ts";
import { DAY, DAY_WITH_PAGE } from "./day.ts";
import { PAIR } from "./pair-day.ts";
import type { Play, Stage, Step } from "./play.ts";
import { Ladder } from "./screen/ladder.ts";
import { bold, dim, green, red, WIDTH, wrap } from "./screen/style.ts";
import { type StepResult, summaryTable } from "./screen/summary.ts";
import { pause, within } from "./wait.ts";

const DAY_LIMIT_ms = 120_000;
/** For the last answers of a step to arrive before the next begins. */
const SETTLE_ms = 100;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** As shells have it: 128 + the signal's number. */
const SIGNAL_STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
const INDENT = "  ";

/** @returns whether each step did what it should */
async function perform<S extends Stage>(play: Play<S>): Promise<boolean> {
  const begin_ms = performance.now();
  const ladder = new Ladder((line) => console.log(line), play.layout);
  const stage = await play.open(ladder);
  try {
    introduce(play, stage);
    const deadline_ms = begin_ms + DAY_LIMIT_ms;
    const results: StepResult[] = [];
    for (const [index, step] of play.steps.entries()) {
      const isOver = results.some(({ outcome }) => outcome === "failed");
      results.push(isOver ? notPlayed(step) : await playStep(step, index + 1, stage, ladder, deadline_ms));
    }
    const isDone = conclude(results, stage, performance.now() - begin_ms);
    if (isDone && stage.page !== undefined) await stayOpen(stage.page, stage);
    return isDone;
  } finally {
    await stage.close();
  }
}

/** Until somebody ends the demo. */
async function stayOpen(page: string, stage: Stage): Promise<void> {
  console.log(`\nbranchline and the phones stay, and so does its status page: ${bold(page)} . Ctrl-C ends the demo.`);
  await stage.failure();
}

function introduce<S extends Stage>(play: Play<S>, stage: S): void {
  console.log(bold(`${play.title}\n`));
  console.log(wrap(play.introduction(stage), ""));
  console.log(dim(`\n${play.config(stage).trimEnd().replace(/^/gm, INDENT)}`));
}

async function playStep<S extends Stage>(
  step: Step<S>,
  number: number,
  stage: S,
  ladder: Ladder,
  deadline_ms: number,
): Promise<StepResult> {
  const { title, story, expected } = step;
  const begin_ms = performance.now();
  console.log(`\n${bold(`── ${number} ${title} `.padEnd(WIDTH, "─"))}\n${wrap(story, INDENT)}\n`);
  ladder.begin();
  let outcome: StepResult["outcome"] = "failed";
  let found: string;
  try {
    const left_ms = Math.max(deadline_ms - begin_ms, 0);
    const played = Promise.race([step.play(stage), stage.failure()]);
    found = await within(left_ms, "the day's end", played);
    outcome = "passed";
  } catch (error) {
    found = messageOf(error);
  }
  const time_ms = performance.now() - begin_ms;
  await pause(SETTLE_ms);
  ladder.end();
  console.log(outcome === "passed" ? green(`\n${INDENT}✓ ${found}`) : red(`\n${INDENT}✗ ${found}`));
  return { title, expected, found, time_ms, outcome };
}

function notPlayed({ title, expected }: Pick<StepResult, "title" | "expected">): StepResult {
  return { title, expected, found: "", time_ms: undefined, outcome: "not played" };
}

function conclude(results: readonly StepResult[], { logs }: Stage, time_ms: number): boolean {
  console.log(`\n${summaryTable(results)}\n`);
  const failed = results.find(({ outcome }) => outcome === "failed");
  if (failed === undefined) {
    console.log(green(`All ${results.length} steps did what they should, in ${(time_ms / 1_000).toFixed(0)} s.`));
    return true;
  }
  console.log(red(`Failed: "${failed.title}": ${failed.found}\n`));
  for (const [name, lines] of logs) {
    const start_ms = lines[0]?.at_ms ?? 0;
    const told = lines.map(({ text, at_ms }) => `${INDENT}${((at_ms - start_ms) / 1_000).toFixed(3)} ${text}`);
    console.log([`The log of ${name}:`, ...told].join("\n"));
  }
  return false;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// exit() lets the office take down what it has put up.
for (const [signal, status] of Object.entries(SIGNAL_STATUS)) process.on(signal, () => process.exit(status));
process.stdout.on("error", () => process.exit(EXIT_FAILED));

const PLAYS: Readonly<Record<string, () => Promise<boolean>>> = {
  day: () => perform(DAY),
  "--page": () => perform(DAY_WITH_PAGE),
  pair: () => perform(PAIR),
  anycast: () => perform(ANYCAST),
};
const [name = "day", ...more] = process.argv.slice(2);
try {
  const isPlayed = more.length > 0 ? undefined : await PLAYS[name]?.();
  if (isPlayed === undefined) {
    console.error(
      "npm run demo: a branch's day; with -- --page, its status page stays open. npm run demo -- pair: the day of a branch with two routers. npm run demo -- anycast: three nodes behind one address.",
    );
    process.exitCode = EXIT_USAGE;
  } else process.exitCode = isPlayed ? 0 : EXIT_FAILED;
} catch (error) {
  console.error(red(`The demo can't be played: ${messageOf(error)}`));
  process.exitCode = EXIT_FAILED;
}
