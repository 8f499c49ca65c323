/** A certificate authority for one test, and the certificates that it issues. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "./branchline.ts";
import { pathOf } from "./peers.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Paths of PEM files. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

export class CertificateAuthority {
  readonly folder = temporaryFolder();
  private serial = 0;

  constructor(name = "Branch Office Test CA") {
    this.openssl(
      "req",
      "-x509",
      ...NEW_KEY,
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-days",
      "30",
      "-subj",
      `/CN=${name}`,
    );
  }

  /** Its own certificate: what believes in it believes in what it issues. */
  get file(): string {
    return join(this.folder, "ca.pem");
  }

  /**
   * @param names as openssl writes alternative names: "DNS:pbx.example.com,URI:sip:example.com,IP:192.0.2.1"
   * @param days how long it is valid; -1: it has expired
   */
  issue(commonName: string, names: string, days = 30): Certificate {
    this.serial += 1;
    const name = `issued-${this.serial}`;
    writeFileSync(join(this.folder, `${name}.ext`), `subjectAltName=${names}\n`);
    this.openssl(
      "req",
      "-new",
      ...NEW_KEY,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
      "-subj",
      `/CN=${commonName}`,
    );
    const signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", String(1000 + this.serial)];
    this.openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      ...signer,
      "-days",
      String(days),
      "-extfile",
      `${name}.ext`,
      "-out",
      `${name}.pem`,
    );
    return { certificate: join(this.folder, `${name}.pem`), key: join(this.folder, `${name}.key`) };
  }

  private openssl(...args: string[]): void {
    execFileSync(pathOf("openssl"), args, { cwd: this.folder, stdio: ["ignore", "ignore", "pipe"] });
  }
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/**
 * What branchline listens on: UDP and TCP at port 5060, and TLS at 5061 where there is somebody to issue its certificate.
 * @param names as in {@link CertificateAuthority.issue}
 */
export function endsOf(
  host: string,
  authority: CertificateAuthority | undefined,
  names: string,
): Pick<Settings, "listen" | "tls"> {
  const listen = [`udp:${host}:5060`, `tcp:${host}:5060`];
  if (authority === undefined) return { listen };
  const tls = { ...authority.issue("branchline", names), ca: authority.file };
  return { listen: [...listen, `tls:${host}:5061`], tls };
}
