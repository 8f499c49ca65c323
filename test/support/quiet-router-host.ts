/** A router's host on which nothing happens, for tests of what is around the engine. */

import type { RouterHost } from "../../src/app/host.ts";
import { QUIET_HOST } from "../../src/app/quiet-host.ts";

const nothing = () => Promise.resolve();

/** @param own what the test has of its own: a log, a clock, sockets */
export function quietRouterHost(own: Partial<RouterHost>): RouterHost {
  return {
    ...QUIET_HOST,
    wallClock_ms: () => 0,
    sockets: { open: nothing, close: nothing, isOurs: () => Promise.resolve(true) },
    store: { load: () => Promise.resolve(undefined), save: nothing },
    callStore: { load: () => Promise.resolve(undefined), save: nothing },
    historyStore: { load: () => Promise.resolve(undefined), save: nothing },
    drillStore: { load: () => Promise.resolve(undefined), save: nothing },
    tables: {},
    readInterfaces: () => undefined,
    readAddresses: () => [],
    findSource: () => Promise.resolve(undefined),
    watchInterfaces: () => {},
    turn: nothing,
    isOpen: () => true,
    isoTime: (time_ms) => new Date(time_ms).toISOString(),
    localTime: () => "1970-01-01 00:00:00",
    setLogLevel: () => {},
    setDnsServers: () => {},
    certificateEnd_ms: () => undefined,
    setTls: () => {},
    quiet: () => {},
    close: nothing,
    ...own,
  };
}
