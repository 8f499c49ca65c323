/** The file's `tls`: where our certificate lies, and which authorities we believe. */
import { ipVersion } from "../../base/ip-range.ts";
import type { SipUri } from "../../message/uri.ts";
import type { Site } from "../../policy/site.ts";
import { DEFAULT_PROTOCOL, type Protocol, TRANSPORTS } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
import type { OwnListener } from "../../transport/own-listener.ts";
import type { TlsFiles } from "../../transport/tls-files.ts";
import { fieldsOf, type Places } from "./fields.ts";
import { choice, flag, mapping, type Rows, required, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { type Surroundings, section } from "./section.ts";

const KEYS = {
  tls: mapping,
  "tls.certificate": required(text(), "/config/auth/branchline.pem"),
  "tls.key": required(text(), "/config/auth/branchline.key"),
  "tls.ca": text(),
  "tls.client_certificates": choice("none", ["none", "optional", "required"]),
  "tls.wildcards": flag(false),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  const kind = "path of a PEM file";
  return {
    tls: "What `tls:` addresses in `listen` need. Paths are relative to the configuration file.",
    "tls.certificate": {
      kind,
      words: "The certificate that branchline shows, followed by the intermediate certificates up to its authority.",
    },
    "tls.key": { kind, words: "The private key of that certificate." },
    "tls.ca": {
      kind,
      default: "Node's own authorities",
      words:
        "The authorities that branchline trusts when it connects to a peer. branchline also accepts the certificates of phones that these authorities have issued. A peer's certificate must name the host of the peer's URI as subjectAltName: `DNS:` for a name, `IP:` for an address (RFC 5922).",
    },
    "tls.client_certificates":
      "The certificate that phones must show. `none`: no certificate. `optional`: branchline asks phones for a certificate, and serves them whatever they show. `required`: a certificate that `tls.ca` has issued.",
    "tls.wildcards":
      "`true` accepts a wildcard in the certificate of upstream or a gateway. Certificates of hosted PBXs often have one. The `*` must be the whole first label: `*.example.com` stands for `pbx.example.com`, not for `example.com` or `a.b.example.com`. `*.com` stands for nothing.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    tls: {
      about: "Certificate and key for `tls:` addresses. A reload reads the files again. Open connections go on.",
      example: `listen: [udp:10.222.237.1, tls:10.222.237.1]
tls: {certificate: tls/branch.pem, key: tls/branch.key, ca: tls/ca.pem}`,
    },
  };
}

export const TLS = section(KEYS, (reader, top, around) => loadTls(reader, top.get("tls"), around), says);

function says(tls: TlsFiles | undefined): readonly string[] {
  if (tls === undefined) return [];
  const phones = tls.clientCertificates === "required" ? "; phones must show a certificate" : "";
  const wildcards = tls.wildcards ? "; a wildcard may stand for the first label of a peer's name" : "";
  const trusted = tls.ca ?? "Node's own authorities";
  return [`Shows ${tls.certificate} over TLS; trusts ${trusted}${phones}${wildcards}.`];
}

function loadTls(
  reader: Reader,
  place: Place | undefined,
  { resolvePath, tlsFault, hasTls }: Surroundings,
): TlsFiles | undefined {
  if (place === undefined) return undefined;
  const fields = fieldsOf(reader, place, KEYS, "tls");
  const path = (found: Place) => reader.text(found, "the path of a PEM file");
  const certificate = fields.required("certificate", path);
  const key = fields.required("key", path);
  const ca = fields.text("ca", path);
  const clientCertificates = fields.choice("client_certificates");
  if (certificate === undefined || key === undefined) return undefined;
  const files = {
    certificate: resolvePath(certificate),
    key: resolvePath(key),
    ca: ca === undefined ? undefined : resolvePath(ca),
    clientCertificates,
    wildcards: fields.flag("wildcards"),
  };
  const fault = hasTls ? tlsFault(files) : undefined;
  if (fault !== undefined) reader.fault(fields.get(fault.key) ?? place, fault.message);
  return files;
}

type Spoken = Places<"listen" | "tls" | "upstream" | "gateways" | "registration">;

/** Each transport that the file speaks of needs a listener, and TLS a certificate, and a program that can speak it. */
export function checkTransports(
  reader: Reader,
  fields: Spoken,
  listeners: readonly OwnListener[],
  tls: TlsFiles | undefined,
  site: Site,
  hasTls: boolean,
): void {
  if (hasTls) checkCertificate(reader, fields, listeners, tls);
  else refuseTls(reader, fields, listeners, site);
  for (const [key, uris] of rolesOf(site)) {
    for (const uri of uris) {
      const { host, port, protocol: named } = hopOf(uri);
      // Only for a name without a port does DNS choose (RFC 3263 §4.1).
      const isFixed = port !== undefined || ipVersion(host) !== 0;
      const protocol = named ?? (isFixed ? DEFAULT_PROTOCOL : undefined);
      const found = fields.get(key);
      if (found === undefined || protocol === undefined || listeners.length === 0) continue;
      if (listeners.some((one) => one.protocol === protocol) || (!hasTls && isSecure(protocol))) continue;
      reader.fault(
        found,
        `${uri.text} wants ${TRANSPORTS[protocol].via}, and listen has no ${protocol}: address; add one`,
      );
    }
  }
}

/** Keys that name peers, with their URIs. */
function rolesOf(site: Site): readonly (readonly ["upstream" | "gateways" | "registration", readonly SipUri[]])[] {
  return [
    ["upstream", site.upstream.targets],
    ["gateways", site.gateways.map((gateway) => gateway.uri)],
    ["registration", site.registration.copies.to],
  ];
}

const isSecure = (protocol: Protocol) => TRANSPORTS[protocol].isSecure;

function checkCertificate(
  reader: Reader,
  fields: Spoken,
  listeners: readonly OwnListener[],
  tls: TlsFiles | undefined,
): void {
  const listen = fields.get("listen");
  const speaksTls = listeners.some(({ transport }) => transport.isSecure);
  if (listen !== undefined && speaksTls && fields.get("tls") === undefined) {
    reader.fault(listen, "has a tls: address, and TLS needs a certificate; add tls: {certificate: FILE, key: FILE}");
  }
  const place = fields.get("tls");
  if (place !== undefined && tls !== undefined && listeners.length > 0 && !speaksTls) {
    reader.fault(place, "is never used: listen has no tls: address; add one, such as tls:10.222.237.1:5061");
  }
}

/** What stands between the value and what else to do. */
const NONE_HERE = "wants TLS, and this build of branchline has no TLS: use the package with Node, or";

/** In a program that can't speak it, each key that wants it is a fault. */
function refuseTls(reader: Reader, fields: Spoken, listeners: readonly OwnListener[], site: Site): void {
  const tls = fields.get("tls");
  if (tls !== undefined) reader.fault(tls, `${NONE_HERE} take the key out`);
  const listen = fields.get("listen");
  const items = listen === undefined ? [] : reader.items(listen);
  listeners.forEach(({ name, protocol }, index) => {
    // Where some of them have other faults, it isn't known which is which.
    const place = items.length === listeners.length ? items[index] : listen;
    if (place !== undefined && isSecure(protocol)) reader.fault(place, `${name} ${NONE_HERE} take it out`);
  });
  for (const [key, uris] of rolesOf(site)) {
    const place = fields.get(key);
    const secure = uris.filter((uri) => isSecure(hopOf(uri).protocol ?? DEFAULT_PROTOCOL));
    for (const { text } of secure)
      if (place !== undefined) reader.fault(place, `${text} ${NONE_HERE} name it by UDP or TCP`);
  }
}
