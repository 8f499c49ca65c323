/** What a branchline that runs on this router already knows of the site: `init` can't hear phones beside it, since it has their port. */
import type { RegisteredContact, RunningStatus } from "../../app/control.ts";
import { counted, someOf } from "../../app/words/lines.ts";
import type { Ear } from "../../io/node/ears.ts";
import { parseSipUri, splitHostPort } from "../../message/uri.ts";
import { type Heard, isExtension } from "./heard.ts";

export interface Beside {
  /** The file that it runs with; "" where it doesn't tell. */
  readonly file: string;
  /** URIs; [] where the file names none and each phone's own domain is asked. */
  readonly upstream: readonly string[];
  /** URIs. */
  readonly gateways: readonly string[];
  /** From where gateways send. */
  readonly gatewayAddresses: readonly string[];
  /** Its registered phones. */
  readonly phones: readonly Heard[];
  /** Where it listens for UDP. */
  readonly ears: readonly Ear[];
}

/** @returns what it has told, in the words of `init` */
export function besideOf(status: RunningStatus, contacts: readonly RegisteredContact[]): Beside {
  const { file = "", listen, upstream, gateways, calls_go_to: to } = status;
  const isByDomain = to?.role === "upstream" && to.peers.length === 0;
  const uris = (peers: readonly { readonly name: string }[]) => peers.map(({ name }) => `sip:${name}`);
  return {
    file,
    upstream: isByDomain ? [] : uris(upstream),
    gateways: uris(gateways),
    gatewayAddresses: gateways.flatMap(({ name, addresses }) => addresses ?? [parseSipUri(`sip:${name}`)?.host ?? ""]),
    phones: contacts.flatMap(({ name, from }) => {
      const at = name.lastIndexOf("@");
      const user = name.slice(0, at);
      const address = splitHostPort(from)?.host;
      return at < 0 || address === undefined || !isExtension(user)
        ? []
        : [{ address, user, domain: name.slice(at + 1), agent: "" }];
    }),
    ears: listen.flatMap(({ name, address }) => {
      const [, port] = /^udp:.*:(\d+)$/.exec(name) ?? [];
      return address === null || port === undefined ? [] : [{ address, port: Number(port) }];
    }),
  };
}

/** Names that a line has room for. */
const NAMES_MAX = 3;

/** One sentence: which one runs, and what is taken from it. */
export function besideText({ file, upstream, gateways, phones }: Beside): string {
  const named = (role: string, uris: readonly string[]) =>
    uris.length === 0
      ? []
      : [
          `${role} ${someOf(
            uris.map((uri) => uri.replace("sip:", "")),
            NAMES_MAX,
          )}`,
        ];
  const taken = [
    ...named("upstream", upstream),
    ...named(gateways.length === 1 ? "gateway" : "gateways", gateways),
    phones.length === 0 ? "no registered phone" : counted(phones.length, "registered phone"),
  ];
  return `branchline runs here already${file === "" ? "" : `, with ${file}`}. Taken from it: ${taken.join(", ")}.`;
}
