/** Looks for the PBX and the gateway of the answers, as the proxy itself would. */
import { locate } from "../../app/find-ways.ts";
import type { SipUri } from "../../message/uri.ts";
import { wayPorts } from "../way-ports.ts";
import type { Network } from "./network.ts";
import { listenersFor, type Ways } from "./ways.ts";

/** How long DNS is waited for, for one name. */
const LOOKUP_ms = 4_000;

/** What these URIs lead to, and from which of our addresses. Nothing is sent there. */
export async function lookFor(uris: readonly SipUri[], network: Network): Promise<Ways> {
  const listeners = listenersFor(network, uris);
  const found = await Promise.all(uris.map((uri) => locate(uri, listeners, [], wayPorts(), LOOKUP_ms)));
  return new Map(found.map(({ uri, ways }) => [uri.text, ways]));
}
