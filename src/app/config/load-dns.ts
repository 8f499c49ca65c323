/** The file's `dns`: the servers to ask for names. */
import { ipVersion } from "../../base/ip-range.ts";
import { hostText, splitHostPort } from "../../message/uri.ts";
import { fieldsOf } from "./fields.ts";
import type { Place, Reader } from "./reader.ts";

/** Servers as Node wants them. */
export function loadDns(reader: Reader, place: Place | undefined): string[] {
  const fields = fieldsOf(reader, place, "dns");
  const servers = fields.required("servers", "[10.222.237.1]", (found) =>
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
