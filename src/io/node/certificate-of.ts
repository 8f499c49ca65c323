/** What our own certificate calls us. */
import * as fs from "fs";
import * as net from "net";
import * as tls from "tls";

/**
 * The DNS names in the first certificate of a PEM file, in lower case, without wildcards; none when it can't be read.
 * Node 12 reads certificates only for sockets, so one is made that nothing is ever sent on.
 */
export function namesInCertificate(file: string): readonly string[] {
  let socket: tls.TLSSocket | undefined;
  try {
    const secureContext = tls.createSecureContext({ cert: fs.readFileSync(file) });
    socket = new tls.TLSSocket(new net.Socket(), { isServer: true, secureContext });
    // Where there is no certificate, Node gives an empty object.
    const { subjectaltname, subject } = socket.getCertificate() as Partial<tls.PeerCertificate>;
    return dnsNames(subjectaltname, subject?.CN);
  } catch {
    return [];
  } finally {
    socket?.destroy();
  }
}

/** RFC 5922 §7.1: the common name counts only where there are no alternative names. */
function dnsNames(alternativeNames: string | undefined, commonName: unknown): string[] {
  const names =
    alternativeNames === undefined || alternativeNames === ""
      ? [typeof commonName === "string" ? commonName : ""]
      : alternativeNames.split(", ").flatMap((entry) => (entry.startsWith("DNS:") ? [entry.slice(4)] : []));
  return names
    .map((name) => name.toLowerCase().replace(/\.$/, ""))
    .filter((name) => /^[a-z0-9_-][a-z0-9._-]*$/.test(name));
}
