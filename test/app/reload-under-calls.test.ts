/** A hundred reloads amid 50 calls a second, of files that are well and of faulty ones in turn: no call notices. */
import { expect, it } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { Engine } from "../../src/app/engine.ts";
import { QUIET_HOST } from "../../src/app/quiet-host.ts";
import type { ReadFile } from "../../src/app/read-config.ts";
import { Service } from "../../src/app/service.ts";
import { header, statusOf } from "../sip/message.ts";
import { Actor } from "../support/actor.ts";
import { quietRouterHost } from "../support/quiet-router-host.ts";
import { mulberry32, Simulation } from "../support/simulation.ts";
import { LAN, PBX, PHONE, SITE_YAML, WAN } from "../support/site.ts";

const RELOADS = 100;
const RELOAD_EACH_ms = 100;
const CALL_EACH_ms = 20;
/** What the callee takes to ring, to answer, and what the caller talks: each call lives through several reloads. */
const [RINGS_ms, ANSWERS_ms, TALKS_ms] = [70, 250, 310];

/** In turn: another file, one that isn't YAML, one with a key that needs a restart, one with a fault. */
const FILES = [
  `${SITE_YAML}registration: {pace: 7}\n`,
  `${SITE_YAML}gateways: [\n`,
  `${SITE_YAML.replace("203.0.113.2:5060", "203.0.113.3:5060")}`,
  `${SITE_YAML}registration: {pace: 8}\ninbound: {order: hunt}\n`,
  `${SITE_YAML}upstreams: sip:198.51.100.11\n`,
];
const READ = FILES.map((text): ReturnType<ReadFile> => {
  const { config, problems } = loadConfig(text, (path) => path);
  return problems.length > 0 ? { faults: problems.map(({ message }) => message) } : { config, text };
});

it("of 500 calls each is answered once and ended once, while every sound file is taken over and every other one refused", async () => {
  const simulation = new Simulation();
  let turn = 0;
  const readFile: ReadFile = () => READ[turn % READ.length] ?? { faults: ["no file"] };
  const { config } = loadConfig(SITE_YAML, (path) => path);
  const random = mulberry32(1);
  const failures: unknown[] = [];
  let engine: Engine | undefined;
  const service = new Service({ config, text: SITE_YAML }, "branchline.yaml", readFile, (user) => {
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
      random: {
        token: (length) => Array.from({ length }, () => Math.floor(random() * 36).toString(36)).join(""),
        fraction: random,
      },
      log: {
        ...QUIET_HOST.log,
        error: (event, fields) => {
          if (event === "event_failed") failures.push(fields);
        },
      },
      now_ms: () => simulation.now_ms,
    });
  });
  await service.start();
  if (engine === undefined) throw new Error("no engine");
  const { timers } = engine;
  const to = engine;
  simulation.drive(timers);
  for (const listener of config.listeners) {
    simulation.attach(listener, {
      onDatagram: (wire, { address, port }) => to.onMessage(wire, { listener, address, port }),
    });
  }
  const phone = new Actor(simulation, "201", PHONE, LAN);
  const pbx = new Actor(simulation, "pbx", PBX, WAN);
  pbx.answers("INVITE", { after_ms: RINGS_ms, status: 180 }, { after_ms: ANSWERS_ms, status: 200 });
  simulation.run(1_000);

  const calls = (RELOADS * RELOAD_EACH_ms) / CALL_EACH_ms;
  const place = (left: number): void => {
    if (left > 1) simulation.after(CALL_EACH_ms, () => place(left - 1));
    const callId = header(phone.invite("sip:5551234@pbx.example.com"), "call-id");
    simulation.after(ANSWERS_ms + TALKS_ms, () => {
      const answer = phone.responses(200, "INVITE").find(({ message }) => header(message, "call-id") === callId);
      if (answer !== undefined) phone.inDialog("BYE", answer.message, 2);
    });
  };
  place(calls);
  const outcomes: boolean[] = [];
  for (turn = 0; turn < RELOADS; turn++) {
    simulation.run(RELOAD_EACH_ms);
    outcomes.push(service.reload().is_done);
  }
  simulation.run(5_000);

  expect(READ.map((read) => "config" in read)).toEqual([true, false, true, true, false]);
  expect(outcomes.slice(0, 10)).toEqual([true, false, false, true, false, true, false, false, true, false]);
  expect(failures).toEqual([]);
  const once = (messages: readonly { readonly message: Parameters<typeof header>[0] }[]) => {
    const callIds = messages.map(({ message }) => header(message, "call-id"));
    return [callIds.length, new Set(callIds).size];
  };
  expect(once(pbx.requests("INVITE"))).toEqual([calls, calls]);
  expect(once(phone.responses(200, "INVITE"))).toEqual([calls, calls]);
  expect(once(pbx.requests("BYE"))).toEqual([calls, calls]);
  expect(once(phone.responses(200, "BYE"))).toEqual([calls, calls]);
  expect(phone.received.filter(({ message }) => (statusOf(message) ?? 0) >= 300)).toEqual([]);
});
