/**
 * What systemd has to know of a member of mode anycast, as commands of a shell: branchline's service withdraws the route when it ends, and a
 * service of its own follows the health file, so that a branchline that hangs loses the route.
 */
import type { RouteCommands } from "../../cluster/settings.ts";
import { type AnycastPlan, PLAIN } from "./plan.ts";

export interface Manager {
  /** The unit of the routing daemon. */
  readonly unit: string;
  /** Its members may tell the daemon what to do. */
  readonly group: string;
  /** What the daemon's service needs for that, in its section [Service]; none: nothing. */
  readonly own: readonly string[];
}

/** Words that mean nothing but themselves within both kinds of quotes, to systemd too. */
const QUOTABLE = /^[\w./@:+=, -]+$/;

/** Why the commands can't be written into a unit, for a person; undefined: they can. */
export function systemdFault({ announce, withdraw }: RouteCommands): string | undefined {
  const strange = [...announce, ...withdraw].find((word) => !QUOTABLE.test(word));
  if (strange === undefined) return undefined;
  return `cluster.route has ${JSON.stringify(strange)}, which systemd or a shell would read otherwise: put that into a script, and name the script`;
}

/** @param route the commands, in which no word is strange @param head lines that say what made it */
export function systemdCommands(
  { health_file, script, addresses }: AnycastPlan,
  route: RouteCommands,
  { unit, group, own }: Manager,
  head: readonly string[],
): string {
  const [announce, withdraw] = [lineOf(route.announce), lineOf(route.withdraw)];
  const lines = [
    "#!/bin/sh",
    ...head.map((line) => `# ${line}`),
    "set -e",
    `getent group ${group} >/dev/null || { echo "There is no group ${group}: install the routing daemon first" >&2; exit 1; }`,
    "mkdir -p /etc/systemd/system/branchline.service.d",
    "cat >/etc/systemd/system/branchline.service.d/route.conf <<'END'",
    "[Unit]",
    `After=${unit}`,
    "",
    "[Service]",
    "# The address is here at all times, also while the route isn't: answers of calls that are ending leave from it.",
    ...addresses.map((one) => `ExecStartPre=-+/bin/sh -c "ip address replace ${one} dev lo"`),
    "# branchline's user may tell the routing daemon.",
    `SupplementaryGroups=${group}`,
    "# A branchline that was killed has left the route behind. Where no other member takes calls, it stays while branchline is restarted.",
    `ExecStopPost=+/bin/sh -c "grep -qsx alone ${health_file} || ${withdraw}"`,
    "# One that hangs is started anew.",
    "WatchdogSec=15",
    "END",
    "cat >/etc/systemd/system/branchline-route.service <<'END'",
    "[Unit]",
    "Description=The route to branchline's address: withdrawn while branchline hangs or has ended",
    `After=${unit}`,
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    `ExecStart=${script} ${health_file} "${announce}" "${withdraw}"`,
    "SyslogIdentifier=branchline-route",
    "Restart=always",
    "RestartSec=1",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
    "END",
    ...(own.length === 0
      ? []
      : [
          `mkdir -p /etc/systemd/system/${unit}.d`,
          `cat >/etc/systemd/system/${unit}.d/branchline.conf <<'END'`,
          "[Service]",
          ...own,
          "END",
        ]),
    "systemctl daemon-reload",
    ...(own.length === 0 ? [] : [`systemctl restart ${unit}`]),
    "systemctl enable branchline-route",
    "systemctl restart branchline-route",
  ];
  return `${lines.join("\n")}\n`;
}

/** For a shell. */
function lineOf(words: readonly string[]): string {
  return words.map((word) => (PLAIN.test(word) ? word : `'${word}'`)).join(" ");
}
