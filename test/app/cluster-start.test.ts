/** A start of a member: whether its sockets are open before the other members, and routers, hear of it. */
import { expect, test } from "vitest";
import type { ClusterPart } from "../../src/app/cluster-part.ts";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { Service } from "../../src/app/service.ts";
import { quietRouterHost } from "../support/quiet-router-host.ts";

const COMMON = "localnet: [10.222.237.0/24]\nupstream: sip:198.51.100.10\n";
const MEMBERS = "members: {a: 10.10.9.1, b: 10.10.9.2}, secret: secret";
const ANYCAST = `listen: [{address: "udp:10.206.206.1:5060", anycast: true}]
cluster: {mode: anycast, name: a, ${MEMBERS}}
${COMMON}`;
const PAIR = `listen: [udp:10.222.237.1:5060]
cluster: {name: a, ${MEMBERS}, shared: [10.222.237.1]}
${COMMON}`;

test.each([
  ["an anycast address is open before its route may be announced", ANYCAST, ["listening", "cluster"]],
  ["a shared address is opened once the cluster knows whether it may be had", PAIR, ["cluster", "listening"]],
])("%s", async (_, yaml, expected) => {
  const told: string[] = [];
  const host = quietRouterHost({
    sockets: {
      open: async () => void told.push("listening"),
      close: () => Promise.resolve(),
      isOurs: () => Promise.resolve(true),
    },
  });
  const part = new Proxy({} as ClusterPart, {
    get: (_target, name) => () => {
      if (name === "start") told.push("cluster");
      return name === "facts" ? undefined : Promise.resolve();
    },
  });
  const { config, problems } = loadConfig(yaml, (path) => path);
  expect(problems).toEqual([]);
  const read = { config, text: yaml };
  const running = new Service(
    read,
    "file",
    () => read,
    () => host,
    () => [],
    () => part,
  );
  await running.start();
  await running.stop();
  expect(told).toEqual(expected);
});
