/** The clock, and the days of our certificate: two findings, of which neither hides the other. */
import type { Config } from "../../app/config/config.ts";
import { type Cure, type Facts, type Family, fault, ok, skipped, type Verdict, warning } from "./facts.ts";
import { configure, TIME_SYNC } from "./families.ts";

const SYNC: Readonly<Record<Family, Cure>> = {
  edgeos: configure("set system ntp server 0.ubnt.pool.ntp.org"),
  openwrt: ["uci set system.ntp.enabled=1", "uci commit system", "/etc/init.d/sysntpd restart"],
  tomato: ["# Basic, Time: NTP"],
  debian: ["timedatectl set-ntp true"],
  unknown: ["ntpd -q -p pool.ntp.org"],
};

/** Whether the time can be right, and whether it is kept so where TLS needs it. */
export function clock({ now, built, said, family }: Facts, { tls }: Config): Verdict[] {
  const isSynchronized = synchronization(said[TIME_SYNC]);
  const known = { now, built, synchronized: isSynchronized ?? null };
  const cure = SYNC[family];
  if (now < built) {
    const text = `the clock says ${now}, before this program was built`;
    if (tls === undefined) return [warning(`${text}: logs and call records lie`, cure, known)];
    return [fault(`${text}: no certificate is believed, so nothing connects over TLS`, cure, known)];
  }
  if (isSynchronized === false && tls !== undefined) {
    const text =
      "the time isn't synchronized: once it is wrong, no certificate is believed, and nothing connects over TLS";
    return [warning(text, cure, known)];
  }
  const how = isSynchronized === undefined ? "" : isSynchronized ? ", synchronized" : ", not synchronized";
  return [ok(`the clock says ${now}${how}`, known)];
}

/** How long our certificate is valid. */
export function certificate({ now, inThreeWeeks, certificate: dates }: Facts, { tls }: Config): Verdict[] {
  if (tls === undefined) return [ok("the file has no TLS")];
  const file = tls.certificate;
  if (dates === undefined) return [skipped(`the dates in ${file} can't be read`, { certificate: file })];
  const [from, to] = dates;
  const known = { certificate: file, valid_from: from, valid_until: to };
  const cure: Cure = ["# renew it, then `branchline reload`"];
  if (now < from) return [fault(`${file} is valid from ${from} only: TLS phones stay away`, ["date"], known)];
  if (now > to) return [fault(`${file} has been invalid since ${to}: TLS phones stay away`, cure, known)];
  if (inThreeWeeks > to) return [warning(`${file} is valid until ${to} only: then TLS phones stay away`, cure, known)];
  return [ok(`${file} is valid until ${to}`, known)];
}

/** What timedatectl, adjtimex (busybox: bit 64 of its status is STA_UNSYNC) or ntpq say; undefined: none of them says it. */
function synchronization(text = ""): boolean | undefined {
  const word = /(?:NTP|clock) synchronized: (yes|no)/.exec(text)?.[1];
  if (word !== undefined) return word === "yes";
  const status = /^\s*status:\s+(\d+)/m.exec(text)?.[1];
  if (status !== undefined) return (Number(status) & 64) === 0;
  const leap = /\bleap_(none|alarm|\w+_sec)\b/.exec(text)?.[1];
  return leap === undefined ? undefined : leap !== "alarm";
}
