/** `npm run demo`: plays a branch's day on loopback with the real branchline, and tells what happens. */
import { BranchOffice } from "./branch-office.ts";
import type { BranchlineProcess } from "./branchline-process.ts";
import { DAY, type Step } from "./day.ts";
import { Ladder } from "./screen/ladder.ts";
import { bold, dim, green, red, WIDTH, wrap } from "./screen/style.ts";
import { type StepResult, summaryTable } from "./screen/summary.ts";
import { pause, within } from "./wait.ts";

const DAY_LIMIT_ms = 40_000;
/** For the last answers of a step to arrive before the next begins. */
const SETTLE_ms = 100;
const EXIT_FAILED = 1;
/** As shells have it: 128 + the signal's number. */
const SIGNAL_STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
const INDENT = "  ";

async function runDemo(): Promise<boolean> {
  const begin_ms = performance.now();
  const ladder = new Ladder((line) => console.log(line));
  const office = await BranchOffice.open({ watch: ladder.draw, onEdge: ladder.drawEdge });
  try {
    introduce(office);
    const deadline_ms = begin_ms + DAY_LIMIT_ms;
    const results: StepResult[] = [];
    for (const [index, step] of DAY.entries()) {
      const isOver = results.some(({ outcome }) => outcome === "failed");
      results.push(isOver ? notPlayed(step) : await playStep(step, index + 1, office, ladder, deadline_ms));
    }
    return conclude(results, office.branchline, performance.now() - begin_ms);
  } finally {
    await office.close();
  }
}

function introduce({ branchline, config }: BranchOffice): void {
  console.log(bold("A day in a branch office\n"));
  console.log(
    wrap(
      `The phones of a branch office (201, 202 and 203) belong to a PBX in the head office. branchline stands between ` +
        `them, on the branch's router. A gateway connects the branch to the telephone network. branchline is the real ` +
        `one (dist/branchline.js under Node ${branchline.nodeVersion}); the others are simulated, and talk to it over UDP on ` +
        `this machine's loopback addresses. This is all that branchline has been told:`,
      "",
    ),
  );
  console.log(dim(`\n${config.trimEnd().replace(/^/gm, INDENT)}`));
}

async function playStep(
  step: Step,
  number: number,
  office: BranchOffice,
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
    const played = Promise.race([step.play(office), office.branchline.failure()]);
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

function notPlayed({ title, expected }: Step): StepResult {
  return { title, expected, found: "", time_ms: undefined, outcome: "not played" };
}

/** @returns whether each step did what it should */
function conclude(results: readonly StepResult[], branchline: BranchlineProcess, time_ms: number): boolean {
  console.log(`\n${summaryTable(results)}\n`);
  const failed = results.find(({ outcome }) => outcome === "failed");
  if (failed === undefined) {
    console.log(green(`All ${results.length} steps did what they should, in ${(time_ms / 1_000).toFixed(0)} s.`));
    return true;
  }
  console.log(red(`Failed: "${failed.title}": ${failed.found}\n`));
  const start_ms = branchline.log.all[0]?.at_ms ?? 0;
  const lines = branchline.log.all.map(
    ({ text, at_ms }) => `${INDENT}${((at_ms - start_ms) / 1_000).toFixed(3)} ${text}`,
  );
  console.log(["branchline's log:", ...lines].join("\n"));
  return false;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// exit() lets the office take down what it has put up.
for (const [signal, status] of Object.entries(SIGNAL_STATUS)) process.on(signal, () => process.exit(status));
process.stdout.on("error", () => process.exit(EXIT_FAILED));

try {
  process.exitCode = (await runDemo()) ? 0 : EXIT_FAILED;
} catch (error) {
  console.error(red(`The demo can't be played: ${messageOf(error)}`));
  process.exitCode = EXIT_FAILED;
}
