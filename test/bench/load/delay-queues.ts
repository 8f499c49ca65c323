/**
 * The generator's clock: jobs that are due later, in one first-in-first-out queue per delay.
 *
 * A load has a handful of delays (ring, answer, T1, 2·T1, …) and thousands of jobs a second, which a `setTimeout` each
 * would make dearer than the proxies under test.
 */

type Job = () => void;

interface Queue {
  due_ms: number[];
  jobs: Job[];
  /** Index of the first entry that has not run. */
  head: number;
}

const TICK_MS = 1;
/** A queue drops what has run when this many entries have. */
const COMPACT_AFTER = 4096;

export class DelayQueues {
  private readonly queues = new Map<number, Queue>();
  private readonly everyTick = new Set<Job>();
  private timer: NodeJS.Timeout | undefined;
  private lastTick_ms = 0;
  /** The longest time between two ticks since {@link clear}: a pause of the generator makes a burst. */
  longestPause_ms = 0;

  start(): void {
    this.timer ??= setInterval(() => this.run(performance.now()), TICK_MS);
  }

  after(delay_ms: number, job: Job): void {
    if (delay_ms === 0) {
      job();
      return;
    }
    let queue = this.queues.get(delay_ms);
    if (queue === undefined) {
      queue = { due_ms: [], jobs: [], head: 0 };
      this.queues.set(delay_ms, queue);
    }
    queue.due_ms.push(performance.now() + delay_ms);
    queue.jobs.push(job);
  }

  /** Calls `job` at every tick until the returned function is called. */
  onTick(job: Job): () => void {
    this.everyTick.add(job);
    return () => this.everyTick.delete(job);
  }

  /** Forgets all jobs. */
  clear(): void {
    this.queues.clear();
    this.longestPause_ms = 0;
  }

  private run(now_ms: number): void {
    if (this.lastTick_ms > 0) this.longestPause_ms = Math.max(this.longestPause_ms, now_ms - this.lastTick_ms);
    this.lastTick_ms = now_ms;
    for (const job of this.everyTick) job();
    for (const queue of this.queues.values()) runDue(queue, now_ms);
  }
}

function runDue(queue: Queue, now_ms: number): void {
  for (;;) {
    const job = queue.jobs[queue.head];
    const due_ms = queue.due_ms[queue.head];
    if (job === undefined || due_ms === undefined || due_ms > now_ms) break;
    queue.head += 1;
    job();
  }
  if (queue.head > COMPACT_AFTER) {
    queue.jobs.splice(0, queue.head);
    queue.due_ms.splice(0, queue.head);
    queue.head = 0;
  }
}
