/** Numbers as people read them. */

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

/** The two greatest units: "5 s", "8 min 28 s", "23 h 53 min", "3 d 4 h". */
export function durationText(duration_s: number): string {
  const seconds = Math.max(0, Math.floor(duration_s));
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0 s";
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0);
  return shown.map(([count, unit]) => `${count} ${unit}`).join(" ");
}

/** "1 fault", "5 warnings". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
