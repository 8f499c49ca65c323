/** The file's `http`: where branchline answers browsers and monitoring systems. */
import { IpRange, ipVersion, isLoopback, isPrivate } from "../../base/ip-range.ts";
import { hostText, splitHostPort } from "../../message/uri.ts";
import type { Site } from "../../policy/site.ts";
import { TRANSPORTS } from "../../transport/flow.ts";
import type { OwnListener } from "../../transport/own-listener.ts";
import { fieldsOf, type Places } from "./fields.ts";
import { list, mapping, type Rows, required, restart, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

export const HTTP_PORT = 8080;
const EXAMPLE = "10.222.237.1:8080";

const KEYS = {
  http: restart(mapping),
  "http.listen": required(restart(list(text())), EXAMPLE),
  "http.password": restart(text()),
  "http.names": restart(list(text(), [])),
  "http.metrics_from": restart(list(text(), [])),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    http: "The server for browsers and monitoring systems. Without this key there is none.",
    "http.listen": {
      kind: "`ADDRESS` or `ADDRESS:PORT`, or list of them",
      words: `This router's addresses for HTTP, each private, loopback or in \`localnet\`. The default port is ${HTTP_PORT}.`,
    },
    "http.password": {
      default: "no password",
      words:
        "The password for all paths but `/healthz`; any user name goes with it. HTTP doesn't encrypt it: who can read the traffic of the network can read it.",
    },
    "http.names": {
      kind: "name, or list of them",
      words:
        "DNS names by which browsers may call this router. Its addresses and `localhost` need no name here. branchline refuses other names: a page from elsewhere could otherwise read the status through the browser of somebody in the office (DNS rebinding).",
    },
    "http.metrics_from": {
      kind: "network, or list of them",
      pattern: "^\\s*[0-9A-Fa-f.:]+(/\\d{1,3})?\\s*$",
      words:
        "Addresses outside `localnet` that may read `/metrics` and `/healthz`, and nothing else: a Prometheus at headquarters. Without this key, only this router and `localnet` get an answer.",
    },
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    http: {
      about:
        "A server for browsers and [monitoring](monitoring.md), off by default. Only this router itself and addresses in `localnet` get an answer; the connection of another sender is closed without one.",
      example: `http: {listen: ${EXAMPLE}}`,
    },
  };
}

export interface HttpSettings {
  readonly listen: readonly HttpAddress[];
  readonly password: string | undefined;
  /** In lower case. */
  readonly names: readonly string[];
  /** Networks as text. */
  readonly metrics_from: readonly string[];
}

/** `host` is an IP literal, IPv6 without brackets. */
export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

export const HTTP = section(KEYS, (reader, top) => loadHttp(reader, top.get("http")), says);

function says(http: HttpSettings | undefined): string[] {
  if (http === undefined) return [];
  const { listen, password, metrics_from } = http;
  const at = listen.map(({ host, port }) => `http://${hostText(host)}:${port}/`).join(", ");
  const guard = password === undefined ? "without a password" : "with a password";
  return [
    `Answers browsers in the phones' networks at ${at}, ${guard}.`,
    ...(metrics_from.length === 0 ? [] : [`${metrics_from.join(", ")} may read the metrics there.`]),
  ];
}

/** Undefined: no server. */
function loadHttp(reader: Reader, place: Place | undefined): HttpSettings | undefined {
  if (place === undefined) return undefined;
  const fields = fieldsOf(reader, place, KEYS, "http");
  const items = (found: Place | undefined) => (found === undefined ? [] : reader.items(found));
  const listen = fields.required("listen", (found) => loadListen(reader, found)) ?? [];
  const password = fields.text("password", (found) => loadPassword(reader, found));
  const names = items(fields.get("names")).flatMap((item) => loadName(reader, item) ?? []);
  const metrics_from = items(fields.get("metrics_from")).flatMap((item) => loadNetwork(reader, item) ?? []);
  return { listen, password, names, metrics_from };
}

const ADDRESS_WORDS = `one of this router's own addresses, such as ${EXAMPLE}`;

function loadListen(reader: Reader, place: Place): HttpAddress[] {
  const found: HttpAddress[] = [];
  const items = reader.items(place);
  if (items.length === 0) reader.fault(place, `is empty; name ${ADDRESS_WORDS}`);
  for (const item of items) {
    const address = loadAddress(reader, item);
    if (address === undefined) continue;
    const isTwice = found.some(({ host, port }) => host === address.host && port === address.port);
    if (isTwice) reader.fault(item, "is listed twice; remove one");
    else found.push(address);
  }
  return found;
}

function loadAddress(reader: Reader, place: Place): HttpAddress | undefined {
  const text = reader.text(place, ADDRESS_WORDS);
  if (text === undefined) return undefined;
  const end = splitHostPort(ipVersion(text) === 6 ? hostText(text) : text);
  if (end === undefined || ipVersion(end.host) === 0) {
    reader.fault(place, `"${text}" must be ${ADDRESS_WORDS}`);
    return undefined;
  }
  if (end.host === "0.0.0.0" || end.host === "::") {
    reader.fault(place, `"${text}" is every address, that of the WAN too; name the address towards the phones`);
    return undefined;
  }
  return { host: end.host, port: end.port ?? HTTP_PORT };
}

/** Printable, since a browser and a configuration of Prometheus must be able to send it; a colon may be in it (RFC 7617 §2). */
function loadPassword(reader: Reader, place: Place): string | undefined {
  const password = reader.text(place, "a password");
  if (password === undefined || /^[\x20-\x7e]{8,128}$/.test(password)) return password;
  reader.fault(place, "must have 8 to 128 characters of ASCII");
  return undefined;
}

function loadName(reader: Reader, place: Place): string | undefined {
  const expected = "a DNS name, such as router.example.com";
  const name = reader.text(place, expected);
  if (name === undefined) return undefined;
  if (/^(?!\d+(?:\.\d+)*$)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(name)) return name.toLowerCase();
  reader.fault(place, `"${name}" must be ${expected}`);
  return undefined;
}

/** A whole private network of the first class is the largest. */
const PREFIX_LEAST_bits = 8;

function loadNetwork(reader: Reader, place: Place): string | undefined {
  const expected = "an address or a network, such as 10.1.0.5 or 10.1.0.0/24";
  const text = reader.text(place, expected);
  if (text === undefined) return undefined;
  const range = IpRange.parse(text);
  if (range !== undefined && range.prefix_bits >= PREFIX_LEAST_bits && !range.hasHostBits) return text;
  reader.fault(place, `"${text}" must be ${expected}`);
  return undefined;
}

/** How it fits to `listen` and `localnet`. */
export function checkHttp(
  reader: Reader,
  fields: Places<"http">,
  listeners: readonly OwnListener[],
  http: HttpSettings | undefined,
  { localnet }: Site,
): void {
  const place = fields.get("http");
  if (place === undefined || http === undefined) return;
  for (const { host, port } of http.listen) {
    const text = `${hostText(host)}:${port}`;
    if (!isLoopback(host) && !isPrivate(host) && !localnet.contains(host)) {
      reader.fault(place, `listens on ${text}, which is in the Internet; name the address towards the phones`);
    }
    const isSip = ({ transport, address, port: sip }: OwnListener) =>
      transport.layer === TRANSPORTS.tcp.layer && address === host && sip === port;
    if (listeners.some(isSip)) reader.fault(place, `listens on ${text}, where listen has SIP; give it another port`);
  }
}
