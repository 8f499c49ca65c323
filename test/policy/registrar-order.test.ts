/** Bindings and time: what upstream has accepted, and which REGISTER is the later one (RFC 3261 §10.3 item 7). */
import { describe, expect, it } from "vitest";
import { RegisterLab, register } from "./register-lab.ts";

describe("whom upstream has accepted", () => {
  const accepted = (lab: RegisterLab) => lab.kept().map(({ isAccepted }) => isAccepted);

  it("a phone by upstream's 200, and still after refreshes from there that are answered here", () => {
    const lab = new RegisterLab();
    lab.learn(register());
    expect(accepted(lab)).toEqual([true]);
    lab.answer(register({ cseq: 2 }));
    lab.answer(register({ cseq: 1, callId: "boot" }));
    expect(accepted(lab)).toEqual([true]);
  });

  it("not a phone that only we have answered, nor one that has moved since, until upstream hears of it", () => {
    const lab = new RegisterLab({ unknown: "localnet" });
    lab.answer(register());
    expect(accepted(lab)).toEqual([false]);
    lab.learn(register({ cseq: 2 }));
    lab.answer(register({ cseq: 3, port: 40_000 }));
    expect(accepted(lab)).toEqual([false]);
    lab.learn(register({ cseq: 4, port: 40_000 }));
    expect(accepted(lab)).toEqual([true]);
  });

  it("a binding knows when its last REGISTER came", () => {
    const lab = new RegisterLab();
    lab.learn(register());
    lab.now_ms = 9_000;
    lab.answer(register({ cseq: 2 }));
    expect(lab.kept().map(({ heard_ms }) => heard_ms)).toEqual([9_000]);
  });
});
