/** FNV-1a, 32 bits, with a sign: tells texts apart, keeps nothing secret. @param start what it begins with, instead of its own number */
export function fnv(text: string, start = 0x811c9dc5): number {
  let hash = start;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}
