/** What reading all of a message costs, measured so that a busy machine doesn't matter. */
import { CONTACT, PATH, PROXY_REQUIRE, RECORD_ROUTE, ROUTE, SUPPORTED, VIA } from "../../src/message/header-names.ts";
import { nameAddrParameter, parseNameAddr } from "../../src/message/name-addr.ts";
import { parse } from "../../src/message/parse.ts";
import { buildReply } from "../../src/message/reply.ts";
import { parseSipUri, uriParameter } from "../../src/message/uri.ts";
import { parseVia } from "../../src/message/via.ts";
import { loopHash } from "../../src/transaction/branch-id.ts";
import { serverKey } from "../../src/transaction/transaction-key.ts";
import { processorTime_ms } from "../support/processor-time.ts";

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

/** The processor's time for the shortest of several runs: others on the machine make it longer by their use of its caches only. */
export function shortest_ms(run: () => void, times: number): number {
  let best_ms = Number.POSITIVE_INFINITY;
  for (let time = 0; time < times; time++) best_ms = Math.min(best_ms, processorTime_ms(run));
  return best_ms;
}

/** The short message is this part of the long one. */
const SHORTER = 8;
/** Three times the proportion of the lengths; the square of it is 64. */
const MOST_TIMES = 3 * SHORTER;
/** Below this a clock and a cache say more than the work does. */
const LEAST_ms = 0.05;

/** Whether the work for a message of `length` is about `SHORTER` times that for a short one; the best of many runs counts. */
export function isInProportion(run: (wire: string) => void, of: (length: number) => string, length: number): boolean {
  const short = of(Math.floor(length / SHORTER));
  const long = of(length);
  const short_ms = shortest_ms(() => run(short), 2);
  const most_ms = MOST_TIMES * Math.max(LEAST_ms, short_ms);
  for (let time = 0; time < 10; time++) if (shortest_ms(() => run(long), 1) < most_ms) return true;
  return false;
}
