/** An INVITE as long as they come, full of what isn't ASCII. */
import type { SipAgent } from "../peers/support/sip-agent.ts";
import { newToken, requestText, sdp } from "../sip/build.ts";

const OCTETS = 4_096;

/** As it looks on the wire, one character an octet. */
function utf8(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

export const REFUSAL = utf8("Besetzt – bitte später");

/** One of 4,096 octets. */
export function longInvite(phone: SipAgent, to: string): { readonly wire: string; readonly callId: string } {
  const callId = newToken();
  const aor = `<sip:201@${phone.sentBy}>`;
  const session = sdp(phone.endpoint.host).replace("s=-", utf8("s=Rückfrage wegen „Größe“ ½ €"));
  const of = (padding: string) =>
    requestText(phone.sentBy, {
      method: "INVITE",
      uri: to,
      from: `${utf8('"Jörg Weiß-Müller, Zürich"')} ${aor};tag=1`,
      to: `${utf8('"Łukasz Żółć"')} <${to}>`,
      callId,
      cseq: 1,
      contact: `sip:201@${phone.sentBy}`,
      extra: [
        utf8("Subject: Ärger über Öl in Übersee, 電話, 📞"),
        "X-Folded: one\r\n  two\r\n\tthree",
        ...Array.from({ length: 20 }, (_, index) => utf8(`X-Number-${index}: ${"äöüß".repeat(index)}`)),
        `X-Padding: ${padding}`,
      ],
      session,
    });
  return { wire: of("p".repeat(OCTETS - of("").length)), callId };
}

/** The header lines that a proxy must leave as they are, in their order. */
export function passedOn(wire: string): readonly string[] {
  const header = wire.slice(0, wire.indexOf("\r\n\r\n"));
  return header.split(/\r\n(?![ \t])/).filter((line) => !/^(?:Via|Max-Forwards|Max-Breadth|Record-Route):/i.test(line));
}
