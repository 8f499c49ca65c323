/**
 * Says what comes out of arithmetic, conversions and texts: a processor without a floating point unit, or with another order of bytes, must
 * say the same as Node. Only what the language defines to the last bit is asked.
 */
export function results(): string {
  const numbers = [
    0.1,
    1 / 3,
    -7.5,
    1e21,
    5e-324,
    1.7976931348623157e308,
    4294967295.5,
    -2147483648,
    2 ** 53 - 1,
    123456.789,
  ];
  const lines: unknown[] = [];
  for (const a of numbers) {
    lines.push([a, `${a}`, a | 0, a >>> 0, ~~a, Math.sqrt(Math.abs(a)), Math.fround(a), Math.trunc(a), Math.round(a)]);
    for (const b of numbers) lines.push([a + b, a - b, a * b, a / b, a % b, a < b, Math.max(a, b), Math.imul(a, b)]);
    lines.push([a.toFixed(3), a.toPrecision(7), a.toExponential(4), Number.parseFloat(`${a}`) === a]);
  }
  const large = 2n ** 100n + 12345678901234567890n;
  lines.push(
    [large, large * large, large / 987654321n, large % 1000000007n, -large >> 7n, BigInt.asIntN(64, large)].map(String),
  );
  for (const time_ms of [0, 951_782_400_000, -1, 4_102_444_800_000, 1_234_567_890_123]) {
    const date = new Date(time_ms);
    lines.push([date.toISOString(), date.getUTCDay(), date.getUTCFullYear(), Date.parse(date.toISOString())]);
  }
  const bytes = new Uint8Array([1, 2, 3, 4, 0xff, 0xfe, 0x40, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18, 0, 0]);
  const view = new DataView(bytes.buffer);
  lines.push([
    view.getUint16(0),
    view.getInt32(2),
    view.getUint32(0, true),
    view.getFloat64(6),
    view.getFloat32(1, true),
  ]);
  view.setFloat64(8, Math.PI, true);
  lines.push([[...bytes], view.getBigUint64(8, true).toString()]);
  lines.push([
    "Grüße, 日本, 😀".length,
    "ä😀".codePointAt(1),
    encodeURIComponent("ä😀"),
    "ÄÖß".toLowerCase(),
    "straße".toUpperCase(),
  ]);
  lines.push([
    /^(?<user>[^@:;]+)@([\w.-]+)(?::(\d+))?$/iu.exec("Grüße@EXAMPLE.com:5060"),
    "a1b22".replace(/\d+/g, (d) => `<${d}>`),
  ]);
  lines.push(
    [3, 10, 2, 1].sort(),
    [3, 10, 2, 1].sort((a, b) => a - b),
    JSON.parse('{"a":[1,2.5e-7,null,"\\u00e4"]}'),
  );
  let hash = 2166136261;
  for (let index = 0; index < 20_000; index++) hash = Math.imul(hash ^ (index * 2654435761), 16777619) >>> 0;
  lines.push(hash);
  return lines.map((line) => JSON.stringify(line)).join("\n");
}
