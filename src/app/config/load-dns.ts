/** The file's `dns`: the servers to ask for names. */
import { ipVersion } from "../../base/ip-range.ts";
import { hostText, splitHostPort } from "../../message/uri.ts";
import { fieldsOf } from "./fields.ts";
import { list, type Rows, required, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  "dns.servers": required(list(text()), "[10.222.237.1]"),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    "dns.servers": {
      kind: "IP address, or list of them",
      default: "those of `/etc/resolv.conf`",
      words: "DNS servers: `10.222.237.1`, or with a port `10.222.237.1:5353`.",
    },
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    dns: { about: "The DNS servers that branchline asks for names.", example: "dns: {servers: [10.222.237.1]}" },
  };
}

export const DNS = section(KEYS, (reader, top) => loadDns(reader, top.get("dns")));

/** Servers, address or address:port; empty: those that the system asks. */
function loadDns(reader: Reader, place: Place | undefined): string[] {
  const fields = fieldsOf(reader, place, KEYS, "dns");
  const servers = fields.required("servers", (found) =>
    reader.items(found).flatMap((item) => loadServer(reader, item) ?? []),
  );
  return servers ?? [];
}

function loadServer(reader: Reader, place: Place): string | undefined {
  const expected = "the IP address of a DNS server, such as 10.222.237.1 or 10.222.237.1:5353";
  const text = reader.text(place, expected);
  if (text === undefined) return undefined;
  if (ipVersion(splitHostPort(ipVersion(text) === 6 ? hostText(text) : text)?.host ?? "") !== 0) return text;
  reader.fault(place, `"${text}" must be ${expected}`);
  return undefined;
}
