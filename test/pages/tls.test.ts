/** The commands of `deploy/tls.md` make a certificate that its phones and upstream believe, by the names that the page gives it. */
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeWith } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { blocksOf, page } from "./pages.ts";

cleanUpAfterEach();

describeWith(["openssl"], "deploy/tls.md", () => {
  test("an authority, then a certificate: as they are written", () => {
    const blocks = blocksOf(page("deploy/tls.md")).filter(({ language }) => language === "sh");
    const isAuthority = ({ text }: { text: string }) => text.includes("-x509");
    const folder = temporaryFolder();
    for (const { text } of [...blocks.filter(isAuthority), ...blocks.filter((block) => !isAuthority(block))]) {
      execFileSync("sh", ["-e", "-c", text], { cwd: folder, stdio: "pipe" });
    }
    const read = (name: string) => new X509Certificate(readFileSync(join(folder, name)));
    const [authority, branch] = [read("ca.pem"), read("branch.pem")];
    expect(branch.verify(authority.publicKey)).toBe(true);
    expect(branch.checkHost("branch.example.com")).toBe("branch.example.com");
    expect(branch.checkIP("10.222.237.1")).toBe("10.222.237.1");
  });
});
