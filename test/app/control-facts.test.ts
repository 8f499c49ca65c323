/** What a running branchline answers through its control socket, and that its JSON is of one style. */
import { expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { answerControl } from "../../src/app/control.ts";
import type { ReadFile } from "../../src/app/read-config.ts";
import { Service } from "../../src/app/service.ts";
import { quietRouterHost } from "../support/quiet-router-host.ts";
import { SITE_YAML } from "../support/site.ts";

const FORCED = SITE_YAML.replace(/upstream: (.*)/, "upstream: {targets: [$1], force: down}");
const OTHER = SITE_YAML.replace("1:5060", "1:5070");

function service(text = SITE_YAML) {
  const clock = { now_ms: 5_000, wall_ms: Date.parse("2026-11-29T13:30:05Z") };
  const events: { readonly event: string; readonly fields: unknown }[] = [];
  const note = (event: string, fields: unknown) => void events.push({ event, fields });
  const host = quietRouterHost({
    now_ms: () => clock.now_ms,
    log: { error: note, warn: note, info: note, debug: () => {} },
    wallClock_ms: () => clock.wall_ms,
  });
  const read = (now: string) => ({ config: loadConfig(now, (path) => path).config, text: now });
  const disk: { next: ReturnType<ReadFile> } = { next: read(text) };
  const running = new Service(
    read(text),
    "/etc/branchline.yaml",
    () => disk.next,
    () => host,
  );
  const ask = (question: object) => JSON.parse(answerControl(JSON.stringify(question), running));
  const write = (now: string) => {
    disk.next = read(now);
  };
  const pass = (duration_ms: number) => {
    clock.now_ms += duration_ms;
    clock.wall_ms += duration_ms;
  };
  return { running, ask, disk, write, pass, clock, events };
}

async function started(text?: string) {
  const all = service(text);
  await all.running.start();
  return all;
}

/** Every key of a value, however deep. */
function keysIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(keysIn);
  return Object.entries(value).flatMap(([key, inner]) => [key, ...keysIn(inner)]);
}

test("status: facts in one naming style, and the same times in each answer", async () => {
  const { ask, pass, clock } = await started();
  pass(10_000);
  ask({ command: "force", state: "down", for_s: 600 });
  const first = ask({ command: "status" }).status;
  expect(first).toMatchObject({
    now: "2026-11-29T13:30:15.000Z",
    force: "down",
    forced: { by: "command", since: "2026-11-29T13:30:15.000Z", until: "2026-11-29T13:40:15.000Z", left_s: 600 },
    calls_go_to: { role: "gateway", peers: ["10.10.1.3"] },
    upstream: [
      { name: "198.51.100.10", state: "down", observed: "suspect", since: "2026-11-29T13:30:05.000Z", since_s: 10 },
    ],
    history: [
      {
        at: "2026-11-29T13:30:15.000Z",
        role: "upstream",
        peer: "198.51.100.10",
        from: "suspect",
        to: "down",
        evidence: "forced",
      },
    ],
  });
  expect(keysIn(first).filter((key) => !/^[a-z]+(_[a-z]+)*$/.test(key))).toEqual([]);
  pass(60_000);
  clock.wall_ms += 1;
  const second = ask({ command: "status" }).status;
  expect(second.history).toEqual(first.history);
  expect(second.forced).toMatchObject({ since: first.forced.since, until: first.forced.until, left_s: 540 });
  expect(second.upstream[0].since).toBe(first.upstream[0].since);
});

test("force: a time that isn't one is refused, and nothing is changed", async () => {
  const { ask } = await started();
  for (const for_s of [0, -1, 700_000, "600", null, Number.NaN]) {
    expect(ask({ command: "force", state: "down", for_s })).toMatchObject({ ok: false });
  }
  expect(ask({ command: "force", state: "sideways" })).toMatchObject({ ok: false });
  expect(ask({ command: "status" }).status).toMatchObject({ force: "auto" });
});

test("force: logged with its time; by the file it is told apart", async () => {
  const { ask, events } = await started(FORCED);
  expect(ask({ command: "status" }).status.forced).toMatchObject({ by: "file" });
  ask({ command: "force", state: "up", for_s: 60 });
  expect(events).toContainEqual({ event: "force", fields: { upstream: "up", for_s: 60 } });
});

test("reload: what is refused is told in facts, and stands in the status until a reload is done", async () => {
  const { ask, disk, write } = await started();
  write(OTHER);
  const faults = ["listen has changed: that needs a restart"];
  expect(ask({ command: "reload" }).reload).toEqual({
    is_done: false,
    reason: "needs_restart",
    keys: ["listen"],
    faults,
  });
  expect(ask({ command: "status" }).status.reload_refused).toMatchObject({
    at: "2026-11-29T13:30:05.000Z",
    reason: "needs_restart",
    faults,
  });
  disk.next = { faults: ["f.yaml:1:1: no"] };
  expect(ask({ command: "reload" }).reload).toMatchObject({ is_done: false, reason: "faulty_file" });
  expect(ask({ command: "status" }).status.reload_refused).toMatchObject({ faults: ["f.yaml:1:1: no"] });
  write(`${SITE_YAML}log: debug\n`);
  expect(ask({ command: "reload" }).reload).toEqual({ is_done: true, changed: ["log"] });
  expect(ask({ command: "status" }).status.reload_refused).toBeUndefined();
});

test("file: the text that runs, not the one on disk", async () => {
  const { ask, write } = await started();
  write(OTHER);
  expect(ask({ command: "file" }).file_text).toBe(SITE_YAML);
  ask({ command: "reload" });
  expect(ask({ command: "file" }).file_text).toBe(SITE_YAML);
  write(FORCED);
  ask({ command: "reload" });
  expect(ask({ command: "file" }).file_text).toBe(FORCED);
});

test("what is no question is refused in words", () => {
  const { running } = service();
  for (const line of ["", "{", "null", "[]", '{"command":"dance"}']) {
    expect(JSON.parse(answerControl(line, running))).toMatchObject({ ok: false });
  }
});
