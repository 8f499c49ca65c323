/** Times as the people of this router read them: in its own time zone, without Intl, which small Nodes lack. */

/** Now, in milliseconds since 1970, and as a part of a file's name: "2026-11-29-140322". */
export function fileTime(): { readonly time_ms: number; readonly text: string } {
  const time_ms = Date.now();
  const [day = "", time = ""] = localTime(new Date(time_ms).toISOString()).split(" ");
  return { time_ms, text: `${day}-${time.replace(/:/g, "")}` };
}

/** "2026-11-29 14:03:22" of a time in ISO 8601; what isn't one stays as it is. */
export function localTime(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const day = [`${date.getFullYear()}`.padStart(4, "0"), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}

/** The same in parts, and the offset of the zone at that time, such as "UTC+01:00". */
export function localMoment(iso: string): { readonly date: string; readonly time: string; readonly zone: string } {
  const [date = iso, time = ""] = localTime(iso).split(" ");
  // Minutes that UTC is ahead.
  const ahead = new Date(iso).getTimezoneOffset() || 0;
  const [hours, minutes] = [Math.floor(Math.abs(ahead) / 60), Math.abs(ahead) % 60];
  return { date, time, zone: `UTC${ahead > 0 ? "-" : "+"}${two(hours)}:${two(minutes)}` };
}

function two(value: number): string {
  return `${value}`.padStart(2, "0");
}
