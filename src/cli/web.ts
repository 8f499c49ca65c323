/** What answers browsers and monitoring systems: loaded only where the file has `http:`. */
import * as zlib from "zlib";
import type { Config } from "../app/config/config.ts";
import { Counters } from "../app/observe/counters.ts";
import { Notices } from "../app/observe/notices.ts";
import { pageRoutes } from "../app/observe/page-routes.ts";
import { routesOf } from "../app/observe/routes.ts";
import { addressText, Web } from "../app/observe/web.ts";
import type { SideDoor, SideDoors } from "../app/side-door.ts";
import type { Logger } from "../base/ports.ts";
import { monotonic_ms, secondsOf } from "../io/node/clock.ts";
import { HttpServer } from "../io/node/http-server.ts";
import { ownProcess } from "../io/node/own-process.ts";
import { readText } from "../io/node/read-text.ts";

/** Of gzip (RFC 1952), as `build/page.mjs` makes it: without a name, so that its head has 10 octets. */
const GZIP_HEAD_OCTETS = 10;
const GZIP_TAIL_OCTETS = 8;
const packedPage = () => Buffer.from(BRANCHLINE_PAGE, BRANCHLINE_PACKED);
const PAGE = {
  gzip: () => packedPage().toString("latin1"),
  html: () => zlib.inflateRawSync(packedPage().slice(GZIP_HEAD_OCTETS, -GZIP_TAIL_OCTETS)).toString(),
  policy: BRANCHLINE_PAGE_POLICY,
  tag: BRANCHLINE_PAGE_TAG,
};

/** A server at each address of the file, all with the same answers. */
export function webDoors({ http, site }: Config, log: Logger): SideDoors {
  const tell = (path: string, error: unknown) => {
    const where = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.error("event_failed", { error: `the answer to ${path}: ${where}` });
  };
  return (running, journal) => {
    if (http === undefined) return [];
    const counters = new Counters((question) => running.calls(question));
    journal.follow((entry) => counters.hear(entry));
    const counted = () => counters.at(monotonic_ms());
    const notices = new Notices(journal, (task, after_ms) => void setTimeout(task, after_ms));
    const routes = new Map([
      ...routesOf({ running, counted, process: ownProcess, secondsOf }),
      ...pageRoutes(running, notices, PAGE),
    ]);
    const names = [...ownNames(), ...site.names];
    const web = new Web(http, routes, (address) => running.isLocal(address), tell, names);
    return http.listen.map((at): SideDoor => {
      const server = new HttpServer(at, {
        admits: (address) => web.admits(address),
        answer: (head, address) => web.answer(head, address),
        tooMany: web.tooMany,
      });
      return { server, door: `HTTP at ${addressText(at)}`, effect: "no page and no metrics there" };
    });
  };
}

/** What the router is called in its own network: by itself, by mDNS, and by the DNS server of most routers. */
function ownNames(): string[] {
  const name = readText("/proc/sys/kernel/hostname")?.trim() ?? "";
  return name === "" ? [] : [name, `${name}.local`, `${name}.lan`];
}
