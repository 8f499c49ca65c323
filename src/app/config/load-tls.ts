/** The file's `tls`: where our certificate lies, and which authorities we believe. */
import { ipVersion } from "../../base/ip-range.ts";
import type { SipUri } from "../../message/uri.ts";
import type { Site } from "../../policy/site.ts";
import { DEFAULT_PROTOCOL, type Listener, TRANSPORTS } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
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
      words: "Our certificate, followed by the certificates between it and its authority.",
    },
    "tls.key": { kind, words: "The private key of our certificate." },
    "tls.ca": {
      kind,
      default: "the authorities that Node brings along",
      words:
        "The authorities that branchline believes when it connects, and that may issue client certificates. A peer's certificate must name the host of the peer's URI as subjectAltName: `DNS:` for a name, `IP:` for an address (RFC 5922).",
    },
    "tls.client_certificates":
      "The certificate that phones must show. `none`: no certificate. `optional`: phones are asked for a certificate, and served whatever they show. `required`: a certificate that `tls.ca` has issued.",
    "tls.wildcards":
      "`true` accepts a wildcard in the certificate of upstream or a gateway, as the certificates of hosted PBXs have one. The `*` must be the whole first label: `*.example.com` stands for `pbx.example.com`, not for `example.com` or `a.b.example.com`. `*.com` stands for nothing.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    tls: {
      about: "Certificate and key for `tls:` addresses. A reload reads the files again, and open connections go on.",
      example: `listen: [udp:10.222.237.1, tls:10.222.237.1]
tls: {certificate: tls/branch.pem, key: tls/branch.key, ca: tls/ca.pem}`,
    },
  };
}

export const TLS = section(KEYS, (reader, top, around) => loadTls(reader, top.get("tls"), around));

function loadTls(
  reader: Reader,
  place: Place | undefined,
  { resolvePath, tlsFault }: Surroundings,
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
  const fault = tlsFault(files);
  if (fault !== undefined) reader.fault(fields.get(fault.key) ?? place, fault.message);
  return files;
}

/** Each transport that the file speaks of needs a listener, and TLS a certificate. */
export function checkTransports(
  reader: Reader,
  fields: Places<"listen" | "tls" | "upstream" | "gateways">,
  listeners: readonly Listener[],
  tls: TlsFiles | undefined,
  site: Site,
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
  const roles: ["upstream" | "gateways", readonly SipUri[]][] = [
    ["upstream", site.upstream.targets],
    ["gateways", site.gateways.map((gateway) => gateway.uri)],
  ];
  for (const [key, uris] of roles) {
    for (const uri of uris) {
      const { host, port, protocol: named } = hopOf(uri);
      // Only for a name without a port does DNS choose (RFC 3263 §4.1).
      const isFixed = port !== undefined || ipVersion(host) !== 0;
      const protocol = named ?? (isFixed ? DEFAULT_PROTOCOL : undefined);
      const found = fields.get(key);
      if (found === undefined || protocol === undefined || listeners.length === 0) continue;
      if (listeners.some((one) => one.protocol === protocol)) continue;
      reader.fault(
        found,
        `${uri.text} wants ${TRANSPORTS[protocol].via}, and listen has no ${protocol}: address; add one`,
      );
    }
  }
}
