/** Readiness that is lost and regained, at a branchline that runs: log, journal and history, and all of it over a restart. */
import { expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { Engine } from "../../src/app/engine.ts";
import type { JournalEntry } from "../../src/app/observe/journal-entry.ts";
import { QUIET_HOST } from "../../src/app/quiet-host.ts";
import type { ReadFile } from "../../src/app/read-config.ts";
import { Service } from "../../src/app/service.ts";
import { Actor } from "../support/actor.ts";
import { quietRouterHost } from "../support/quiet-router-host.ts";
import { Simulation } from "../support/simulation.ts";
import { GATEWAY, LAN, PBX, PHONE, SITE_YAML, WAN } from "../support/site.ts";

const MINUTE_ms = 60_000;
const NEW_YEAR_ms = Date.parse("2040-01-01T00:00:00Z");
const READY = `${SITE_YAML.replace(/^hunt_groups.*$/m, 'hunt_groups: {default: {members: ["201"]}}')}emergency: ["112"]\n`;
/** A fault of readiness, and none of the file: each call of an outage would wait in vain. */
const FORCED = READY.replace(/upstream: (.*)/, "upstream: {targets: [$1], force: up}");

const read = (text: string) => ({ config: loadConfig(text, (path) => path).config, text });

/**
 * A branchline in a simulated branch.
 * @param kept what its state folder has of the history
 * @param begin_ms the time of day of its start
 */
async function branch(text: string, kept = "", begin_ms = NEW_YEAR_ms) {
  const simulation = new Simulation();
  const log: string[] = [];
  const note = (event: string, fields: object = {}) => void log.push(`${event} ${JSON.stringify(fields)}`);
  const wallClock_ms = () => begin_ms + simulation.now_ms;
  let next: ReturnType<ReadFile> = read(text);
  let saved = kept;
  const entries: JournalEntry[] = [];
  let engine: Engine | undefined;
  const service = new Service(
    read(text),
    "branchline.yaml",
    () => next,
    (user) => {
      if (user instanceof Engine) engine = user;
      return quietRouterHost({
        transport: {
          ...QUIET_HOST.transport,
          send: ({ listener, address, port }, wire) => {
            simulation.send(listener, { address, port }, wire);
            return true;
          },
        },
        lookup: {
          query: () => {},
          findSource: (to) =>
            simulation.after(0, () => user.onSource(to, to.startsWith("10.") ? LAN.address : WAN.address)),
        },
        log: { error: note, warn: note, info: note, debug: () => {} },
        now_ms: () => simulation.now_ms,
        wallClock_ms,
        historyStore: {
          load: async () => ({ body: saved, savedAt_ms: 0 }),
          save: async (body) => {
            saved = body;
          },
        },
      });
    },
    (_, journal) => {
      journal.follow((entry) => void entries.push(entry));
      return [];
    },
  );
  await service.start();
  if (engine === undefined) throw new Error("no engine");
  const to = engine;
  simulation.drive(to.timers);
  for (const listener of read(text).config.listeners) {
    simulation.attach(listener, {
      onDatagram: (wire, { address, port }) => to.onMessage(wire, { listener, address, port }),
    });
  }
  const phone = new Actor(simulation, "201", PHONE, LAN);
  new Actor(simulation, "pbx", PBX, WAN).answers("REGISTER", { status: 200, extra: ["Expires: 7200"] });
  new Actor(simulation, "gateway", GATEWAY, LAN);
  return {
    service,
    pass: (duration_ms: number) => {
      simulation.run(duration_ms);
      // Timers have run by themselves: an event ends here.
      to.onWake();
    },
    register: () => phone.request("REGISTER", "sip:pbx.example.com"),
    reload: (file: string) => {
      next = read(file);
      service.reload();
    },
    turns: () => entries.flatMap((entry) => (entry.kind === "readiness" ? entry.turn : [])),
    log: () => log.filter((line) => line.startsWith("readiness_")),
    history: () => service.history({}).entries.filter(({ kind }) => kind === "unready"),
    end: async () => {
      await service.stop();
      return { saved, now_ms: wallClock_ms() };
    },
  };
}

test("a branch without phones isn't ready: told after two minutes, in the journal, the log and the history", async () => {
  const { service, pass, turns, log, history, end } = await branch(READY);
  pass(110_000);
  expect(turns()).toEqual([]);
  pass(MINUTE_ms);
  const found = service.readiness().findings.filter(({ severity }) => severity === "fault");
  expect(found.map(({ check }) => check)).toEqual(["phones", "groups"]);
  const faults = found.map(({ check, text }) => `${check}: ${text}`);
  expect(turns()).toEqual([{ is_ready: false, faults }]);
  expect(log()).toEqual([`readiness_lost {"finding":"${faults[0]}","faults":2}`]);
  expect(history()).toMatchObject([{ evidence: faults.join("; "), lasted_s: expect.any(Number) }]);
  expect(history()[0]).not.toHaveProperty("until");
  await end();
});

test("a reload that makes it unready is found a minute later, and one that mends it five minutes later", async () => {
  const { pass, register, reload, turns, log, history, end } = await branch(READY);
  pass(1_000);
  register();
  pass(10 * MINUTE_ms + 30_000);
  expect(turns()).toEqual([]);
  reload(FORCED);
  pass(61_000);
  expect(turns()).toMatchObject([{ is_ready: false, faults: [expect.stringMatching(/^upstream: .*forced up/)] }]);
  reload(READY);
  pass(5 * MINUTE_ms);
  expect(turns()[1]).toMatchObject({ is_ready: true, faults: [], lost_ms: expect.any(Number) });
  expect(turns()).toHaveLength(2);
  expect(log()[1]).toMatch(/^readiness_regained {"lost_s":30\d}$/);
  expect(history()).toMatchObject([{ until: expect.any(String), evidence: expect.stringContaining("forced up") }]);
  await end();
});

test("a restart tells it no second time, and ends it once phones are there", async () => {
  const first = await branch(READY);
  first.pass(5 * MINUTE_ms);
  const [{ since } = { since: "none" }] = first.history();
  const { saved, now_ms } = await first.end();
  const second = await branch(READY, saved, now_ms + MINUTE_ms);
  second.pass(5 * MINUTE_ms);
  expect(second.turns()).toEqual([]);
  expect(second.history()).toMatchObject([{ since }]);
  expect(second.service.history({}).counts.unready).toBe(1);
  second.register();
  second.pass(6 * MINUTE_ms + 1_000);
  expect(second.turns()).toMatchObject([{ is_ready: true }]);
  expect(second.history()).toMatchObject([{ since, until: expect.any(String) }]);
  await second.end();
});
