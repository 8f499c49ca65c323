/** The floor plan of src: which floor may import what. `tidy-floors.test.ts` holds src to it. */

/** Floor → the floors that it imports from, all of them in rows above; "host" is Node itself: clock, sockets, files. */
export const FLOORS: Readonly<Record<string, string>> = {
  "base/": "",
  "message/": "base/",
  "transport/": "base/ message/",
  "transaction/": "base/ message/ transport/",
  "proxy/": "base/ message/ transport/ transaction/",
  "policy/": "base/ message/ transport/ proxy/",
  "cluster/": "base/ message/ transport/ transaction/ proxy/ policy/",
  "io/": "base/ transport/ host",
  "app/": "base/ message/ transport/ transaction/ proxy/ policy/ cluster/",
  "page/": "base/ app/ host",
  "setup/": "base/ message/ transport/ transaction/ proxy/ policy/ cluster/ io/ app/",
  "cli/": "base/ io/ app/ setup/ host",
  "main.ts": "cli/ host",
};

/** Rooms of a floor, and the files beside them: each imports only from those before it. */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  "policy/": [
    ...["origin.ts", "request-facts.ts", "dialled-number.ts", "named.ts", "gateway-strategies.ts"],
    ...["site.ts", "status.ts", "phones/", "drilling.ts", "peers/", "plan.ts", "gateways/"],
    ...["numbers/", "emergency/", "access/", "drill-ground.ts", "saved-binding.ts", "situation.ts", "door/", "rules/"],
    ...["call-entry.ts", "call-record.ts", "calls-now.ts", "call-log.ts", "saved-calls.ts"],
    ...["explain.ts", "routing-policy.ts", "peer-memory.ts", "snapshot.ts", "site-policy.ts"],
  ],
};

/** npm package → the one file that imports it, or the folder whose files do; what the C host offers → the folder whose files do. */
export const PACKAGES: Readonly<Record<string, string>> = {
  commander: "src/cli/cli.ts",
  "dgram-as-promised": "src/io/node/udp-socket.ts",
  "events/events.js": "src/io/quickjs/events.ts",
  "fflate/browser": "src/io/quickjs/zlib.ts",
  "ip-num": "src/base/ip-range.ts",
  native: "src/io/quickjs/",
  yaml: "src/app/config/",
};
