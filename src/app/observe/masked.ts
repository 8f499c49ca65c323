/** A message without its secrets: as it may leave the process's memory, unless somebody with the right to it has asked for all. */

/** RFC 7616: what a password can be guessed from. A value may go on in lines that begin with a blank (RFC 3261 §7.3.1). */
const CREDENTIALS =
  /^((?:Proxy-)?(?:Authorization|Authentication-Info)[ \t]*:[ \t]*)(?:(Digest|Basic|Bearer)\b)?[^\n]*(?:\n[ \t][^\n]*)*/gim;
/** RFC 3261 §19.1.1: the password of a SIP URI. */
const PASSWORDS = /(\bsips?:[^\s:@"<>;?]{1,256}):[^\s@"<>;?]{0,256}@/gi;
const LENGTH = /^((?:Content-Length|l)[ \t]*:[ \t]*)\d+/im;
const HEADER_END = /\r?\n\r?\n/;

/**
 * The message with `response="masked"` in place of credentials, `masked` in place of passwords, and without its body: its Content-Length
 * is 0, so that it can be read as a message, and X-Masked-Body says how long the body was.
 * @param wire a character an octet
 */
export function masked(wire: string): string {
  const end = HEADER_END.exec(wire);
  const [gap, index] = end === null ? ["", wire.length] : [end[0], end.index];
  const header = wire.slice(0, index).replace(CREDENTIALS, hideCredentials).replace(PASSWORDS, "$1:masked@");
  const octets = wire.length - index - gap.length;
  if (octets === 0) return header + gap;
  return `${header.replace(LENGTH, "$10")}\r\nX-Masked-Body: ${octets} octets${gap}`;
}

function hideCredentials(line: string, name: string, scheme: string | undefined): string {
  return `${name}${scheme === undefined ? "" : `${scheme} `}response="masked"${line.endsWith("\r") ? "\r" : ""}`;
}
