/** The secret of a cluster: who can read it, and whether the branchline that runs has read this one. */
import type { Config } from "../../app/config/config.ts";
import type { SecretSource } from "../../cluster/settings.ts";
import { type Facts, fault, ok, type SecretFact, skipped, type Verdict, warning } from "./facts.ts";
import { NO_PAIR } from "./vrrp.ts";

/** Write for the group; read, write and execute for others. */
const OPEN_BITS = 0o027;
const GROUP_READS = 0o040;
const DAY_s = 86_400;

export function pairSecret(facts: Facts, { cluster }: Config): Verdict[] {
  if (cluster === undefined) return [ok(NO_PAIR)];
  const { secret, second_secret } = cluster;
  const second = second_secret === undefined ? [] : [judge(second_secret, facts), changing()];
  return [judge(secret, facts), ...second];
}

function changing(): Verdict {
  const text = "the file has a second secret: it is believed too until it is removed";
  return ok(`${text}, once all members sign with the same one`);
}

function judge(source: SecretSource, facts: Facts): Verdict {
  if ("env" in source) return ok(`the secret is in the variable ${source.env}`);
  const found = facts.secrets.find(({ file }) => file === source.file);
  if (found?.stamp === undefined) {
    const known = { file: source.file, error: found?.error ?? null };
    if (found?.error === "EACCES")
      return skipped(`${source.file} is in a folder that only branchline's user may enter`, known);
    const make = "branchline cluster secret";
    return fault(
      `${source.file} isn't there: branchline doesn't start`,
      [make, "# all members need the same one"],
      known,
    );
  }
  return judgeFile(source.file, found.stamp, facts);
}

function judgeFile(file: string, stamp: NonNullable<SecretFact["stamp"]>, facts: Facts): Verdict {
  const { mode, owner, changed_at, age_s } = stamp;
  const { status, stateOwner } = facts;
  const bits = (mode & 0o777).toString(8);
  const known = { file, mode: bits, owner, changed_at, age_days: Math.floor(age_s / DAY_s) };
  if ((mode & OPEN_BITS) !== 0) {
    return fault(
      `${file} may be read or written by others (mode ${bits}): branchline refuses it`,
      [`chmod 600 ${file}`],
      known,
    );
  }
  if (stateOwner !== undefined && stateOwner !== 0 && owner !== stateOwner && (mode & GROUP_READS) === 0) {
    const text = `${file} belongs to another user than the state folder: branchline can't read it when it is started`;
    return fault(text, [`chown ${stateOwner} ${file}`], known);
  }
  if (status !== undefined && age_s >= 0 && age_s < status.up_s) {
    const text = `${file} was changed at ${changed_at}, and branchline has run since before: it signs with the secret that was there`;
    const cure = facts.restart ?? "# stop branchline, then start it again";
    return warning(text, ["# do the other members have this one too? then", cure], known);
  }
  return ok(`${file} is for its owner alone, and was written at ${changed_at}`, known);
}
