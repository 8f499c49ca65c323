/** When a member that starts has what the others have. */
import { expect, test } from "vitest";
import { Completeness } from "../../src/cluster/completeness.ts";

function made(...others: string[]) {
  const told: (string | undefined)[] = [];
  return { told, one: new Completeness(others, (witness) => told.push(witness)) };
}

test("one complete member is enough, and it is told once", () => {
  const { one, told } = made("b", "c");
  one.begins("b");
  one.begins("c");
  one.caughtUp("c", true, 100);
  one.caughtUp("b", true, 200);
  one.waited(1_000);
  expect([told, one.isComplete]).toEqual([["c"], true]);
});

test("of members that aren't complete themselves all are needed", () => {
  const { one, told } = made("b", "c");
  one.begins("b");
  one.begins("c");
  one.caughtUp("b", false, 100);
  expect(told).toEqual([]);
  one.caughtUp("c", false, 110);
  expect(told).toEqual(["c"]);
});

test("after 1 s, all that live", () => {
  const { one, told } = made("b", "c");
  one.begins("b");
  one.caughtUp("b", false, 100);
  one.waited(1_000);
  expect(told).toEqual([undefined]);
});

test("after 1 s, one that lives and is still being fetched from is waited for, until it is dead or mute", () => {
  const dead = made("b");
  const mute = made("b");
  for (const { one, told } of [dead, mute]) {
    one.begins("b");
    one.waited(1_000);
    expect(told).toEqual([]);
  }
  dead.one.ends("b", 1_500);
  mute.one.isMute("b", 5_000);
  expect([dead.told, mute.told]).toEqual([[undefined], [undefined]]);
});

test("one that has died before 1 s is over may come back until then", () => {
  const { one, told } = made("b");
  one.begins("b");
  one.ends("b", 500);
  expect(told).toEqual([]);
  one.begins("b");
  one.caughtUp("b", true, 900);
  expect(told).toEqual(["b"]);
});

test("one that was compared with, and has been started anew since, counts again from the beginning", () => {
  const { one, told } = made("b", "c");
  one.begins("b");
  one.caughtUp("b", false, 100);
  one.ends("b", 500);
  one.begins("b");
  one.begins("c");
  one.caughtUp("c", false, 600);
  expect(told).toEqual([]);
  one.caughtUp("b", false, 700);
  expect(told).toEqual(["b"]);
});
