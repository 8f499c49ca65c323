/** Messages written after the descriptions of RFC 4475 §3, and what a proxy's parser must make of each. */
import { requestText, responseText } from "../support/messages.ts";

/** "sound": forwarded as it came; a number: refused so; "unreadable": dropped; "open": either, but never a throw. */
export type Verdict = "sound" | 400 | 505 | "unreadable" | "open";

export interface TortureMessage {
  readonly name: string;
  /** Of RFC 4475. */
  readonly section: string;
  readonly wire: string;
  readonly verdict: Verdict;
}

function change(wire: string, pattern: RegExp | string, replacement: string): string {
  const changed = wire.replace(pattern, replacement);
  if (changed === wire) throw new Error(`nothing to change: ${pattern}`);
  return changed;
}

const OPTIONS = requestText({ method: "OPTIONS" });
const REGISTER = requestText({ method: "REGISTER", uri: "sip:example.com" });
const INVITE = requestText({ body: "v=0\r\n" });

/** Odd case, compact names, folding wherever it is allowed, values in one line or in several. */
const WSINV = [
  "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0",
  "TO :",
  " sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n",
  'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>',
  "  ;",
  "  tag = 98asjd8",
  "MaX-fOrWaRdS: 0068",
  "Call-ID: wsinv.ndaksdj@192.0.2.1",
  "Content-Length   : 5",
  "cseq: 0009",
  "  INVITE",
  "Via  : SIP  /   2.0",
  " /UDP",
  "    192.0.2.2;branch=390skdjuw",
  "s :",
  "NewFangledHeader:   newfangled value",
  " continued newfangled value",
  "UnknownHeaderWithUnusualValue: ;;,,;;,;",
  "Content-Type: application/sdp",
  "Route:",
  " <sip:services.example.com;lr;unknownwith=value;unknown-no-value>",
  "v:  SIP  / 2.0  / TCP     spindle.example.com   ;",
  "  branch  =   z9hG4bK9ikj8  ,",
  " SIP  /    2.0   / UDP  192.168.255.111   ; branch=",
  " z9hG4bK30239",
  'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =',
  "      newvalue ;",
  "  secondparam ; q = 0.33",
  "",
  "v=0\r\n",
].join("\r\n");

const ODD_METHOD = "!interesting-Method0123456789_*+`.%indeed'~";

const VALID: readonly (readonly [name: string, section: string, wire: string])[] = [
  ["wsinv", "§3.1.1.1", WSINV],
  [
    "intmeth",
    "§3.1.1.2",
    requestText({
      method: ODD_METHOD,
      uri: "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
      via: ["SIP/2.0/UDP host1.example.com;branch=z9hG4bK-.!%66*_+`'~"],
      to: '"BEL:\\\u0007 NUL:\\\u0000 DEL:\\\u007f" <sip:1_unusual.URI~(to-be!sure)&isn\'t+it$/crazy?,/;;*@example.com>',
      from: "token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"work\";tag=_token~1'+`*%!-.",
      callId: "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{",
      headers: ["extensionHeader-!.%*+_`'~: \u00ef\u00bb\u00bf\u00e5\u00a4\u00a7"],
    }),
  ],
  [
    "esc01",
    "§3.1.1.3",
    requestText({
      uri: "sip:sips%3Auser%40example.com@example.net",
      to: "sip:%75se%72@example.com",
      from: "<sip:I%20have%20spaces@example.net>;tag=938",
    }),
  ],
  [
    "escnull",
    "§3.1.1.4",
    requestText({
      method: "REGISTER",
      uri: "sip:example.com",
      to: "sip:null-%00-null@example.com",
      from: "sip:null-%00-null@example.com;tag=8",
      headers: ["Contact: <sip:%00@host5.example.com>", "Contact: <sip:%00%00@host5.example.com>"],
    }),
  ],
  [
    "esc02",
    "§3.1.1.5",
    requestText({ method: "RE%47IST%45R", to: '"%Z%45" <sip:resource@example.com>', uri: "sip:registrar.example.com" }),
  ],
  ["lwsdisp", "§3.1.1.6", requestText({ method: "OPTIONS", from: "caller<sip:caller@example.com>;tag=323" })],
  [
    "longreq",
    "§3.1.1.7",
    requestText({
      to: `"I have a user name of extreme proportion ${"very ".repeat(60)}"<sip:user@example.com:6000;${"long".repeat(60)}=1>`,
      callId: `longreq.one${"really".repeat(20)}longcallid`,
      via: [...Array.from({ length: 34 }, (_, index) => `SIP/2.0/TCP sip${index}.example.com;branch=z9hG4bK${index}`)],
      headers: [`Unknown-${"Long".repeat(20)}-Name: ${"long value; ".repeat(40)}`],
    }),
  ],
  ["dblreq", "§3.1.1.8", REGISTER + INVITE],
  ["semiuri", "§3.1.1.9", requestText({ method: "OPTIONS", uri: "sip:user;par=u%40example.net@example.com" })],
  [
    "transports",
    "§3.1.1.10",
    requestText({
      method: "OPTIONS",
      via: ["UDP t1", "SCTP t2", "TLS t3", "UNKNOWN t4", "TCP t5"].map(
        (word, index) => `SIP/2.0/${word}.example.com;branch=z9hG4bK${index}`,
      ),
    }),
  ],
  ["mpart01", "§3.1.1.11", requestText({ method: "MESSAGE", body: "--7a9\r\n\r\n\u0000\u00ff\u0082\r\n--7a9--\r\n" })],
  ["unreason", "§3.1.1.12", responseText(200, { reason: "= 2**3 * 5**2 \u00d0\u00bd\u00d0\u00be" })],
  ["noreason", "§3.1.1.13", responseText(100, { reason: "" })],
];

const INVALID: readonly (readonly [name: string, section: string, wire: string, verdict: Verdict])[] = [
  ["badinv01", "§3.1.2.1", change(INVITE, /Via:.*/, "Via: SIP/2.0/UDP 192.0.2.15;;,;,,"), 400],
  ["clerr", "§3.1.2.2", change(INVITE, "Content-Length: 5", "Content-Length: 9999"), 400],
  ["ncl", "§3.1.2.3", change(INVITE, "Content-Length: 5", "Content-Length: -999"), 400],
  ["scalar02", "§3.1.2.4", change(REGISTER, "CSeq: 1 ", "CSeq: 36893488147419103232 "), 400],
  ["scalarlg", "§3.1.2.5", responseText(503, { cseq: "9292394834772304023312 OPTIONS" }), "unreadable"],
  ["quotbal", "§3.1.2.6", requestText({ to: '"Mr. J. User <sip:j.user@example.com>' }), 400],
  ["ltgtruri", "§3.1.2.7", requestText({ uri: "<sip:user@example.com>" }), 400],
  ["lwsruri", "§3.1.2.8", requestText({ uri: "sip:user@example.com; lr" }), 400],
  ["lwsstart", "§3.1.2.9", change(INVITE, / (\S+) SIP\/2.0/, "  $1  SIP/2.0"), 400],
  ["trws", "§3.1.2.10", change(OPTIONS, "SIP/2.0\r\n", "SIP/2.0  \r\n"), 400],
  ["escruri", "§3.1.2.11", requestText({ uri: "sip:user@example.com?Route=%3Csip:example.com%3E" }), "open"],
  ["baddate", "§3.1.2.12", requestText({ headers: ["Date: Fri, 01 Jan 2010 16:00:00 EST"] }), "open"],
  [
    "regbadct",
    "§3.1.2.13",
    requestText({ method: "REGISTER", headers: ["Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E"] }),
    "open",
  ],
  ["badaspec", "§3.1.2.14", requestText({ to: '"Watson, Thomas" < sip:t.watson@example.org >' }), "open"],
  ["baddn", "§3.1.2.15", requestText({ from: "Bell, Alexander <sip:a.g.bell@example.com>;tag=43" }), "open"],
  ["badvers", "§3.1.2.16", change(OPTIONS, /SIP\/2\.0/g, "SIP/7.0"), 505],
  ["mismatch01", "§3.1.2.17", requestText({ method: "OPTIONS", cseq: "8 INVITE" }), 400],
  ["mismatch02", "§3.1.2.18", requestText({ method: "NEWMETHOD", cseq: "8 INVITE" }), 400],
  ["bigcode", "§3.1.2.19", change(responseText(200), "200", "4294967301"), "unreadable"],
  ["badbranch", "§3.2.1", requestText({ via: ["SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK"] }), 400],
  ["insuf", "§3.3.1", change(INVITE, /^(Call-ID|From|To):.*\r\n/gm, ""), 400],
  ["unkscm", "§3.3.2", requestText({ method: "OPTIONS", uri: "nobodyKnowsThisScheme:totallyopaquecontent" }), "sound"],
  ["novelsc", "§3.3.3", requestText({ method: "OPTIONS", uri: "soap.beep://192.0.2.103:3002" }), "sound"],
  [
    "unksm2",
    "§3.3.4",
    requestText({ method: "REGISTER", to: "isbn:2983792873", from: "<http://www.example.com>;tag=3234233" }),
    "sound",
  ],
  ["bext01", "§3.3.5", requestText({ headers: ["Require: nothingSupportsThis", "Proxy-Require: noProxies"] }), "sound"],
  ["invut", "§3.3.6", requestText({ headers: ["Content-Type: application/unknownformat"], body: "<audio/>" }), "sound"],
  ["regaut01", "§3.3.7", requestText({ method: "REGISTER", headers: ["Authorization: NoOneKnows ;a=/b,c"] }), "sound"],
  ["multi01", "§3.3.8", change(INVITE, /^((Call-ID|CSeq|From|To|Max-Forwards):.*\r\n)/gm, "$1$1"), 400],
  ["mcl01", "§3.3.9", change(INVITE, "Content-Length: 5", "Content-Length: 5\r\nl: 4"), 400],
  [
    "bcast",
    "§3.3.10",
    responseText(200, { via: ["SIP/2.0/UDP a;branch=z9hG4bK1", "SIP/2.0/UDP 255.255.255.255"] }),
    "open",
  ],
  ["zeromf", "§3.3.11", requestText({ method: "OPTIONS", maxForwards: "0" }), "sound"],
  [
    "cparam01",
    "§3.3.12",
    requestText({ method: "REGISTER", headers: ["Contact: sip:+19725552222@gw1.example.net;unknownparam"] }),
    "sound",
  ],
  [
    "cparam02",
    "§3.3.13",
    requestText({ method: "REGISTER", headers: ["Contact: <sip:+19725552222@gw1.example.net;unknownparam>"] }),
    "sound",
  ],
  [
    "regescrt",
    "§3.3.14",
    requestText({ method: "REGISTER", headers: ["Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>"] }),
    "sound",
  ],
  ["sdp01", "§3.3.15", requestText({ headers: ["Accept: text/nobodyKnowsThis"], body: "v=0\r\n" }), "sound"],
  [
    "inv2543",
    "§3.4.1",
    requestText({
      via: ["SIP/2.0/UDP iftgw.example.com"],
      from: "<sip:+13035551111@ift.client.example.net;user=phone>",
      maxForwards: "",
    }),
    "sound",
  ],
];

export const tortureMessages: readonly TortureMessage[] = [
  ...VALID.map(([name, section, wire]) => ({ name, section, wire, verdict: "sound" as const })),
  ...INVALID.map(([name, section, wire, verdict]) => ({ name, section, wire, verdict })),
];
