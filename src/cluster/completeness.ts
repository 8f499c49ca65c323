/**
 * Whether a member that starts has what the others have. It has, once it has caught up with one that is complete itself, or with each that
 * there is; or when it has waited for {@link ALONE_ms} and has caught up with each that it has heard by then.
 */

/** A member that lives is heard several times within it. */
export const ALONE_ms = 1_000;

export class Completeness {
  isComplete = false;
  private hasWaited = false;
  private readonly others: readonly string[];
  private readonly alive = new Set<string>();
  private readonly done = new Set<string>();
  private readonly onComplete: (witness: string | undefined, now_ms: number) => void;

  /** @param others the names of all other members; @param onComplete told once, with the member that has answered last, if any has */
  constructor(others: readonly string[], onComplete: (witness: string | undefined, now_ms: number) => void) {
    this.others = others;
    this.onComplete = onComplete;
  }

  /** It is heard, perhaps anew, with other records than before. */
  begins(member: string): void {
    this.alive.add(member);
    this.done.delete(member);
  }

  /** It is dead: nothing of it is waited for. */
  ends(member: string, now_ms: number): void {
    this.alive.delete(member);
    this.look(undefined, now_ms);
  }

  /** It answers nothing: as good as what has been caught up with, since there is no more to be had. */
  isMute(member: string, now_ms: number): void {
    this.done.add(member);
    this.look(undefined, now_ms);
  }

  caughtUp(member: string, isItsComplete: boolean, now_ms: number): void {
    this.done.add(member);
    if (isItsComplete) this.complete(member, now_ms);
    else this.look(member, now_ms);
  }

  /** {@link ALONE_ms} are over. */
  waited(now_ms: number): void {
    this.hasWaited = true;
    this.look(undefined, now_ms);
  }

  private look(witness: string | undefined, now_ms: number): void {
    const expected = this.hasWaited ? [...this.alive] : this.others;
    if (expected.every((member) => this.done.has(member))) this.complete(witness, now_ms);
  }

  private complete(witness: string | undefined, now_ms: number): void {
    if (this.isComplete) return;
    this.isComplete = true;
    this.onComplete(witness, now_ms);
  }
}
