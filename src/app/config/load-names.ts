/** The file's `names`: host names that mean this proxy. */
import { ipVersion } from "../../base/ip-range.ts";
import { splitHostPort } from "../../message/uri.ts";
import type { Site } from "../../policy/site.ts";
import type { Places } from "./fields.ts";
import { list, type Rows, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  names: list(text()),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    names: {
      kind: "host name, or list of them",
      default: "none",
      words:
        "Host names that mean this router. Three kinds of names are known without this key: the names in `advertise`, the names in `tls.certificate` (no wildcards), and a name at the top of a request's Route that DNS resolves to an address of `listen`.",
    },
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    names: {
      about:
        "Names of this router, for phones whose outbound proxy is a name. A name of upstream or a gateway never means this router, whatever DNS says. A domain of the phones means this router only at the top of Route, and only if `tls.certificate` or DNS says so. If DNS leads a phone's outbound proxy to another machine, `status`, `doctor` and the log line `outbound_proxy_unknown` say so.",
      example: "names: [branch.example.com]",
    },
  };
}

export const NAMES = section(KEYS, (reader, top) => top.optional("names", (place) => loadNames(reader, place)) ?? []);

const EXAMPLE = "branch.example.com";

/** Host names in lower case, without a trailing dot. */
function loadNames(reader: Reader, place: Place): string[] {
  return reader.items(place).flatMap((item) => loadName(reader, item) ?? []);
}

function loadName(reader: Reader, place: Place): string | undefined {
  const text = reader.text(place, `a host name, such as ${EXAMPLE}`);
  if (text === undefined) return undefined;
  const parts = splitHostPort(text);
  if (parts?.port !== undefined) {
    reader.fault(place, `"${text}" has a port; write ${parts.host} alone, the ports are those of listen`);
  } else if (ipVersion(text.replace(/^\[|\]$/g, "")) !== 0) {
    reader.fault(place, `"${text}" is an address; name it in listen, or as advertise there`);
  } else if (parts === undefined) {
    reader.fault(place, `"${text}" is no host name; write it like ${EXAMPLE}, without sip: and without *`);
  } else {
    return parts.host;
  }
  return undefined;
}

/** A name of upstream leads to upstream, whatever the file says of it. */
export function checkNames(reader: Reader, fields: Places<"names">, { names, upstream }: Site): void {
  const place = fields.get("names");
  if (place === undefined) return;
  for (const { host } of upstream.targets) {
    if (names.includes(host)) reader.fault(place, `${host} is upstream; names are those of this router alone`);
  }
}
