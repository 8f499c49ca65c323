/** What sockets, timers and children tell, in its order. */

interface Emitter {
  on(event: string, heard: (...told: never[]) => void): unknown;
}

const LIMIT_ms = 36_000;
const STEP_ms = 2;

export class Journal {
  readonly lines: string[] = [];
  /** Nothing is noted any more. */
  isOver = false;
  private pieces: string[] = [];

  /** One more thing has happened; text that has come in pieces before it is one line. */
  note(line: string): void {
    if (this.isOver) return;
    const text = this.pieces.join("");
    if (text !== "") this.lines.push(`data ${text.length > 100 ? text.length : text}`);
    this.pieces = [];
    this.lines.push(line);
  }

  /** Notes each of these events with what it tells; text is joined. */
  hear(name: string, emitter: Emitter, events: readonly string[]): void {
    for (const event of events) {
      emitter.on(event, (...told: unknown[]) => {
        if (event === "data") this.pieces.push(String(told[0]));
        else this.note([`${name} ${event}`, ...told.map(worded)].join(" "));
      });
    }
  }
}

function worded(value: unknown): string {
  if (!(value instanceof Error)) return String(value);
  return `${(value as NodeJS.ErrnoException).code}: ${value.message}`;
}

/** Once it has happened; never later than all other cases can wait for. */
export function once(emitter: Emitter, event: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no '${event}'`)), LIMIT_ms);
    emitter.on(event, (...told: unknown[]) => {
      clearTimeout(timer);
      resolve(told[0]);
    });
  });
}

/** In many steps: on a busy machine, too, the loop has had its turns for all that has come meanwhile. */
export async function pause(duration_ms: number): Promise<void> {
  for (let waited_ms = 0; waited_ms < duration_ms; waited_ms += STEP_ms) {
    await new Promise<void>((resolve) => setTimeout(resolve, STEP_ms));
  }
}

/** What a call throws, or returns. */
export function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return worded(error);
  }
}
