/** Which member is to have a message that has come here, by all that is known of it: a function of plain values. */

/** What another member has told of a call. */
interface Story {
  readonly member: string;
  /** It still makes the call. */
  readonly isKept: boolean;
  /** The member that is to go on with the call when it doesn't. */
  readonly heir: string | undefined;
}

/** What is known of a message that has come. Members are told by their names. */
export interface Passing {
  /** Ourselves. */
  readonly own: string;
  readonly kind: "INVITE" | "CANCEL" | "ACK" | "other request" | "response";
  /** A transaction here waits for it. */
  readonly isKnown: boolean;
  /** The call to which it belongs, as another member has told of it; undefined: none has, or it is told here already. */
  readonly story: Story | undefined;
  /** Of a response: who has its call by its branch; undefined: that member can't be reached, or isn't known. */
  readonly maker: string | undefined;
  /** Those that may have the call, the one that is to have it first. */
  readonly order: readonly string[];
  /** The members that have had the message. */
  readonly hops: readonly string[];
  /** The one that has the message again if none of those knows its call. */
  readonly home: string | undefined;
  /** This member may open a call that nobody knows: it isn't still learning what the others know. */
  readonly mayOpen: boolean;
  /** A member has come or gone a moment ago: its call may be with another one than the first. */
  readonly isUnsettled: boolean;
}

export type Way =
  | { readonly kind: "here" }
  /** The call goes on here, and then the message is for it. */
  | { readonly kind: "carry on" }
  /** No member takes the message, which its sender says again. */
  | { readonly kind: "nobody" }
  | { readonly kind: "to"; readonly member: string; readonly home?: string };

/** The message goes no further. */
const HERE: Way = { kind: "here" };
const CARRY_ON: Way = { kind: "carry on" };
const NOBODY: Way = { kind: "nobody" };
/** The greatest number of members that have a message, one after the other, before it goes home. */
export const HOPS_MAX = 4;

/**
 * Each member that sends a message on has put itself into the hops, and no way leads to one of them, but home. So a message ends after
 * {@link HOPS_MAX} members and its home, whatever each of them believes.
 */
export function wayOf(passing: Passing): Way {
  const { own, isKnown, story, maker, hops, home } = passing;
  const mayGo = (member: string) => member !== own && hops.length < HOPS_MAX && !hops.includes(member);
  if (isKnown) return HERE;
  if (story !== undefined) return wayOfStory(passing, story, mayGo);
  if (maker === own) return HERE;
  if (maker !== undefined && mayGo(maker)) return to(maker);
  return home === own ? HERE : wayOfUnknown(passing, mayGo);
}

/** Of a message whose call another member has told of. */
function wayOfStory({ own, hops, home }: Passing, story: Story, mayGo: (member: string) => boolean): Way {
  const { member, isKept, heir } = story;
  // A member that has a call sends nothing of it on: one that did hasn't the call any more.
  if (isKept && !hops.includes(member)) return mayGo(member) ? to(member) : HERE;
  // If the heir hasn't heard of the call, this member goes on with it.
  return heir !== undefined && home !== own && mayGo(heir) ? { kind: "to", member: heir, home: own } : CARRY_ON;
}

/** Of a message whose call nobody here knows. */
function wayOfUnknown(passing: Passing, mayGo: (member: string) => boolean): Way {
  const { own, kind, mayOpen, order, hops, home } = passing;
  const [first] = order;
  if (first !== undefined && mayGo(first)) return to(first);
  const next = isOffered(passing) ? order.find(mayGo) : undefined;
  if (next !== undefined) return { kind: "to", member: next, home: home ?? own };
  if (home !== undefined && hops.length <= HOPS_MAX) return { kind: "to", member: home, home };
  // Another one may have the call, or get a copy of this: it was sent here as the life before took calls.
  return kind === "INVITE" && !mayOpen ? NOBODY : HERE;
}

function to(member: string): Way {
  return { kind: "to", member };
}

/** Whether another member may know the call although it isn't the first to have it. */
function isOffered({ kind, isUnsettled }: Passing): boolean {
  return kind === "CANCEL" || (isUnsettled && kind !== "other request");
}
