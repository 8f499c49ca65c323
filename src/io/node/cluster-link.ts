/**
 * The wire between the members of a pair: one UDP socket at this member's own address, and the keyed hash that proves a datagram.
 *
 * Text has one character for each octet. A datagram is sent at once or not at all: heartbeats tell what has become of a member, and what
 * is lost is asked for again by the one that lacks it.
 */
import * as crypto from "crypto";
import type { Mac } from "../../base/ports.ts";
import { keyedHash, MAC_CHARACTERS } from "./secret.ts";
import { UdpSocket } from "./udp-socket.ts";

/** Room for what comes within a pause of the process: what doesn't fit is asked for again. */
const RECEIVE_BUFFER_BYTES = 512 * 1024;

/** 128 bits of base64url, rounded up to whole characters. */
const SIGN_CHARACTERS = 22;

/** Where a member is reached. */
export interface MemberAddress {
  /** An IP literal, IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

export interface LinkSettings {
  readonly own: MemberAddress;
  /** The others, by name. */
  readonly others: ReadonlyMap<string, MemberAddress>;
}

export interface LinkUser {
  /** A datagram has come to our address, by the kernel's word from `source`; whose it is, its text has to prove. */
  onDatagram(wire: string, source: MemberAddress): void;
  /** The socket has failed: what is sent vanishes until it is well again. */
  onLinkError(error: Error): void;
}

export class ClusterLink {
  private readonly settings: LinkSettings;
  private readonly user: LinkUser;
  private socket: UdpSocket | undefined = undefined;

  constructor(settings: LinkSettings, user: LinkUser) {
    this.settings = settings;
    this.user = user;
  }

  /** Once more, too, where it has failed: what comes within that moment is lost. @throws when the address isn't ours or the port is taken */
  async open(): Promise<void> {
    await this.close();
    const { own } = this.settings;
    const { user } = this;
    const socket = new UdpSocket(
      own.address,
      {
        onText: (wire, address, port) => user.onDatagram(wire, { address, port }),
        onError: (error) => user.onLinkError(error),
      },
      false,
      RECEIVE_BUFFER_BYTES,
    );
    await socket.bind(own.address, own.port);
    this.socket = socket;
  }

  /** Whether it arrives, nothing tells; one for a name that isn't a member's is dropped. */
  send(member: string, wire: string): void {
    const to = this.settings.others.get(member);
    // Without a callback: it would cost a tick, and a datagram that can't be sent is like one that gets lost.
    if (to !== undefined) this.socket?.sendTo(wire, to.port, to.address);
  }

  async close(): Promise<void> {
    const { socket } = this;
    this.socket = undefined;
    await socket?.close();
  }
}

/**
 * What signs datagrams with a cluster's secret: HMAC-SHA-256, the first 22 characters of its base64url.
 * @param secret what the file has
 */
export function clusterSign(secret: string): (text: string) => string {
  return keyedHash(keyOf(secret, "datagrams"), SIGN_CHARACTERS);
}

/**
 * The keyed hash of all members: what `createMac` makes of an installation's own secret, made of the cluster's. So the tokens of one
 * member are good at the other.
 */
export function clusterMac(secret: string): Mac {
  return keyedHash(keyOf(secret, "tokens"), MAC_CHARACTERS);
}

/** Each use has a key of its own, so that what one signs proves nothing to the other. */
function keyOf(secret: string, use: string): Buffer {
  return Buffer.from(
    crypto.createHmac("sha256", Buffer.from(secret, "utf8")).update(`branchline ${use}`).digest("hex"),
    "hex",
  );
}
