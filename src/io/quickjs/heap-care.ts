/**
 * When the heap is searched for garbage, by what is in use at each look, in bytes.
 *
 * The engine looks for what is referenced only in circles when its heap has grown by half. After a load it doesn't grow: the
 * garbage of that would be the router's loss for days. So would pages be that each hold one small thing from the midst of the load.
 */

/** A heap that has changed by this part is searched for garbage; and sooner again when so much of it was garbage. */
const PART_CHANGED = 0.1;
/** Looks between two searches of a heap that stays as it is: doubled each time, up to this. */
const LOOKS_MOST = 32;
/** Of what a load has taken: when no more is left, it is over, or a good part of it is. */
const PART_LEFT = 0.75;

export class HeapCare {
  /** After the last search. */
  private known_bytes = 0;
  /** The most that there was since things were written anew. */
  private most_bytes = 0;
  private wait_looks = 1;
  private left_looks = 0;

  /** A look. @returns whether the heap is to be searched now */
  wants(used_bytes: number): boolean {
    this.left_looks -= 1;
    this.most_bytes = Math.max(this.most_bytes, used_bytes);
    const isMoving = isOther(used_bytes, this.known_bytes);
    // What a load leaves behind is garbage in circles: after it the heap may stay as it is.
    if (isMoving) this.wait_looks = 0;
    return isMoving || this.left_looks <= 0;
  }

  /** It has been searched. @returns whether a load is over: what outlives it is to be written anew */
  searched(before_bytes: number, left_bytes: number): boolean {
    this.known_bytes = left_bytes;
    if (isOther(left_bytes, before_bytes)) this.wait_looks = 0;
    this.wait_looks = Math.min(Math.max(2 * this.wait_looks, 1), LOOKS_MOST);
    this.left_looks = this.wait_looks;
    if (left_bytes > this.most_bytes * PART_LEFT) return false;
    this.most_bytes = left_bytes;
    return true;
  }
}

function isOther(now_bytes: number, then_bytes: number): boolean {
  return Math.abs(now_bytes - then_bytes) > then_bytes * PART_CHANGED;
}
