/** What a message may measure. Above a limit the sender gets an answer, never our memory. */

/** A UDP datagram can't carry more; streams are held to the same. */
export const MESSAGE_MAX_CHARACTERS = 65_535;
/** Header field lines of one message; the longest real ones have about 60. */
export const HEADER_FIELDS_MAX = 256;
/** From the first line to the empty one; real headers have 4,000. What reads values takes time for each character. */
export const HEADER_MAX_CHARACTERS = 16_384;
/** Values of the lists that routing reads, all together: more hops than 70 there can't be (§16.6 item 3). */
export const LIST_VALUES_MAX = 128;
/** Of the topmost Via, which is read however long a message is; real ones have four. */
export const VIA_PARAMETERS_MAX = 64;
/** RFC 3261 §8.1.1.5: a CSeq number must stay below 2**31. */
export const CSEQ_MAX = 2 ** 31 - 1;
/** Longer texts of phones and other routers aren't kept, or not wholly: a header can have 16 kB. */
export const TEXT_CHARACTERS_MAX = 512;
