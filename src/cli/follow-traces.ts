/** `branchline trace --follow`: ladders as they grow. A tick asks three questions at the most, however long the list of calls is. */
import { isOpen, traceQuestion } from "../app/observe/followed.ts";
import { FOLLOWED_MAX, FollowedCalls, type News } from "../app/observe/followed-calls.ts";
import { ladderOf } from "../app/observe/ladder.ts";
import type { RunningStatus } from "../app/status-facts.ts";
import { partiesText, stepsText } from "../app/words/trace-words.ts";
import { EXIT_DONE } from "./exit.ts";
import { complain, fail, print } from "./paper.ts";
import { reader } from "./reader.ts";
import type { Running } from "./running.ts";

interface FollowWish {
  readonly match: string | undefined;
  readonly isRaw: boolean;
  readonly isUnmasked: boolean;
}

const FOLLOW_ms = 500;
const TOO_MANY = `More calls are made than ${FOLLOWED_MAX} at once: some are left out. Name whose calls you want: branchline trace --follow 201\n`;

/** Follows calls until Ctrl-C, and waits for a branchline that is gone. */
export async function followTraces(running: Running, wish: FollowWish): Promise<void> {
  process.once("SIGINT", () => process.exit(EXIT_DONE));
  const matching = wish.match === undefined ? {} : { match: wish.match };
  const first = await running.ask({ command: "calls", ...matching });
  const { trace } = await running.ask({ command: "trace", calls: [], unmasked: wish.isUnmasked });
  if (first.calls?.calls === undefined || trace === undefined) fail("another version of branchline runs: restart it");
  if (trace.limit === 0) fail("The journal is off: the file says journal: off");
  const paper = new LadderPaper(wish.isRaw);
  let { changes: since, run } = first.calls;
  let followed = new FollowedCalls();
  followed.take(first.calls.calls.filter(isOpen));
  let isThere = true;
  let isTold = false;
  /** @returns whether it is there */
  const tick = async (): Promise<boolean> => {
    const answer = await running.tryToAsk({ command: "calls", ...matching, since });
    if (answer?.calls === undefined) return false;
    if (answer.calls.run !== run) {
      followed = new FollowedCalls();
      run = answer.calls.run;
      since = 0;
      return true;
    }
    since = answer.calls.changes;
    followed.take(answer.calls.calls);
    for (const group of followed.groups()) {
      const told = await running.tryToAsk({ command: "trace", ...traceQuestion(group), unmasked: wish.isUnmasked });
      if (told?.trace === undefined) return false;
      for (const news of followed.answered(group, told.trace)) paper.print(news, told.status);
    }
    if (followed.isTooMany && !isTold) complain(TOO_MANY);
    isTold = isTold || followed.isTooMany;
    return true;
  };
  for (;;) {
    const wasThere = isThere;
    isThere = await tick();
    if (wasThere && !isThere) complain("branchline doesn't answer any more; waiting for it\n");
    await new Promise((resolve) => setTimeout(resolve, FOLLOW_ms));
  }
}

/** What has been printed; the parties of a call stand above its lines, and again where another call's are between. */
class LadderPaper {
  private readonly isRaw: boolean;
  private above = "";

  constructor(isRaw: boolean) {
    this.isRaw = isRaw;
  }

  print({ followed: { call, entries }, news }: News, status: RunningStatus): void {
    const ladder = ladderOf(entries, status);
    const steps = ladder.steps.filter(({ seq }) => news.has(seq));
    if (steps.length === 0) return;
    const head = `${call.id} ${ladder.parties.length}`;
    const parties = head === this.above ? "" : `${call.from} to ${call.to}\n${partiesText(ladder, reader())}`;
    this.above = head;
    print(`${parties}${stepsText({ ...ladder, steps }, reader(), this.isRaw)}`);
  }
}
