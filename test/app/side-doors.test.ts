/** What reaches a running branchline beside SIP: opened with it, told of what happens, closed with it. */
import { expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { Service } from "../../src/app/service.ts";
import type { SideDoor, SideDoors } from "../../src/app/side-door.ts";
import type { LogFields } from "../../src/base/ports.ts";
import { quietRouterHost } from "../support/quiet-router-host.ts";
import { SITE_YAML } from "../support/site.ts";

/** A service that runs on nothing, and what has become of it: its log, and what its doors tell. */
function service(...given: readonly (Partial<SideDoor> & { journal?: string })[]) {
  const journal = given.find((one) => one.journal !== undefined)?.journal;
  const doors = journal === undefined ? given : given.slice(1);
  const yaml = journal === undefined ? SITE_YAML : `${SITE_YAML}\njournal: ${journal}\n`;
  const heard: string[] = [];
  const told: string[] = [];
  const tell = (event: string, { door, error }: LogFields = {}) =>
    void told.push(door === undefined ? event : `${event}, ${door}: ${error}`);
  const host = quietRouterHost({
    log: { error: tell, warn: tell, info: tell, debug: () => {} },
    sockets: {
      open: () => Promise.resolve(tell("listening")),
      close: () => Promise.resolve(),
      isOurs: () => Promise.resolve(true),
    },
    turn: () => Promise.resolve(tell("what has come is handled")),
    callStore: {
      load: async () => void tell("calls read"),
      save: () => Promise.resolve(),
    },
    close: () => Promise.resolve(tell("sockets closed")),
  });
  const made: SideDoors = (running, happened) =>
    doors.map((door, index): SideDoor => {
      happened.follow(({ kind }) => void heard.push(`${index} ${kind}`));
      const server = {
        open: () => Promise.resolve(tell(`door ${index} open, status ${typeof running.status()}`)),
        close: () => Promise.resolve(tell(`door ${index} closed`)),
      };
      return { server, door: `door ${index}`, effect: "nothing", ...door };
    });
  const { config } = loadConfig(yaml, (path) => path);
  const running = new Service(
    { config, text: yaml },
    "file",
    () => ({ config, text: yaml }),
    () => host,
    made,
  );
  return { running, told, heard };
}

test("a door is opened once SIP is served and the calls that were are read, may ask for the status, and is closed before the sockets are", async () => {
  const { running, told } = service({});
  await running.start();
  await running.stop();
  expect(told).toEqual([
    "listening",
    "listening",
    "what has come is handled",
    "calls read",
    "door 0 open, status object",
    "started",
    "door 0 closed",
    "sockets closed",
    "stopped",
  ]);
});

test("a door that can't be opened is told of, and the next one is opened all the same", async () => {
  const refuses = { open: () => Promise.reject(new Error("in use")), close: () => Promise.resolve() };
  const { running, told } = service({ server: refuses }, {});
  await running.start();
  expect(told).toContain("side_door, door 0: in use");
  expect(told).toContain("door 1 open, status object");
  expect(told).toContain("started");
});

test.each(["{memory: 2MB}", "off"])(
  "doors that follow the journal hear what happens, each of them; journal: %s",
  async (journal) => {
    const { running, heard } = service({ journal }, {}, {}, {});
    await running.start();
    heard.length = 0;
    running.force("down");
    expect(heard).toEqual(["0 edge", "1 edge", "2 edge"]);
  },
);
