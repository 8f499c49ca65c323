/** What reading all of a message costs, measured so that a busy machine doesn't matter. */
import { CONTACT, PATH, PROXY_REQUIRE, RECORD_ROUTE, ROUTE, SUPPORTED, VIA } from "../../src/message/header-names.ts";
import { nameAddrParameter, parseNameAddr } from "../../src/message/name-addr.ts";
import { parse } from "../../src/message/parse.ts";
import { buildReply } from "../../src/message/reply.ts";
import { parseSipUri, uriParameter } from "../../src/message/uri.ts";
import { parseVia } from "../../src/message/via.ts";
import { loopHash } from "../../src/transaction/branch-id.ts";
import { serverKey } from "../../src/transaction/transaction-key.ts";

const LISTS = [VIA, CONTACT, ROUTE, RECORD_ROUTE, PATH, SUPPORTED, PROXY_REQUIRE];

/** Parses `wire` and then does once whatever anybody does with a message. */
export function readEverything(wire: string): void {
  const message = parse(wire);
  if (message.kind !== "request" && message.kind !== "response") return;
  for (const id of LISTS) {
    for (const value of message.list(id)) {
      if (id === VIA) parseVia(value, 0, value.length);
      const nameAddr = parseNameAddr(value);
      const uri = nameAddr === undefined ? undefined : parseSipUri(nameAddr.uri);
      if (nameAddr !== undefined) nameAddrParameter(nameAddr, "expires");
      if (uri !== undefined) uriParameter(uri, "lr");
    }
  }
  for (let index = 0; index < message.fieldCount; index++) message.value(index);
  if (message.fromTag + message.toTag === "nobody's" || message.kind === "response") return;
  serverKey(message);
  loopHash(message);
  buildReply(message, [], "tag", { status: 404 });
  if (message.uri !== undefined) uriParameter(message.uri, "lr");
}

/** The shortest of several runs: whatever else the machine does only makes it longer. */
export function shortest_ms(run: () => void, times: number): number {
  let best_ms = Number.POSITIVE_INFINITY;
  for (let time = 0; time < times; time++) {
    const start_ms = performance.now();
    run();
    best_ms = Math.min(best_ms, performance.now() - start_ms);
  }
  return best_ms;
}

/** Whether any of many runs takes less than `most_ms`; usually the first does. */
export function isWithin(most_ms: number, run: () => void): boolean {
  for (let time = 0; time < 40; time++) if (shortest_ms(run, 1) < most_ms) return true;
  return false;
}
