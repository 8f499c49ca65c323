/** Spoils messages: octets, pieces, lines and whole lists. */
import type { Rng } from "./rng.ts";

const NASTY = [
  ...'\r\n|\n|\r| |\t|:|;|,|<|>|"|\\|@|%|[|]|=|?|*|~|\u0000|\u00ff|\r\n\r\n|\r\n |;;|,,|<>|""|\\"|::|%00|2147483648|-1|0'.split(
    "|",
  ),
  ..."Via:|v:|To:|t:|l: 5|Route:|Record-Route:|Contact:|m:|SIP/2.0|z9hG4bK|;tag=|;lr|;rport|;received=|sip:|;expires=0".split(
    "|",
  ),
];

/** What a message is blown up with, up to a datagram's length. */
const BOMBS = [
  ...', |,|;|;a|:|"|\\|\\"|<|>|<>|,<sip:a>|;a=b|1:|a.|\r\n x|\r\n |\t |%|@|*'.split("|"),
  ",<sip:10.222.237.1;lr>",
  ",<sip:a@b;lr>;q=1",
  ",SIP/2.0/UDP 10.222.237.1;branch=z9hG4bKx",
  ', "a" <sip:201@10.222.237.21>;expires=60',
];
const BOMB_LINES = [
  "v: SIP/2.0/UDP h",
  "Route: <sip:10.222.237.1;lr>",
  "Contact: <sip:a@b>",
  "Record-Route: <sip:a;lr>",
  "X: y",
  ":",
  "Supported: a,b",
  "Proxy-Require: x",
];
const LONGEST = 65_535;

/** `wire` with one to four faults; `other` lends pieces. */
export function mutate(rng: Rng, wire: string, other: string): string {
  if (rng.chance(0.005)) return bomb(rng, wire);
  let result = wire;
  const faults = 1 + rng.below(4);
  for (let fault = 0; fault < faults; fault++) result = spoil(rng, result, other);
  return result.slice(0, LONGEST);
}

function spoil(rng: Rng, wire: string, other: string): string {
  const at = rng.below(wire.length + 1);
  switch (rng.below(9)) {
    case 0:
      return wire.slice(0, at) + String.fromCharCode(rng.below(256)) + wire.slice(at + 1);
    case 1:
      return wire.slice(0, at) + rng.pick(NASTY) + wire.slice(at);
    case 2:
      return wire.slice(0, at) + rng.pick(NASTY) + wire.slice(at + 1 + rng.below(8));
    case 3:
      return wire.slice(0, at) + wire.slice(at + 1 + rng.below(40));
    case 4:
      return rng.chance(0.2) ? wire.slice(0, at) : wire;
    case 5:
      return onLines(rng, wire, (lines, from, to) => lines.splice(to, 0, lines[from] ?? ""));
    case 6:
      return onLines(rng, wire, (lines, from) => lines.splice(from, 1));
    case 7:
      return onLines(rng, wire, (lines, from, to) => lines.splice(to, 0, ...lines.splice(from, 1)));
    default:
      return onLines(rng, wire, (lines, from) => {
        const lent = other.split("\r\n");
        lines.splice(from, rng.below(2), lent[rng.below(lent.length)] ?? "");
      });
  }
}

function onLines(rng: Rng, wire: string, edit: (lines: string[], from: number, to: number) => void): string {
  const lines = wire.split("\r\n");
  edit(lines, rng.below(lines.length), rng.below(lines.length));
  return lines.join("\r\n");
}

/** As much as a datagram holds of something that parsers stumble over. */
function bomb(rng: Rng, wire: string): string {
  const size = rng.chance(0.5) ? LONGEST : 2_000 + rng.below(20_000);
  const room = Math.max(0, size - wire.length);
  if (rng.chance(0.4)) {
    const line = `${rng.pick(BOMB_LINES)}\r\n`;
    const end = wire.indexOf("\r\n") + 2;
    return wire.slice(0, end) + line.repeat(Math.min(255, Math.floor(room / line.length))) + wire.slice(end);
  }
  const piece = rng.pick(BOMBS);
  const lineEnds = [...wire.matchAll(/\r\n/g)].map(({ index }) => index);
  const at = rng.chance(0.8) ? rng.pick([0, ...lineEnds]) : rng.below(wire.length + 1);
  return wire.slice(0, at) + piece.repeat(Math.floor(room / piece.length)) + wire.slice(at);
}
