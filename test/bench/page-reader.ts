/** Readers of a branchline under test: one status page that is open, which asks as `src/page/main.ts` does, and one Prometheus. */
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { CallsPage } from "../../src/app/recorded-calls.ts";
import { merged } from "../../src/page/merged.ts";
import { HTTP } from "./addresses.ts";

const AGAIN_MS = 100;
/** As the page has it: between two of the same questions. */
const LEAST_MS = 300;
const CHANNELS_LEAST_MS = 2_000;
const STATUS_EVERY_MS = 10_000;
const PHONES_EVERY_MS = 15_000;
/** Prometheus asks every 15 s. */
const SCRAPE_EVERY_MS = 15_000;

/** Reads until it is ended; the proxy starts after it. */
export async function runPageReader(): Promise<void> {
  for (;;) {
    const told = await ask("/api/status");
    if (told !== undefined) break;
    await sleep(AGAIN_MS);
  }
  let since = "";
  const least_ms = () => LEAST_MS;
  const askStatus = merged(() => ask("/api/status"), least_ms);
  const askChannels = merged(
    () => ask("/api/status"),
    () => CHANNELS_LEAST_MS,
  );
  const askPhones = merged(() => ask("/api/registered"), least_ms);
  const askCalls = merged(async () => {
    const text = await ask(`/api/calls${since}`);
    if (text === undefined) return;
    const isWhole = since === "";
    const { changes, next } = JSON.parse(text) as CallsPage;
    since = `?since=${changes}`;
    if (!isWhole && next !== undefined) askCalls();
  }, least_ms);
  setInterval(askStatus, STATUS_EVERY_MS);
  setInterval(askPhones, PHONES_EVERY_MS);
  setInterval(() => void ask("/metrics"), SCRAPE_EVERY_MS);
  follow((notice) => {
    if (notice["status"]) askStatus();
    if (notice["phones"]) askPhones();
    if (notice["calls"]) {
      askCalls();
      askChannels();
    }
  });
}

function follow(hear: (notice: Readonly<Record<string, boolean>>) => void): void {
  get({ ...HTTP, path: "/events" }, (answer) => {
    answer.setEncoding("utf8");
    let rest = "";
    answer.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.startsWith("data:")) hear(JSON.parse(line.slice(5)));
    });
  }).on("error", () => {});
}

function ask(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    get({ ...HTTP, path }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece: string) => {
        text += piece;
      });
      answer.on("end", () => resolve(answer.statusCode === 200 ? text : undefined));
    }).on("error", () => resolve(undefined));
  });
}
