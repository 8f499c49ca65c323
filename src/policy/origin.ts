/** What the sender of a request is to this site. */

/**
 * What a source is to us. "domain": the upstream of a file that names none, found because a phone called it, so that it
 * is trusted with phones, but not with the gateway.
 */
export type Origin = "localnet" | "gateway" | "upstream" | "domain" | "stranger";
