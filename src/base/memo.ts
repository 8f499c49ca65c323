/** Answers that are remembered: the same few texts are asked about again and again. */
import { BoundedMap } from "./bounded-map.ts";
import { ownText } from "./own-text.ts";

/** More than a branch has phones; the oldest makes room. */
const ANSWERS_MAX = 512;
/** Longer texts are rare, and each is read anew. */
const CHARACTERS_MAX = 64;

/**
 * `read`, with its last answers remembered.
 * @param read gives the same answer each time, which nobody changes; undefined isn't remembered
 */
export function memo<V>(read: (text: string) => V): (text: string) => V {
  const answers = new BoundedMap<string, V>(ANSWERS_MAX);
  return (text) => {
    const known = answers.get(text);
    if (known !== undefined || text.length > CHARACTERS_MAX) return known ?? read(text);
    // The memory of it outlives the message that it was cut from, and so does what is cut from it.
    const own = ownText(text);
    const answer = read(own);
    if (answer !== undefined) answers.set(own, answer);
    return answer;
  };
}
