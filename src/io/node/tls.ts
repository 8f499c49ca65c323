/** TLS 1.2 and 1.3: our certificate, whom we believe, and whether a peer is who it should be (RFC 3261 §26.3, RFC 5922). */
import * as fs from "fs";
import * as net from "net";
import * as tls from "tls";
import { isNamedBy } from "../../transport/certificate-names.ts";

/** Paths of PEM files, and what is asked of those who connect to us. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  /** Whom we believe; undefined: the authorities that Node brings along. */
  readonly ca: string | undefined;
  readonly clientCertificates: "none" | "optional" | "required";
}

const HANDSHAKE_ms = 5_000;

export class NodeTls {
  private options: tls.SecureContextOptions;
  private readonly server: tls.Server;

  /**
   * @param onSecure a peer that has connected to us has come through the handshake
   * @throws when the files don't go together
   */
  constructor(files: TlsFiles, onSecure: (socket: tls.TLSSocket) => void) {
    this.options = contextOptions(files);
    this.server = tls.createServer(
      {
        ...this.options,
        handshakeTimeout: HANDSHAKE_ms,
        requestCert: files.clientCertificates !== "none",
        rejectUnauthorized: files.clientCertificates === "required",
      },
      onSecure,
    );
    this.server.on("tlsClientError", (_error, socket) => socket.destroy());
  }

  /**
   * New certificates for new connections; those that stand go on.
   * @throws when the files don't go together; then the old ones stay
   */
  reload(files: TlsFiles): void {
    const options = contextOptions(files);
    this.server.setSecureContext(options);
    this.options = options;
  }

  /** A peer has connected: its handshake begins. */
  accept(socket: net.Socket): void {
    this.server.emit("connection", socket);
  }

  /** @param name whom the certificate must name */
  connect(to: { host: string; port: number; localAddress: string }, name: string): tls.TLSSocket {
    return tls.connect({
      ...to,
      ...this.options,
      servername: net.isIP(name) === 0 ? name : "",
      checkServerIdentity: (_host, { subjectaltname, subject }) =>
        isNamedBy(name, subjectaltname, subject?.CN) ? undefined : new Error(`the certificate doesn't name ${name}`),
    });
  }
}

/** Why these files can't serve; undefined when they can. */
export function tlsFault(files: TlsFiles): string | undefined {
  try {
    tls.createSecureContext(contextOptions(files));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function contextOptions({ certificate, key, ca }: TlsFiles): tls.SecureContextOptions {
  return {
    cert: fs.readFileSync(certificate),
    key: fs.readFileSync(key),
    ...(ca === undefined ? {} : { ca: fs.readFileSync(ca) }),
    minVersion: "TLSv1.2",
  };
}
