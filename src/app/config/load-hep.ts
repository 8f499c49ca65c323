/** The file's `hep`: the collector that gets a copy of each SIP message. */
import { hostText } from "../../message/uri.ts";
import { longFormOf } from "./fields.ts";
import { count, flag, type Rows, required, restart, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import { type Collector, loadCollector } from "./load-collector.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const HEP_PORT = 9060;

const KEYS = {
  hep: restart(text()),
  "hep.to": required(restart(text()), "10.10.9.1:9060"),
  "hep.id": restart(count(2001, 1, 4_294_967_295)),
  "hep.masked": restart(flag(true)),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  const kind = "`ADDRESS` or `ADDRESS:PORT`";
  return {
    hep: { kind, words: "The collector, or a mapping with the keys below." },
    "hep.to": {
      kind,
      words: `The collector's address, IPv4 or \`[IPv6]\`, with its UDP port if that is not ${HEP_PORT}.`,
    },
    "hep.id": "The number by which the collector tells this router from others.",
    "hep.masked":
      "`true` leaves secrets out: the values of Authorization and Proxy-Authorization, and bodies. `false` sends messages as they are.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    hep: {
      about:
        "Sends a copy of each SIP message to a collector such as Homer, by HEP version 3 over UDP. branchline takes nothing from there, and never waits for it. TLS calls are copied in clear, so the way to the collector should be private. See [events.md](events.md).",
      example: "hep: {to: 10.10.9.1, id: 17}",
    },
  };
}

export interface HepSettings {
  readonly to: Collector;
  readonly id: number;
  readonly masked: boolean;
}

export const HEP = section(KEYS, (reader, top) => loadHep(reader, top.get("hep")), says);

function loadHep(reader: Reader, place: Place | undefined): HepSettings | undefined {
  if (place === undefined) return undefined;
  const fields = longFormOf(reader, place, KEYS, "hep");
  const at = fields.isThere ? fields.required("to", (found) => found) : place;
  const named = at === undefined ? undefined : reader.text(at, "an IP address, such as 10.10.9.1:9060");
  const id = fields.count("id");
  const masked = fields.flag("masked");
  const to = at === undefined || named === undefined ? undefined : loadCollector(reader, at, named, HEP_PORT);
  return to === undefined ? undefined : { to, id, masked };
}

function says(hep: HepSettings | undefined): readonly string[] {
  if (hep === undefined) return [];
  const secrets = hep.masked ? "without bodies and secrets" : "whole";
  return [`Copies each SIP message, ${secrets}, to ${hostText(hep.to.address)}:${hep.to.port} by HEP.`];
}
