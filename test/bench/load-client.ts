/** The bench's end of the channel to the load generator. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Command, Report, Reports } from "./load/protocol.ts";
import type { Sandbox } from "./sandbox.ts";

/** Small, so that a collection is short: what waits meanwhile comes to the proxy as a burst. */
const YOUNG_GENERATION_MB = 8;

/** More than the longest command takes. */
const ANSWER_LIMIT_MS = 60_000;

export class LoadClient {
  private readonly worker: ChildProcess;

  private constructor(worker: ChildProcess) {
    this.worker = worker;
  }

  static async start(sandbox: Sandbox): Promise<LoadClient> {
    const bundle = fileURLToPath(import.meta.url);
    const memory = `--max-semi-space-size=${YOUNG_GENERATION_MB}`;
    const worker = sandbox.spawnGenerator([process.execPath, memory, bundle, "generator"]);
    const client = new LoadClient(worker);
    await client.next();
    return client;
  }

  /** Has one command carried out. */
  async ask<C extends Command>(command: C): Promise<Reports[C["kind"]]> {
    this.worker.send(command);
    return (await this.next()) as Reports[C["kind"]];
  }

  stop(): void {
    this.worker.disconnect();
  }

  private async next(): Promise<Report> {
    const ended = new AbortController();
    const message = once(this.worker, "message", { signal: ended.signal });
    const exit = once(this.worker, "exit", { signal: ended.signal }).then(() => {
      throw new Error("the load generator has ended");
    });
    const silence = sleep(ANSWER_LIMIT_MS, undefined, { signal: ended.signal }).then(() => {
      throw new Error("the load generator does not answer");
    });
    try {
      const [report] = await Promise.race([message, exit, silence]);
      return report;
    } finally {
      for (const waiting of [message, exit, silence]) waiting.catch(() => undefined);
      ended.abort();
    }
  }
}
