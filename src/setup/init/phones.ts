/** What to set on phones so that they come to branchline: by the names in each maker's menus and provisioning files. */
import type { Config } from "../../app/config/config.ts";
import { nearest } from "../../app/config/suggestions.ts";
import { hostText } from "../../message/uri.ts";
import { type DeskProtocol, deskProtocolOf } from "../../transport/flow.ts";
import type { Interfaces } from "../../transport/own-listener.ts";

/** An address of ours, as a phone needs it. */
export interface ProxyAddress {
  /** IPv6 in brackets; of an interface without an address, a text that says so. */
  readonly host: string;
  readonly port: number;
  readonly transport: DeskProtocol;
}

/** What one maker calls it. */
export interface MakerGuide {
  readonly maker: string;
  /** The way through the phone's menus, with what to set there. */
  readonly menu: string;
  /** Lines of its provisioning file. */
  readonly settings: readonly string[];
  /** The same for old firmware, or for its other file format. */
  readonly older?: readonly string[];
}

/** How Polycom calls them; all others number them in this order. Others than these are in no menu. */
const TRANSPORTS: Readonly<Record<DeskProtocol, string>> = { udp: "UDPOnly", tcp: "TCPOnly", tls: "TLS" };

interface Maker {
  /** As it is asked for; the first one is its name in lists. */
  readonly names: readonly string[];
  guide(to: ProxyAddress & { readonly both: string; readonly name: string; readonly number: number }): MakerGuide;
}

const MAKERS: readonly Maker[] = [
  {
    names: ["yealink"],
    guide: ({ host, port, name, number }) => ({
      maker: "Yealink",
      menu: `Account > Register > Enable Outbound Proxy Server; Outbound Proxy Server 1: ${host}, Port ${port}; Transport: ${name}`,
      settings: [
        "account.1.outbound_proxy_enable = 1",
        `account.1.outbound_proxy.1.address = ${host}`,
        `account.1.outbound_proxy.1.port = ${port}`,
        `account.1.sip_server.1.transport_type = ${number}`,
      ],
      older: [`account.1.outbound_host = ${host}`, `account.1.outbound_port = ${port}`],
    }),
  },
  {
    names: ["cisco", "spa", "mpp", "linksys"],
    guide: ({ both, name }) => ({
      maker: "Cisco SPA, MPP",
      menu: `Voice > Ext 1 > Outbound Proxy: ${both}; Use Outbound Proxy, Use OB Proxy In Dialog: yes; SIP Transport: ${name}`,
      settings: [
        `<Outbound_Proxy_1_>${both}</Outbound_Proxy_1_>`,
        "<Use_Outbound_Proxy_1_>Yes</Use_Outbound_Proxy_1_>",
        "<Use_OB_Proxy_In_Dialog_1_>Yes</Use_OB_Proxy_In_Dialog_1_>",
        `<SIP_Transport_1_>${name}</SIP_Transport_1_>`,
      ],
    }),
  },
  {
    names: ["grandstream"],
    guide: ({ both, name, number }) => ({
      maker: "Grandstream",
      menu: `Accounts > Account 1 > General Settings > Outbound Proxy: ${both}; SIP Settings > SIP Transport: ${name}`,
      settings: [`P48=${both}`, `P130=${number}`],
    }),
  },
  {
    names: ["audiocodes"],
    guide: ({ host, port, name }) => ({
      maker: "AudioCodes 400HD",
      menu: `Configuration > Voice Over IP > Signaling Protocols > Use SIP Outbound Proxy: Enable; Outbound Proxy IP Address: ${host}, Port: ${port}; SIP Transport Protocol: ${name}`,
      settings: [
        "voip/signalling/sip/sip_outbound_proxy/enabled=1",
        `voip/signalling/sip/sip_outbound_proxy/addr=${host}`,
        `voip/signalling/sip/sip_outbound_proxy/port=${port}`,
        `voip/signalling/sip/transport_protocol=${name}`,
      ],
    }),
  },
  {
    names: ["snom"],
    guide: ({ both, transport }) => ({
      maker: "Snom",
      menu: `Setup > Identity 1 > Login > Outbound Proxy: ${both};transport=${transport}`,
      settings: [`<user_outbound idx="1">${both};transport=${transport}</user_outbound>`],
      older: [`user_outbound1!: ${both};transport=${transport}`],
    }),
  },
  {
    names: ["polycom", "poly"],
    guide: ({ host, port, transport }) => ({
      maker: "Polycom, Poly",
      menu: `Settings > SIP > Outbound Proxy > Address: ${host}, Port: ${port}, Transport: ${TRANSPORTS[transport]}`,
      settings: [
        `voIpProt.SIP.outboundProxy.address="${host}"`,
        `voIpProt.SIP.outboundProxy.port="${port}"`,
        `voIpProt.SIP.outboundProxy.transport="${TRANSPORTS[transport]}"`,
      ],
    }),
  },
];

/** The makers that are known, by the names to ask for them. */
export const MAKER_NAMES: readonly string[] = MAKERS.map(({ names }) => names[0] ?? "");

/** Our addresses for desk phones, best first: the ones in their own networks, where there are any. */
export function proxyAddresses({ listeners, site }: Config, interfaces: Interfaces): ProxyAddress[] {
  const own = listeners.flatMap((one) => {
    const { port, at } = one.settings;
    const transport = deskProtocolOf(one);
    if (transport === undefined) return [];
    const address = one.homeAmong(interfaces);
    const host = address === undefined ? `(the address of ${at})` : hostText(address);
    return [{ transport, port, host, isNear: address !== undefined && site.localnet.contains(address) }];
  });
  const near = own.filter(({ isNear }) => isNear);
  return (near.length > 0 ? near : own).map(({ transport, port, host }) => ({ host, port, transport }));
}

/** The setting that all phones need, in one sentence. */
export function proxySentence([first, ...others]: readonly ProxyAddress[]): string {
  if (first === undefined) return `none: desk phones have the transport of no address in "listen"`;
  const more = others.map(({ transport, host, port }) => ` or ${transport}:${host}:${port}`).join("");
  return `outbound proxy ${first.host}:${first.port}, ${first.transport.toUpperCase()}${more}`;
}

/**
 * What to set on one maker's phones, or on those of all that are known.
 * @param maker as a person types it, in any case; undefined: all
 * @returns the fault, with the name that may be meant, where there is no such maker
 */
export function makerGuides(
  proxies: readonly ProxyAddress[],
  maker?: string,
): readonly MakerGuide[] | { readonly fault: string } {
  const [first] = proxies;
  if (first === undefined) return [];
  const { host, port, transport } = first;
  const number = Object.keys(TRANSPORTS).indexOf(transport);
  const to = { ...first, both: `${host}:${port}`, name: transport.toUpperCase(), number };
  const wanted = maker?.toLowerCase();
  const found = MAKERS.filter(({ names }) => wanted === undefined || names.includes(wanted));
  if (found.length > 0) return found.map(({ guide }) => guide(to));
  const near = nearest(
    wanted ?? "",
    MAKERS.flatMap(({ names }) => names),
  );
  const others = `known makers: ${MAKER_NAMES.join(", ")}`;
  const what = near === undefined ? others : `did you mean ${near}?`;
  return { fault: `${maker}: unknown maker; ${what}\n${eachPhone(proxies)}` };
}

/** One maker's settings, for people. */
export function guideText({ maker, menu, settings, older = [] }: MakerGuide): string {
  const before = older.length > 0 ? ["old firmware, or a text file:", ...older.map((line) => `  ${line}`)] : [];
  return `${maker}: ${menu}\n${[...settings, ...before].map((line) => `  ${line}\n`).join("")}`;
}

/** What is set on phones of any maker. */
function eachPhone(proxies: readonly ProxyAddress[]): string {
  return `On each phone, set the ${proxySentence(proxies)}.`;
}

/** Without a maker: the setting, and who can be asked for. */
export function phonesText(proxies: readonly ProxyAddress[]): string {
  if (proxies.length === 0) return `Outbound proxy: ${proxySentence(proxies)}.\n`;
  return `${eachPhone(proxies)}
Domain, registrar, user and password stay as they are.

Menus and provisioning keys by maker: branchline phones MAKER
  ${MAKER_NAMES.join(", ")}
`;
}
