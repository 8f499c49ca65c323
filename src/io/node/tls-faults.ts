/** What has gone wrong with TLS, in words that help to mend it. */
import * as fs from "fs";
import * as tls from "tls";
import type { TlsFault, TlsFiles } from "../../transport/tls-files.ts";
import { WHY_UNREAD } from "./read-text.ts";

/** Of the network, or of a connection that was closed: there is nothing that certificates could cure. */
const NOT_OF_TLS = /^(?:E(?:CONN|HOST|NET|TIMED|PIPE|ADDR)|ERR_STREAM)/;
/** How Node tells that the connection was closed within the handshake. */
const CLOSED_EARLY = /before secure TLS connection/;
/** How OpenSSL says it: "…:error:0A0000C7:SSL routines:function:reason:file:line:". */
const OPENSSL_REASON = /:SSL routines:[^:]*:([^:]+):/;
const UNKNOWN_AUTHORITY = /^(?:UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/;

/** A certificate can have any number of names, and Node tells them all. */
const CHARACTERS_MAX = 300;

/**
 * Why a handshake has failed, or a peer has ended what seemed to be one; undefined when that isn't what `error` tells of.
 * @param key that of the file which names the authorities
 */
export function handshakeFault(error: Error, key = "tls.ca"): string | undefined {
  const { code } = error as { code?: unknown };
  const kind = typeof code === "string" ? code : "";
  if (CLOSED_EARLY.test(error.message)) return "the peer closed the connection within the TLS handshake";
  if (NOT_OF_TLS.test(kind)) return undefined;
  if (UNKNOWN_AUTHORITY.test(kind)) {
    return `its certificate is of an authority that ${key} doesn't hold (${error.message})`;
  }
  return OPENSSL_REASON.exec(error.message)?.[1] ?? error.message.slice(0, CHARACTERS_MAX);
}

/** Why these files can't serve, and what helps; undefined when they can. */
export function tlsFault({ certificate, key, ca }: TlsFiles): TlsFault | undefined {
  return (
    fileFault("certificate", certificate, "a certificate in PEM form", (cert) => ({ cert })) ??
    fileFault("key", key, "a private key in PEM form without a passphrase", (text) => ({ key: text })) ??
    fileFault("key", key, `the key of ${certificate}; name the one with which that was requested`, (text) => {
      return { key: text, cert: fs.readFileSync(certificate) };
    }) ??
    (ca === undefined ? undefined : fileFault("ca", ca, "certificates in PEM form", (cert) => ({ cert })))
  );
}

function fileFault(
  key: TlsFault["key"],
  file: string,
  wanted: string,
  use: (text: Buffer) => tls.SecureContextOptions,
): TlsFault | undefined {
  let text: Buffer;
  try {
    text = fs.readFileSync(file);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    return { key, message: `can't be read: ${WHY_UNREAD[code] ?? code}: ${file}` };
  }
  try {
    tls.createSecureContext(use(text));
    return undefined;
  } catch (error) {
    return { key, message: `${file} must hold ${wanted} (${messageOf(error)})` };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
