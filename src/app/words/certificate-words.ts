/** How long our certificate is valid, in words. */
import { bad, doubtful } from "../../base/ink.ts";
import type { CertificateFacts } from "../status-facts.ts";
import { counted } from "./lines.ts";

/** To renew one takes an administrator some days, and some weeks where nobody has thought of it. */
export const CERTIFICATE_LEFT_days = 21;

/** "tls/branch.pem is valid for 12 days"; undefined: its dates can't be read. */
export function certificateText({ file, left_days }: CertificateFacts): string | undefined {
  if (left_days === null) return undefined;
  return left_days < 0 ? `${file} isn't valid any more` : `${file} is valid for ${counted(left_days, "day")}`;
}

/** The line of `status`. */
export function certificateLine(certificate: CertificateFacts): string {
  const { file, left_days } = certificate;
  const text = `Certificate: ${certificateText(certificate) ?? `the dates in ${file} can't be read`}`;
  if (left_days === null || left_days >= CERTIFICATE_LEFT_days) return text;
  return `${left_days < 0 ? bad("FAULT") : doubtful("WARNING")}: ${text}`;
}
