/** Messages that make work for every scanner: each a head, a piece that is repeated to the wished length, and a tail. */

export interface Adversary {
  readonly name: string;
  /** A message of about `length` characters. */
  readonly of: (length: number) => string;
}

const END = "\r\n\r\n";
const VIA = "Via: SIP/2.0/UDP 10.222.237.21;branch=z9hG4bKn;rport";
const REST = ["From: <sip:201@pbx.example.com>;tag=1", "To: <sip:202@pbx.example.com>", "Call-ID: 1", "CSeq: 1 "];

/** Fields whose values are read somewhere, with a value that a piece can follow. */
const FIELDS: readonly (readonly [method: string, name: string, before: string, after: string])[] = [
  ["INVITE", "Via", "SIP/2.0/UDP h", ""],
  ["INVITE", "Via", "SIP/2.0/UDP ", ""],
  ["INVITE", "Via", "SIP/2.0/UDP [", "]"],
  ["INVITE", "From", "", ""],
  ["INVITE", "From", "<sip:a@b>", ""],
  ["INVITE", "To", '"', '" <sip:a@b>'],
  ["INVITE", "To", "<sip:", "@b>;tag=1"],
  ["INVITE", "Call-ID", "", ""],
  ["INVITE", "CSeq", "", "1 INVITE"],
  ["INVITE", "Content-Length", "", "0"],
  ["INVITE", "Max-Forwards", "", "70"],
  ["INVITE", "Route", "<sip:10.222.237.1;lr>", ""],
  ["INVITE", "Route", "<sip:", "@10.222.237.1;lr>"],
  ["INVITE", "Record-Route", "<sip:a;lr>", ""],
  ["INVITE", "Proxy-Require", "a", ""],
  ["INVITE", "Proxy-Authorization", "Digest a", ""],
  ["INVITE", "Session-Expires", "", ""],
  ["INVITE", "P-Asserted-Identity", "<sip:a@b>", ""],
  ["REGISTER", "Contact", "<sip:201@10.222.237.21>", ""],
  ["REGISTER", "Contact", "<sip:201@10.222.237.21>;", ";expires=60"],
  ["REGISTER", "Supported", "a", ""],
  ["REGISTER", "Expires", "", "60"],
  ["SUBSCRIBE", "Event", "presence", ""],
];

const PIECES = [
  ...',|;|:|"|\\|\\"|<|>|<>|""|@|.|=|%|[|]|?| |\t|\r\n |\r\n\t\r\n |~|1:|a.|1.|;a|;=|,a|0'.split("|"),
  ", <sip:10.222.237.1;lr>",
  ", <sip:10.222.237.1:5060>;a=b",
  ",SIP/2.0/UDP 10.222.237.1;branch=z9hG4bKmac0000000.x-y.1",
  ', "a\\"b" <sip:201@10.222.237.21:5060>;expires=60',
  ",<a>",
  ",a",
];

/** Whole lines, as many as there may be and more. */
const LINES = [
  ..."a|a:|:a|\r|v: SIP/2.0/UDP h;branch=z9hG4bKx|Route: <sip:10.222.237.1;lr>|m: <sip:a@b>|Record-Route: <sip:a>".split(
    "|",
  ),
  ..."i: 1|X:\r\n y|Contact: <sip:201@10.222.237.21>;expires=60|P-Asserted-Identity: <sip:a@b>|Supported: a".split("|"),
];

const inField = FIELDS.flatMap(([method, name, before, after]) =>
  PIECES.map((piece): Adversary => {
    const rest = REST.filter((line) => !line.startsWith(`${name}:`)).map((line) =>
      line === "CSeq: 1 " ? line + method : line,
    );
    const head = `${method} sip:202@pbx.example.com SIP/2.0\r\n${name === "Via" ? "" : `${VIA}\r\n`}${name}: ${before}`;
    const tail = `${after}\r\n${rest.join("\r\n")}${END}`;
    return { name: `${method} ${name}: ${before}${piece}…`, of: (length) => filled(head, piece, tail, length) };
  }),
);

const inLines = LINES.map((line): Adversary => {
  const head = `INVITE sip:202@pbx.example.com SIP/2.0\r\n${VIA}\r\n${REST.join("\r\n")}INVITE\r\n`;
  return { name: `lines of ${line}`, of: (length) => filled(head, `${line}\r\n`, "\r\n", length) };
});

const inStartLine = PIECES.flatMap((piece): Adversary[] => {
  const tail = ` SIP/2.0\r\n${VIA}\r\n${REST.join("\r\n")}INVITE${END}`;
  return [
    { name: `INVITE ${piece}…`, of: (length) => filled("INVITE sip:", piece, tail, length) },
    { name: `INVITE a@${piece}…`, of: (length) => filled("INVITE sip:a@", piece, tail, length) },
    { name: `INVITE a;${piece}…`, of: (length) => filled("INVITE sip:a@b;", piece, tail, length) },
    { name: `${piece}…`, of: (length) => filled("", piece, tail, length) },
    { name: `SIP/2.0 200 ${piece}…`, of: (length) => filled("SIP/2.0 200 ", piece, tail.slice(8), length) },
  ];
});

export const ADVERSARIES: readonly Adversary[] = [...inField, ...inLines, ...inStartLine];

function filled(head: string, piece: string, tail: string, length: number): string {
  const count = Math.max(0, Math.floor((length - head.length - tail.length) / piece.length));
  return head + piece.repeat(count) + tail;
}
