/** Requests and responses as they were on the wire: located, not decoded, and never changed (RFC 3261 §7). */
import { OTHER } from "./header-names.ts";
import { type NameAddr, nameAddrParameter } from "./name-addr.ts";
import { splitList, unfolded } from "./text.ts";
import { parseSipUri, type SipUri } from "./uri.ts";
import type { Via } from "./via.ts";

/** Numbers per header field in {@link FieldTable.places}. */
const ID = 0;
const START = 1;
const VALUE_START = 2;
const VALUE_END = 3;
export const PLACES_PER_FIELD = 4;

/** Where the header fields of a message stand, in the order of the message. */
export interface FieldTable {
  /** For each field: its identifier, where its line starts, where its value starts and ends (white space trimmed). */
  readonly places: readonly number[];
  /** For each identifier: the index of its first field, or -1. */
  readonly firsts: readonly number[];
  /** The identifiers that several fields have: a bit for each. */
  readonly repeated: number;
  /** Each line ends with CRLF and has no other CR; each header line has a colon, and is a field of its own. */
  readonly isPlain: boolean;
  /** Where the first field starts. */
  readonly start: number;
  /** Where the empty line starts that ends the header. */
  readonly end: number;
  readonly bodyStart: number;
}

/** What every message must carry besides Via, read once at the door. */
export interface Essentials {
  readonly callId: string;
  readonly cseqNumber: number;
  /** The method in CSeq: the request's own, or the one that a response answers. */
  readonly cseqMethod: string;
  /** Undefined when missing or malformed. */
  readonly from: NameAddr | undefined;
  readonly to: NameAddr | undefined;
}

abstract class Message {
  readonly wire: string;
  readonly fields: FieldTable;
  readonly topVia: Via;
  readonly callId: string;
  readonly cseqNumber: number;
  readonly cseqMethod: string;
  /** Undefined when malformed. */
  readonly from: NameAddr | undefined;
  readonly to: NameAddr | undefined;
  private fromTagText: string | undefined = undefined;
  private toTagText: string | undefined = undefined;
  private parsedFromUri: SipUri | undefined | null = null;
  private parsedToUri: SipUri | undefined | null = null;

  constructor(wire: string, fields: FieldTable, topVia: Via, essentials: Essentials) {
    this.wire = wire;
    this.fields = fields;
    this.topVia = topVia;
    this.callId = essentials.callId;
    this.cseqNumber = essentials.cseqNumber;
    this.cseqMethod = essentials.cseqMethod;
    this.from = essentials.from;
    this.to = essentials.to;
  }

  get fieldCount(): number {
    return this.fields.places.length / PLACES_PER_FIELD;
  }

  /** The index of the first field with this identifier at or behind `from`; -1 when there is none. */
  indexOf(id: number, from = 0): number {
    const first = this.fields.firsts[id] ?? -1;
    if (from <= first || first < 0) return first;
    const { places, repeated } = this.fields;
    if ((repeated & (1 << id)) === 0) return -1;
    for (let index = from; index * PLACES_PER_FIELD < places.length; index++) {
      if (places[index * PLACES_PER_FIELD + ID] === id) return index;
    }
    return -1;
  }

  fieldId(index: number): number {
    return this.fields.places[index * PLACES_PER_FIELD + ID] ?? OTHER;
  }

  /** Where the line of a field starts; for one behind the last, where the header ends. */
  fieldStart(index: number): number {
    return this.fields.places[index * PLACES_PER_FIELD + START] ?? this.fields.end;
  }

  valueStart(index: number): number {
    return this.fields.places[index * PLACES_PER_FIELD + VALUE_START] ?? this.fields.end;
  }

  valueEnd(index: number): number {
    return this.fields.places[index * PLACES_PER_FIELD + VALUE_END] ?? this.fields.end;
  }

  /** A field's value with its line folding undone. */
  value(index: number): string {
    return unfolded(this.wire.slice(this.valueStart(index), this.valueEnd(index)));
  }

  /** The first field's value; undefined when the message has no such field. */
  header(id: number): string | undefined {
    const index = this.indexOf(id);
    return index < 0 ? undefined : this.value(index);
  }

  /** All values of a field that may be a comma-separated list or come several times, in order. */
  list(id: number): string[] {
    const values: string[] = [];
    for (let index = this.indexOf(id); index >= 0; index = this.indexOf(id, index + 1)) {
      values.push(...splitList(this.value(index)));
    }
    return values;
  }

  /** The line of the first field with this identifier, as it came, with its line end; "" when there is none. */
  line(id: number): string {
    const index = this.indexOf(id);
    return index < 0 ? "" : this.wire.slice(this.fieldStart(index), this.fieldStart(index + 1));
  }

  /** The lines of all fields with this identifier, as they came, each with its line end. */
  lines(id: number): string {
    let lines = "";
    for (let index = this.indexOf(id); index >= 0; index = this.indexOf(id, index + 1)) {
      lines += this.wire.slice(this.fieldStart(index), this.fieldStart(index + 1));
    }
    return lines;
  }

  get body(): string {
    return this.wire.slice(this.fields.bodyStart);
  }

  /** "" when there is none. */
  get fromTag(): string {
    this.fromTagText ??= tagOf(this.from);
    return this.fromTagText;
  }

  /** "" when there is none: the request is outside any dialog. */
  get toTag(): string {
    this.toTagText ??= tagOf(this.to);
    return this.toTagText;
  }

  /** The URI in From, decoded when first asked for; undefined when it is no SIP URI. */
  get fromUri(): SipUri | undefined {
    if (this.parsedFromUri === null) this.parsedFromUri = parseSipUri(this.from?.uri ?? "");
    return this.parsedFromUri;
  }

  /** The URI in To, decoded when first asked for; undefined when it is no SIP URI. */
  get toUri(): SipUri | undefined {
    if (this.parsedToUri === null) this.parsedToUri = parseSipUri(this.to?.uri ?? "");
    return this.parsedToUri;
  }
}

function tagOf(party: NameAddr | undefined): string {
  return party === undefined ? "" : (nameAddrParameter(party, "tag") ?? "");
}

/** Why a request can't be served, for the sender. */
export interface Fault {
  readonly status: number;
  readonly reason: string;
}

export interface RequestLine {
  readonly method: string;
  /** Where the Request-URI stands: [start, end). */
  readonly uriStart: number;
  readonly uriEnd: number;
}

export class Request extends Message {
  readonly kind = "request";
  readonly method: string;
  readonly uriStart: number;
  readonly uriEnd: number;
  /** Set when the message is broken, yet can be answered. */
  readonly fault: Fault | undefined;
  private parsedUri: SipUri | undefined | null = null;

  constructor(
    wire: string,
    fields: FieldTable,
    topVia: Via,
    essentials: Essentials,
    line: RequestLine,
    fault: Fault | undefined,
  ) {
    super(wire, fields, topVia, essentials);
    this.method = line.method;
    this.uriStart = line.uriStart;
    this.uriEnd = line.uriEnd;
    this.fault = fault;
  }

  get requestUri(): string {
    return this.wire.slice(this.uriStart, this.uriEnd);
  }

  /** The Request-URI, decoded when first asked for; undefined when it is no SIP URI. */
  get uri(): SipUri | undefined {
    if (this.parsedUri === null) this.parsedUri = parseSipUri(this.requestUri);
    return this.parsedUri;
  }
}

export class Response extends Message {
  readonly kind = "response";
  readonly status: number;

  constructor(wire: string, fields: FieldTable, topVia: Via, essentials: Essentials, status: number) {
    super(wire, fields, topVia, essentials);
    this.status = status;
  }

  get reason(): string {
    const end = this.wire.indexOf("\n", 12);
    return this.wire.slice(12, end < 0 ? this.wire.length : end).trim();
  }
}
