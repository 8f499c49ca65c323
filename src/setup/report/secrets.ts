/** What a report must not carry, taken out of whatever text it is in: of a faulty file as well, which no reader understands. */

const HIDDEN = "***";

/** Each repetition has an end: a text may be one long word. */
const RULES: readonly (readonly [RegExp, string])[] = [
  // RFC 3261 §19.1.1: the password of a SIP URI; and that of any other.
  // Quotes and commas are part of both; of two URIs in a row each has its own.
  [/(\bsips?:(?:(?!sips?:)[^\s:@"<>]){1,256}):(?:(?!sips?:)[^\s@"<>]){0,256}@/gi, `$1:${HIDDEN}@`],
  [/(:\/\/[^\s:@/"']{0,256}):[^\s@/"']{0,256}@/gi, `$1:${HIDDEN}@`],
  // The path of a webhook, by which most receivers know who may tell them something.
  [/(\bhttps:\/\/[^\s/"'?#]{1,256}\/)[^\s"',}\]]{1,999}/gi, `$1${HIDDEN}`],
  // RFC 7616: what a password can be guessed from.
  [/(\b(?:Proxy-)?Authorization["']?\s{0,9}[:=]\s{0,9}).*$/gim, `$1${HIDDEN}`],
  [/\b((?:c?nonce|response)=)(?:\\?"[^"\\\n]{0,512}\\?"|[0-9a-f]{16,512})/gi, `$1${HIDDEN}`],
  // A key of YAML with a block of text, or with several words.
  [
    /^([ \t]{0,64})((?:- )?[\w.-]{0,64}(?:password|passwd|passphrase|secret|token|psk)[ \t]{0,9}:[ \t]{1,9})[|>][^\n]{0,99}(?:\n\1[ \t][^\n]{0,999}){0,99}/gim,
    `$1$2${HIDDEN}`,
  ],
  [
    /^([ \t]{0,64}(?:- )?[\w.-]{0,64}(?:password|passwd|passphrase|secret|token|psk)[ \t]{0,9}:[ \t]{1,9})[^\s"'{[|>#*][^\n]{0,999}?(?=[ \t]+#|[ \t\r]*$)/gim,
    `$1${HIDDEN}`,
  ],
  // A key of YAML, JSON or a log line, which may be the end of a longer one.
  [
    /((?:password|passwd|passphrase|secret|token|psk)["']?\s{0,9}[:=]\s{0,9})(?:"(?:[^"\\\n]|\\.){0,512}"|'(?:[^'\n]|''){0,512}'|["'][^\n]{0,512}|[^\s"',}\]#][^\s,}\]]{0,512})/gi,
    `$1${HIDDEN}`,
  ],
  [
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[^-]{0,100000}(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----)?/g,
    `(private key: ${HIDDEN})`,
  ],
];

/** The text without passwords, answers to challenges and private keys. Paths of keys stay. */
export function withoutSecrets(text: string): string {
  return RULES.reduce((left, [pattern, words]) => left.replace(pattern, words), text);
}
