/** One UDP socket of Node's: wire text in and out, to and from IP literals. `io/quickjs/udp-socket.ts` is the other host's. */
import { DgramAsPromised, type SocketAsPromised } from "dgram-as-promised";

/** What a socket tells of itself. */
export interface UdpUser {
  /** A datagram has come. */
  onText(wire: string, address: string, port: number): void;
  /** It has failed, or the kernel has heard by ICMP that its peer can't be reached. */
  onError(error: Error): void;
}

/** Hears how a datagram fared: null when the kernel has taken it. */
export type OnSent = (error: Error | null) => void;

/** Room for some 1,000 REGISTERs at once; the kernel may grant less. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

export class UdpSocket {
  private readonly socket: SocketAsPromised;
  private readonly user: UdpUser;
  private hasEnded = false;

  /**
   * @param address of its own kind, IPv4 or IPv6
   * @param isSharing its port with other sockets that allow it too
   * @param buffer_bytes for what has come and hasn't been read
   */
  constructor(address: string, user: UdpUser, isSharing = true, buffer_bytes = RECEIVE_BUFFER_BYTES) {
    this.user = user;
    const type = address.includes(":") ? "udp6" : "udp4";
    // The receiver is set by Node as it binds: a promise later a socket that gets everybody's datagrams has already lost some.
    this.socket = DgramAsPromised.createSocket(
      { type, reuseAddr: isSharing, lookup: literal, recvBufferSize: buffer_bytes },
      (bytes, from) => user.onText(bytes.toString("latin1"), from.address, from.port),
    );
  }

  /**
   * Once; it can be closed meanwhile.
   * @throws when the address isn't ours or the port is taken; then it is closed
   */
  async bind(address: string, port: number): Promise<void> {
    try {
      await this.socket.bind({ address, port });
    } catch (error) {
      // Node keeps the descriptor of a socket that couldn't be bound, and what is away is tried each second.
      this.close();
      throw error;
    }
    this.socket.socket.on("error", (error: Error) => this.user.onError(error));
  }

  /** From now on it hears only that peer, and of ICMP errors. @throws where no way leads there */
  connect(port: number, address: string): Promise<void> {
    const { socket } = this.socket;
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.connect(port, address, (error?: Error) => {
        socket.removeListener("error", reject);
        if (error === undefined || error === null) resolve();
        else reject(error);
      });
    });
  }

  /** It hears all again; without a peer nothing happens. */
  disconnect(): void {
    try {
      this.socket.socket.disconnect();
    } catch {
      // It has none.
    }
  }

  /** To the peer of a connected one. @param onSent costs Node a tick: only where its news is wanted */
  send(wire: string, onSent?: OnSent): void {
    // With an offset and a length, Node would make one more Buffer of each.
    if (onSent === undefined) this.socket.socket.send(Buffer.from(wire, "latin1"));
    else this.socket.socket.send(Buffer.from(wire, "latin1"), onSent);
  }

  sendTo(wire: string, port: number, address: string, onSent?: OnSent): void {
    this.socket.socket.send(Buffer.from(wire, "latin1"), port, address, onSent);
  }

  /** Its own address; of one that is connected, whence the kernel sends. */
  localAddress(): string {
    return this.socket.address().address;
  }

  /** What the kernel has granted. */
  receiveBuffer_bytes(): number {
    return this.socket.getRecvBufferSize();
  }

  /** At once; a second time does nothing. @returns when the port is free */
  close(): Promise<void> {
    if (this.hasEnded) return Promise.resolve();
    this.hasEnded = true;
    return new Promise((resolve) => this.socket.socket.close(() => resolve()));
  }
}

/** Destinations are always IP literals; Node's own lookup would defer every datagram by a tick. */
function literal(
  address: string,
  _options: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, address, address.includes(":") ? 6 : 4);
}
