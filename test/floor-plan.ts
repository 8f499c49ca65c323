/** The floor plan of src: which floor may import what. `tidy-floors.test.ts` holds src to it. */

/** Floor → the floors that it imports from, all of them in rows above; "host" is Node itself: clock, sockets, files. */
export const FLOORS: Readonly<Record<string, string>> = {
  "base/": "",
  "message/": "base/",
  "transport/": "base/ message/",
  "transaction/": "base/ message/ transport/",
  "proxy/": "base/ message/ transport/ transaction/",
  "policy/": "base/ message/ transport/ proxy/",
  "io/": "base/ transport/ host",
  "app/": "base/ message/ transport/ transaction/ proxy/ policy/",
  "setup/": "base/ message/ transport/ transaction/ proxy/ policy/ io/ app/",
  "cli/": "base/ io/ app/ setup/ host",
  "main.ts": "cli/ host",
};

/** Rooms of a floor, and the files beside them: each imports only from those before it. */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  "policy/": [
    ...["origin.ts", "request-facts.ts", "dialled-number.ts", "named.ts"],
    ...["gateway-strategies.ts", "site.ts", "status.ts"],
    ...["phones/", "peers/", "plan.ts", "gateways/", "numbers/", "emergency/", "access/"],
    ...["situation.ts", "door/", "rules/"],
    ...["call-entry.ts", "call-record.ts", "call-log.ts", "saved-calls.ts"],
    ...["explain.ts", "routing-policy.ts", "snapshot.ts", "site-policy.ts"],
  ],
};

/** npm package → the one file that imports it. */
export const PACKAGES: Readonly<Record<string, string>> = {
  commander: "src/cli/cli.ts",
  "dgram-as-promised": "src/io/node/udp.ts",
  "ip-num": "src/base/ip-range.ts",
  yaml: "src/app/config/reader.ts",
};
