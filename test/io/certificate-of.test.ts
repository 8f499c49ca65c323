/** The names in our own certificate, as the real openssl makes it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { namesInCertificate } from "../../src/io/node/certificate-of.ts";
import { CertificateAuthority } from "../peers/support/certificates.ts";

describe("the names in a certificate", () => {
  test("are its DNS names in lower case: no wildcard, no address, no URI", () => {
    const authority = new CertificateAuthority();
    const { certificate } = authority.issue(
      "else.example.com",
      "DNS:Branch.example.com,DNS:*.example.org,IP:192.0.2.1,URI:sip:pbx.example.com,DNS:sip.example.com",
    );
    expect(namesInCertificate(certificate)).toEqual(["branch.example.com", "sip.example.com"]);
  });

  test("without alternative names, the common name counts", () => {
    expect(namesInCertificate(new CertificateAuthority("Branch.example.com").file)).toEqual(["branch.example.com"]);
  });

  test("a file that is no certificate, or isn't there, has none", () => {
    const { folder } = new CertificateAuthority();
    writeFileSync(join(folder, "text"), "no certificate");
    expect(namesInCertificate(join(folder, "text"))).toEqual([]);
    expect(namesInCertificate(join(folder, "missing"))).toEqual([]);
  });
});
