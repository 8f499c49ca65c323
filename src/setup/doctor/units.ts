/** Sizes as people read them; `app/words/` has times and counts. */

/** "500 kB", "170 MB", "1.5 GB", "22 GB". */
export function sizeText(size_kB: number): string {
  const units = ["kB", "MB", "GB", "TB"];
  let size = size_kB;
  let index = 0;
  while (Math.round(size) >= 1_024 && index < units.length - 1) {
    size /= 1_024;
    index += 1;
  }
  const isShort = index > 0 && size < 9.95;
  return `${isShort ? size.toFixed(1).replace(/\.0$/, "") : Math.round(size)} ${units[index]}`;
}
