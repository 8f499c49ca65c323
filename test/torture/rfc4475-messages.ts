/** Messages of our own, written after the descriptions of RFC 4475 §3: one for each of its sections, some in several forms. */
import { requestText, responseText } from "../support/messages.ts";
import { inOneRun, type TortureMessage } from "./verdict.ts";

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

const MESSAGES: readonly (readonly [name: string, wire: string])[] = [
  ["wsinv", WSINV],
  [
    "intmeth",
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
    requestText({
      uri: "sip:sips%3Auser%40example.com@example.net",
      to: "sip:%75se%72@example.com",
      from: "<sip:I%20have%20spaces@example.net>;tag=938",
    }),
  ],
  [
    "escnull",
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
    requestText({
      method: "RE%47IST%45R",
      to: '"%Z%45" <sip:resource@example.com>',
      uri: "sip:registrar.example.com",
      headers: ["Contact: <sip:alias1@host1.example.com>", "C%6Fntact: <sip:alias2@host2.example.com>"],
    }),
  ],
  ["lwsdisp", requestText({ method: "OPTIONS", from: "caller<sip:caller@example.com>;tag=323" })],
  [
    "longreq",
    requestText({
      to: `"I have a user name of extreme proportion ${"very ".repeat(60)}"<sip:user@example.com:6000;${"long".repeat(60)}=1>`,
      callId: `longreq.one${"really".repeat(20)}longcallid`,
      via: [...Array.from({ length: 34 }, (_, index) => `SIP/2.0/TCP sip${index}.example.com;branch=z9hG4bK${index}`)],
      headers: [`Unknown-${"Long".repeat(20)}-Name: ${"long value; ".repeat(40)}`],
    }),
  ],
  ["dblreq", REGISTER + INVITE],
  ["semiuri", requestText({ method: "OPTIONS", uri: "sip:user;par=u%40example.net@example.com" })],
  [
    "transports",
    requestText({
      method: "OPTIONS",
      via: ["UDP t1", "SCTP t2", "TLS t3", "UNKNOWN t4", "TCP t5"].map(
        (word, index) => `SIP/2.0/${word}.example.com;branch=z9hG4bK${index}`,
      ),
    }),
  ],
  ["mpart01", requestText({ method: "MESSAGE", body: "--7a9\r\n\r\n\u0000\u00ff\u0082\r\n--7a9--\r\n" })],
  [
    "mpart01/strict-route",
    requestText({
      method: "MESSAGE",
      uri: "sip:kumiko@example.org",
      headers: ["Route: <sip:strict.example.org:5080>", "Content-Type: application/octet-stream"],
      body: "\u0030\u0082\u0001\u0000\r\n\u0000",
    }),
  ],
  ["unreason", responseText(200, { reason: "= 2**3 * 5**2 \u00d0\u00bd\u00d0\u00be" })],
  ["noreason", responseText(100, { reason: "" })],
  ["badinv01", change(INVITE, /Via:.*/, "Via: SIP/2.0/UDP 192.0.2.15;;,;,,")],
  ["badinv01/contact", requestText({ headers: ['Contact: "Joe" <sip:joe@example.org>;;;;'] })],
  ["badinv01/via-list", change(INVITE, /(Via:.*)/, "$1,,")],
  ["clerr", change(INVITE, "Content-Length: 5", "Content-Length: 9999")],
  ["ncl", change(INVITE, "Content-Length: 5", "Content-Length: -999")],
  ["scalar02", change(REGISTER, "CSeq: 1 ", "CSeq: 36893488147419103232 ")],
  ["scalar02/max-forwards", requestText({ maxForwards: "300" })],
  [
    "scalar02/expires",
    requestText({
      method: "REGISTER",
      uri: "sip:example.com",
      headers: [`Expires: 1${"0".repeat(100)}`, "Contact: <sip:user@host129.example.com>;expires=280297596632815"],
    }),
  ],
  ["scalarlg", responseText(503, { cseq: "9292394834772304023312 OPTIONS" })],
  ["quotbal", requestText({ to: '"Mr. J. User <sip:j.user@example.com>' })],
  ["ltgtruri", requestText({ uri: "<sip:user@example.com>" })],
  ["lwsruri", requestText({ uri: "sip:user@example.com; lr" })],
  ["lwsstart", change(INVITE, / (\S+) SIP\/2.0/, "  $1  SIP/2.0")],
  ["trws", change(OPTIONS, "SIP/2.0\r\n", "SIP/2.0  \r\n")],
  ["escruri", requestText({ uri: "sip:user@example.com?Route=%3Csip:example.com%3E" })],
  ["baddate", requestText({ headers: ["Date: Fri, 01 Jan 2010 16:00:00 EST"] })],
  [
    "regbadct",
    requestText({ method: "REGISTER", headers: ["Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E"] }),
  ],
  ["badaspec", requestText({ to: '"Watson, Thomas" < sip:t.watson@example.org >' })],
  ["baddn", requestText({ from: "Bell, Alexander <sip:a.g.bell@example.com>;tag=43" })],
  ["badvers", change(OPTIONS, /SIP\/2\.0/g, "SIP/7.0")],
  ["mismatch01", requestText({ method: "OPTIONS", cseq: "8 INVITE" })],
  ["mismatch02", requestText({ method: "NEWMETHOD", cseq: "8 INVITE" })],
  ["bigcode", change(responseText(200), "200", "4294967301")],
  ["badbranch", requestText({ via: ["SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK"] })],
  ["insuf", change(INVITE, /^(Call-ID|From|To):.*\r\n/gm, "")],
  ["insuf/call-id", change(INVITE, /^Call-ID:.*\r\n/m, "")],
  ["unkscm", requestText({ method: "OPTIONS", uri: "nobodyKnowsThisScheme:totallyopaquecontent" })],
  ["novelsc", requestText({ method: "OPTIONS", uri: "soap.beep://192.0.2.103:3002" })],
  ["unksm2", requestText({ method: "REGISTER", to: "isbn:2983792873", from: "<http://www.example.com>;tag=3234233" })],
  ["bext01", requestText({ headers: ["Require: nothingSupportsThis", "Proxy-Require: noProxies, norAny"] })],
  ["invut", requestText({ headers: ["Content-Type: application/unknownformat"], body: "<audio/>" })],
  ["regaut01", requestText({ method: "REGISTER", headers: ["Authorization: NoOneKnows ;a=/b,c"] })],
  ["multi01", change(INVITE, /^((Call-ID|CSeq|From|To|Max-Forwards):.*\r\n)/gm, "$1$1")],
  ["mcl01", change(INVITE, "Content-Length: 5", "Content-Length: 5\r\nl: 4")],
  ["bcast", responseText(200, { via: ["SIP/2.0/UDP a;branch=z9hG4bK1", "SIP/2.0/UDP 255.255.255.255"] })],
  ["zeromf", requestText({ method: "OPTIONS", maxForwards: "0" })],
  [
    "cparam01",
    requestText({ method: "REGISTER", headers: ["Contact: sip:+19725552222@gw1.example.net;unknownparam"] }),
  ],
  [
    "cparam02",
    requestText({ method: "REGISTER", headers: ["Contact: <sip:+19725552222@gw1.example.net;unknownparam>"] }),
  ],
  [
    "regescrt",
    requestText({ method: "REGISTER", headers: ["Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>"] }),
  ],
  ["sdp01", requestText({ headers: ["Accept: text/nobodyKnowsThis"], body: "v=0\r\n" })],
  [
    "inv2543",
    requestText({
      via: ["SIP/2.0/UDP iftgw.example.com"],
      from: "<sip:+13035551111@ift.client.example.net;user=phone>",
      maxForwards: "",
    }),
  ],
];

export const rfc4475Messages: readonly TortureMessage[] = inOneRun(MESSAGES);
