/** What to set on phones so that they come to branchline: by the names in each maker's menus and provisioning files. */
import type { Config } from "../../app/config/config.ts";
import { hostText } from "../../message/uri.ts";
import type { Protocol } from "../../transport/flow.ts";
import type { Interfaces } from "../../transport/own-listener.ts";

/** How Polycom calls them; all others number them in this order. */
const TRANSPORTS: Readonly<Record<Protocol, string>> = { udp: "UDPOnly", tcp: "TCPOnly", tls: "TLS" };

/** For the first address of ours that phones are near, with the other ones behind it. */
export function phoneGuide({ listeners, site }: Config, interfaces: Interfaces): string {
  const own = listeners.map((one) => {
    const { protocol, port, at } = one.settings;
    const address = one.homeAmong(interfaces);
    const host = address === undefined ? `(the address of ${at})` : hostText(address);
    return { protocol, port, host, isNear: address !== undefined && site.localnet.contains(address) };
  });
  const near = own.filter(({ isNear }) => isNear);
  const [first, ...others] = near.length > 0 ? near : own;
  if (first === undefined) return "";
  const { protocol, host, port } = first;
  const both = `${host}:${port}`;
  const name = protocol.toUpperCase();
  const number = Object.keys(TRANSPORTS).indexOf(protocol);
  const more = others.map((one) => ` or ${one.protocol}:${one.host}:${one.port}`).join("");
  return `On each phone, the outbound proxy is ${both}, ${name}${more}. Domain, registrar, user and password stay as they are.

Yealink: Account > Register > Enable Outbound Proxy Server; Outbound Proxy Server 1: ${host}, Port ${port}; Transport: ${name}
  account.1.outbound_proxy_enable = 1
  account.1.outbound_proxy.1.address = ${host}
  account.1.outbound_proxy.1.port = ${port}
  account.1.sip_server.1.transport_type = ${number}
Cisco SPA, MPP: Voice > Ext 1 > Outbound Proxy: ${both}; Use Outbound Proxy, Use OB Proxy In Dialog: yes; SIP Transport: ${name}
  <Outbound_Proxy_1_>${both}</Outbound_Proxy_1_>
  <Use_Outbound_Proxy_1_>Yes</Use_Outbound_Proxy_1_>
  <Use_OB_Proxy_In_Dialog_1_>Yes</Use_OB_Proxy_In_Dialog_1_>
  <SIP_Transport_1_>${name}</SIP_Transport_1_>
Grandstream: Accounts > Account 1 > General Settings > Outbound Proxy: ${both}; SIP Settings > SIP Transport: ${name}
  P48=${both}
  P130=${number}
Snom: Setup > Identity 1 > Login > Outbound Proxy: ${both};transport=${protocol}
  <user_outbound idx="1">${both};transport=${protocol}</user_outbound>, or user_outbound1!: ${both};transport=${protocol}
Polycom, Poly: Settings > SIP > Outbound Proxy > Address: ${host}, Port: ${port}, Transport: ${TRANSPORTS[protocol]}
  voIpProt.SIP.outboundProxy.address="${host}"
  voIpProt.SIP.outboundProxy.port="${port}"
  voIpProt.SIP.outboundProxy.transport="${TRANSPORTS[protocol]}"
`;
}
