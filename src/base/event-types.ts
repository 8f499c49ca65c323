/** What the table of events means to the compiler: which names a level may tell, and with which fields. */
import type { EVENTS } from "./events.ts";

/** error: broken; warn: someone should look; info: an operator cares; debug: one line a transaction. */
export type LogLevel = "error" | "warn" | "info" | "debug";

/** What a field holds. A number's unit stands at the end of the field's name. */
interface Kinds {
  readonly text: string;
  readonly number: number;
  readonly "text or number": string | number;
}

/** "?": some lines come without it. */
type Kind = keyof Kinds | `${keyof Kinds}?`;

/** One row of the table. */
export interface DescribedEvent {
  readonly at: readonly LogLevel[];
  readonly says: string;
  /** In the order in which a line has them. */
  readonly fields: Readonly<Record<string, Kind>>;
}

type Checked<T extends Readonly<Record<string, DescribedEvent>>> = T;
type Table = Checked<typeof EVENTS>;

export type EventName = keyof Table;

/** The names that are told at this level. */
export type EventsAt<L extends LogLevel> = {
  [N in EventName]: L extends Table[N]["at"][number] ? N : never;
}[EventName];

type ValueOf<K> = K extends `${infer Base extends keyof Kinds}?` ? Kinds[Base] | undefined : Kinds[K & keyof Kinds];
type OptionalIn<F> = { [N in keyof F]: F[N] extends `${string}?` ? N : never }[keyof F];
type FieldsOf<F> = keyof F extends never
  ? Readonly<Record<string, never>>
  : { readonly [N in Exclude<keyof F, OptionalIn<F>>]: ValueOf<F[N]> } & {
      readonly [N in OptionalIn<F>]?: ValueOf<F[N]>;
    };

/** By event: the fields that its lines have, no others. */
export type EventFields = { readonly [N in EventName]: FieldsOf<Table[N]["fields"]> };
