/** TLS 1.2 and 1.3: our certificate, the authorities that we believe, and whether a peer is who it should be (RFC 3261 §26.3, RFC 5922). */
import * as fs from "fs";
import * as net from "net";
import * as tls from "tls";
import { isNamedBy } from "../../transport/certificate-names.ts";
import type { TlsFiles } from "../../transport/tls-files.ts";

const HANDSHAKE_ms = 5_000;

/** Hears how handshakes end that peers have begun. */
export interface TlsUser {
  onSecure(socket: tls.TLSSocket): void;
  onRefused(socket: net.Socket, error: Error): void;
}

export class NodeTls {
  private readonly user: TlsUser;
  private options: tls.SecureContextOptions;
  private wildcards: boolean;
  private server: tls.Server;

  /** @throws when the files don't go together */
  constructor(files: TlsFiles, user: TlsUser) {
    this.user = user;
    this.options = contextOptions(files);
    this.wildcards = files.wildcards;
    this.server = this.createServer(files, this.options);
  }

  /**
   * New certificates and demands for new connections; those that stand go on.
   * @throws when the files don't go together; then the old ones stay
   */
  reload(files: TlsFiles): void {
    const options = contextOptions(files);
    // It never listens, so that there is nothing to hand over.
    this.server = this.createServer(files, options);
    this.options = options;
    this.wildcards = files.wildcards;
  }

  /** A peer has connected: its handshake begins. */
  accept(socket: net.Socket): void {
    this.server.emit("connection", socket);
  }

  /** @param name what the certificate must name */
  connect(to: { host: string; port: number; localAddress?: string }, name: string): tls.TLSSocket {
    return tls.connect({
      ...to,
      ...this.options,
      servername: net.isIP(name) === 0 ? name : "",
      checkServerIdentity: (_host, { subjectaltname, subject }) => {
        // Several common names are none.
        const commonName: unknown = subject?.CN;
        const only = typeof commonName === "string" ? commonName : undefined;
        if (isNamedBy(name, subjectaltname, only, this.wildcards)) return undefined;
        const cure = isNamedBy(name, subjectaltname, only, true) ? "; tls.wildcards: true would believe it" : "";
        return new Error(`its certificate names ${subjectaltname ?? only ?? "nobody"}, not ${name}${cure}`);
      },
    });
  }

  private createServer(files: TlsFiles, options: tls.SecureContextOptions): tls.Server {
    const server = tls.createServer(
      {
        ...options,
        handshakeTimeout: HANDSHAKE_ms,
        requestCert: files.clientCertificates !== "none",
        rejectUnauthorized: files.clientCertificates === "required",
      },
      (socket) => this.user.onSecure(socket),
    );
    server.on("tlsClientError", (error, socket) => {
      this.user.onRefused(socket, error);
      socket.destroy();
    });
    return server;
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
