/** Requests that name a gateway, such as the INVITE of a phone that follows our redirect, go there. No survival on top. */
import { uriPort } from "../../message/uri.ts";
import type { Gateway, Site } from "../site.ts";
import { decision, onSilence, type RoutingRule, replyStage } from "../situation.ts";

export const toGateway: RoutingRule = (routed, { site, origin }) => {
  const { uri } = routed;
  if (uri === undefined || (origin !== "localnet" && origin !== "upstream")) return undefined;
  const gateway = site.gateways.find((one) => one.uri.host === uri.host && uriPort(one.uri) === uriPort(uri));
  if (gateway === undefined) return undefined;
  return decision(
    "to-gateway",
    `the Request-URI names gateway ${gateway.uri.host}`,
    {
      kind: "fork",
      targets: [{ nextHop: { host: uri.host, port: uri.port }, touchesGateway: true }],
      fr_timer_ms: site.upstream.fr_timer_ms,
      nextOn: onSilence,
    },
    unreachableStage(gateway),
  );
};

/** The last word when a gateway says nothing. */
export function unreachableStage(gateway: Gateway) {
  const text = `Gateway ${gateway.uri.host} does not answer`;
  return replyStage(480, undefined, `Reason: SIP;cause=408;text="${text}"\r\n`);
}

/** Forwards to each gateway in turn, until one answers. */
export function gatewayStages(site: Site, user: string) {
  const stages = site.gateways.map((gateway) => ({
    kind: "fork" as const,
    targets: [
      {
        requestUri: gatewayUri(gateway, user),
        nextHop: { host: gateway.uri.host, port: gateway.uri.port },
        touchesGateway: true,
      },
    ],
    fr_timer_ms: site.upstream.fr_timer_ms,
    nextOn: onSilence,
  }));
  const last = site.gateways[site.gateways.length - 1];
  return last === undefined ? [] : [...stages, unreachableStage(last)];
}

/** `user` at the gateway. */
export function gatewayUri(gateway: Gateway, user: string): string {
  const { text, user: ownUser } = gateway.uri;
  const hostStart = ownUser === undefined ? text.indexOf(":") + 1 : text.lastIndexOf("@") + 1;
  return `sip:${user}@${text.slice(hostStart)}`;
}
