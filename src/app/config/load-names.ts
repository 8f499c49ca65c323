/** The file's `names`: host names that mean this proxy. */
import { ipVersion } from "../../base/ip-range.ts";
import { splitHostPort } from "../../message/uri.ts";
import type { Site } from "../../policy/site.ts";
import type { Fields } from "./fields.ts";
import type { Place, Reader } from "./reader.ts";

const EXAMPLE = "branch.example.com";

/** Host names in lower case, without a trailing dot. */
export function loadNames(reader: Reader, place: Place): string[] {
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
export function checkNames(reader: Reader, fields: Fields<"">, { names, upstream }: Site): void {
  const place = fields.get("names");
  if (place === undefined) return;
  for (const { host } of upstream.targets) {
    if (names.includes(host)) reader.fault(place, `${host} is upstream; names are those of this router alone`);
  }
}
