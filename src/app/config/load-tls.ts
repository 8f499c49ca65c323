/** The file's `tls`: where our certificate lies, and which authorities we believe. */
import { ipVersion } from "../../base/ip-range.ts";
import type { SipUri } from "../../message/uri.ts";
import type { Site } from "../../policy/site.ts";
import { DEFAULT_PROTOCOL, type Listener, TRANSPORTS } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
import type { TlsFault, TlsFiles } from "../../transport/tls-files.ts";
import { type Fields, fieldsOf } from "./fields.ts";
import type { Place, Reader } from "./reader.ts";

/** What else there is on disk besides the file. */
export interface Surroundings {
  readonly resolvePath: (path: string) => string;
  readonly tlsFault: (files: TlsFiles) => TlsFault | undefined;
  /** The DNS names in a certificate, without wildcards. */
  readonly certificateNames: (file: string) => readonly string[];
  /** Names of the router's interfaces; undefined: nobody has looked. */
  readonly interfaces: readonly string[] | undefined;
}

export function loadTls(
  reader: Reader,
  place: Place | undefined,
  { resolvePath, tlsFault }: Surroundings,
): TlsFiles | undefined {
  if (place === undefined) return undefined;
  const fields = fieldsOf(reader, place, "tls");
  const path = (found: Place) => reader.text(found, "the path of a PEM file");
  const certificate = fields.required("certificate", "/config/auth/branchline.pem", path);
  const key = fields.required("key", "/config/auth/branchline.key", path);
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
  fields: Fields<"">,
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
