/** In the place of vitest inside a binary: collects tests, which {@link runAll} runs one after the other; `expect` is vitest's own. */
import "./web.ts";
import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";
import * as chai from "chai";

type Body = (...row: never[]) => unknown;
interface Collected {
  readonly name: string;
  readonly body: () => unknown;
}

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

export const { expect } = chai as unknown as { expect: unknown };

const collected: Collected[] = [];
const places: string[] = [];
const after: (() => unknown)[] = [];

export function describe(name: string, body: () => void): void {
  places.push(name);
  body();
  places.pop();
}

export function afterEach(body: () => unknown): void {
  after.push(body);
}

/** `it(name, body)`, `it(name, options, body)`. */
export function it(name: string, ...rest: unknown[]): void {
  const body = rest.find((one): one is () => unknown => typeof one === "function");
  if (body !== undefined) collected.push({ name: [...places, name].join(" > "), body });
}

/** Each row is a list of arguments, or the only one. */
function each(rows: readonly unknown[]) {
  return (name: string, ...rest: unknown[]) => {
    const body = rest.find((one): one is Body => typeof one === "function");
    for (const [index, row] of rows.entries()) {
      it(`${name} [${index}]`, () => body?.(...((Array.isArray(row) ? row : [row]) as never[])));
    }
  };
}

it.each = each;
describe.each = (rows: readonly unknown[]) => (name: string, body: Body) => {
  for (const [index, row] of rows.entries()) {
    describe(`${name} [${index}]`, () => void body(...((Array.isArray(row) ? row : [row]) as never[])));
  }
};
export const test = it;

/** Prints a line for each test that fails, and the sum. @returns whether all have passed */
export async function runAll(print: (line: string) => void): Promise<boolean> {
  let failed = 0;
  for (const { name, body } of collected) {
    try {
      await body();
      for (const end of after) await end();
    } catch (error) {
      failed += 1;
      print(`FAILED ${name}: ${error instanceof Error ? `${error.message}\n${error.stack}` : String(error)}`);
    }
  }
  print(`${collected.length - failed} of ${collected.length} passed`);
  return failed === 0;
}
