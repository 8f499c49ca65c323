/** Programs that look for SIP servers to break into. An answer, even 403, would only tell them that there is one. */

/** In lower case or not, anywhere in the header: some say it in User-Agent, some in From. */
const SCANNERS =
  /friendly-(scanner|request)|sipvicious|sundayddr|sip-?scan|sipcli|vaxa?sip|pplsip|iwar|siparmyknife|sipsak|smap|sv(map|war|crack)/i;
/** A scanner presents itself within this many characters. */
const CHARACTERS_READ = 2_000;

/** @param wire of a stranger's message: a source that belongs here may call itself anything */
export function isScanner(wire: string): boolean {
  return SCANNERS.test(wire.slice(0, CHARACTERS_READ));
}
