/** What a message may measure. Above a limit the sender gets an answer, never our memory. */

/** A UDP datagram can't carry more; streams are held to the same. */
export const MESSAGE_MAX_CHARACTERS = 65_535;
/** Header field lines of one message; the longest real ones have about 60. */
export const HEADER_FIELDS_MAX = 256;
/** RFC 3261 §8.1.1.5: a CSeq number must stay below 2**31. */
export const CSEQ_MAX = 2 ** 31 - 1;
