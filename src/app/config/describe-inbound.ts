/** Where calls from gateways go, in words: in the order in which the policy asks. */
import type { HuntGroup, Site } from "../../policy/site.ts";
import { waitText } from "./describe-more.ts";
import { spoken } from "./durations.ts";

const HOW = {
  parallel: "at once, for",
  serial: "one after the other, each for",
  "round-robin": "in turn, each for",
};
/** The group of all numbers that mean nothing else. */
const DEFAULT = "default";
/** Aliases that a line has room for. */
const ALIASES_MAX = 3;

/** Which calls from gateways ring where; a sentence each. */
export function inboundLines(site: Site): string[] {
  const { inbound, upstream, huntGroups, gateways, extensions } = site;
  const isAlone = upstream.force === "down";
  const isUpstreamFirst = inbound.order === "upstream-first" && !isAlone;
  const call = isUpstreamFirst ? "Then a call" : "A call from a gateway";
  const isDefault = ({ name }: HuntGroup) => name === DEFAULT;
  const rings = (group: HuntGroup, number: string) => {
    const members = group.members.map((member) => (typeof member === "string" ? member : member.text)).join(", ");
    const decline = group.decline === "group" ? "; one that declines (603) declines for all" : "";
    const how = `${HOW[group.strategy]} ${spoken(group.ring_ms)}${decline}${overflowText(group, huntGroups)}`;
    // What no gateway can dial is there for the overflow of another group.
    const who = isDialled(number) || isDefault(group) ? `${call} to ${number}` : `Group ${number}`;
    return `${who} rings ${members} ${how}.`;
  };
  const lines = huntGroups.filter((group) => !isDefault(group)).map((group) => rings(group, group.name));
  if (gateways.length > 0)
    lines.push(`${call} to a registered extension${namesText(extensions)} rings that extension.`);
  const dialled = huntGroups.filter((group) => !isDefault(group) && isDialled(group.name)).map(({ name }) => name);
  if (dialled.length > 0)
    lines.push(`${isAlone ? "A" : "In an outage, a"} phone's call to ${dialled.join(" or ")} rings that group too.`);
  const rest = huntGroups.filter(isDefault).map((group) => rings(group, "any other number"));
  if (rest.length === 0 && gateways.length > 0) rest.push(`${call} to any other number gets 404.`);
  return [...(gateways.length > 0 && !isAlone ? [firstLine(site)] : []), ...lines, ...rest];
}

/** Whether somebody can dial the name of a group. */
function isDialled(name: string): boolean {
  return /[\d*#]/.test(name);
}

/** Where a call goes that no member takes. A group that it has rung already isn't rung again. */
function overflowText({ name, overflow }: HuntGroup, groups: readonly HuntGroup[]): string {
  if (overflow === undefined || overflow === name) return "";
  const isGroup = groups.some((group) => group.name === overflow);
  return `; a call that none of them takes goes on to ${isGroup ? "group " : ""}${overflow}`;
}

function firstLine({ inbound, upstream }: Site): string {
  if (inbound.order !== "upstream-first")
    return "Calls from a gateway ring here at once, even while upstream is up; inbound: upstream-first asks upstream first.";
  const wait = waitText(inbound.timer_ms, upstream.targets.length);
  return (
    "Calls from a gateway go to upstream first. " +
    `They ring here if upstream is down, doesn't answer within ${wait}, or has nobody for them (401, 403, 407, 408, 480, 503, 3xx).`
  );
}

/** Other names of extensions. */
function namesText({ prefixes, aliases }: Site["extensions"]): string {
  const known = [...aliases].map(([number, extension]) => `${number} for ${extension}`);
  const more = known.length > ALIASES_MAX ? ` and ${known.length - ALIASES_MAX} more` : "";
  const names = [
    ...(prefixes.length > 0 ? [`behind ${prefixes.join(" or ")}`] : []),
    ...(known.length > 0 ? [`by an alias (${known.slice(0, ALIASES_MAX).join(", ")}${more})`] : []),
  ];
  return names.length === 0 ? "" : `, also ${names.join(" or ")},`;
}
