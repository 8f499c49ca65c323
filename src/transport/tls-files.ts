/** The files that TLS is spoken with, as the configuration names them. */

/** Paths of PEM files, and what is asked of those who connect to us. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  /** Authorities that we believe; undefined: those that the host brings along. */
  readonly ca: string | undefined;
  readonly clientCertificates: "none" | "optional" | "required";
  /** Whether "*" in a peer's certificate stands for one label of its name. */
  readonly wildcards: boolean;
}

/** Why one of them can't serve. */
export interface TlsFault {
  readonly key: "certificate" | "key" | "ca";
  readonly message: string;
}
