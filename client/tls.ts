/**
 * TLS for both connections (RFC 4217), by the runtime's node:tls; loaded when it is asked for.
 *
 * That module and not the runtime's own, because servers may demand that a data connection goes on
 * with the TLS session of the control connection, so that nobody else can take it over: it offers
 * the session, and it is the only one that can leave verification out. What was connected here can
 * be secured here.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { connect as connectTcp, createServer, isIP, type Server, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { ConnectionError } from "./errors.ts";
import { type Transport, type Wire, type WireAddress, type WireListener } from "./transport.ts";

/** One write: a slow network takes it within the limit for a standstill. */
const WRITE_BYTES_MAX = 65_536;

/** How long the other side may take to close after this one has; then it is not waited for. */
const CLOSE_WAIT_MS = 2_000;

/** How a server is verified. */
export interface TlsSettings {
  /** Certificates of authorities, PEM, to trust in place of the runtime's. */
  readonly caCerts?: readonly string[];
  /** Takes any certificate: protects from listeners, not from one who answers in its place. */
  readonly insecure?: boolean;
  /** The name in the certificate; default: the host that is connected to. */
  readonly serverName?: string;
}

/** Connections to `host` that can be secured. */
export function tlsTransport(host: string, settings: TlsSettings): Transport {
  const name = settings.serverName ?? host;
  let session: Buffer | undefined;
  return {
    connect: connectSocket,
    listen: listenOn,
    secure: async (wire, signal) => {
      if (!(wire instanceof SocketWire)) throw new TypeError("The wire is none of this transport");
      const socket = connectTls({
        socket: wire.release(),
        // An address is no name for SNI (RFC 6066 section 3), but it is verified as one.
        ...(isIP(name) === 0 ? { servername: name } : {}),
        host: name,
        rejectUnauthorized: !settings.insecure,
        ...(settings.caCerts === undefined ? {} : { ca: [...settings.caCerts] }),
        ...(session === undefined ? {} : { session }),
      });
      socket.on("session", (latest) => session = latest);
      try {
        await happens(socket, "secureConnect", signal);
      } catch (error) {
        throw signal.aborted ? error : untrusted(name, error);
      }
      session ??= socket.getSession();
      return new SocketWire(socket, wire);
    },
  };
}

/** Codes of a certificate that proves nothing, by what is wrong with it. */
const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "nobody who is trusted has signed its certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "nobody who is trusted has signed its certificate",
  UNABLE_TO_GET_ISSUER_CERT: "nobody who is trusted has signed its certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "nobody who is trusted has signed its certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "nobody who is trusted has signed its certificate",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
};

/** A certificate that proves nothing is told in words; anything else passes. */
function untrusted(name: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = REASONS[code];
  if (reason === undefined) return error;
  const text = `Cannot trust the server ${name}: ${reason}`;
  return new ConnectionError(text, { kind: "untrusted", cause: error });
}

async function connectSocket(to: WireAddress, signal: AbortSignal): Promise<Wire> {
  const socket = connectTcp({ host: to.hostname, port: to.port, noDelay: true, keepAlive: true });
  await happens(socket, "connect", signal);
  return new SocketWire(socket);
}

async function listenOn(hostname: string): Promise<WireListener> {
  const server = createServer({ noDelay: true, pauseOnConnect: true });
  const waiting: Socket[] = [];
  server.on("connection", (socket) => void waiting.push(socket));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, hostname, resolve);
  });
  const { port } = server.address() as { port: number };
  return {
    address: { hostname, port },
    accept: () => acceptFrom(server, waiting),
    close: () => void server.close(),
  };
}

/** The next of the sockets that came. */
function acceptFrom(server: Server, waiting: Socket[]): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const take = () => {
      server.off("close", fail);
      resolve(new SocketWire(waiting.shift()!));
    };
    const fail = () => {
      server.off("connection", take);
      reject(new Error("the port was closed"));
    };
    if (waiting.length > 0) return take();
    server.once("connection", take);
    server.once("close", fail);
  });
}

/** Waits for `event`; `signal`, an error and the end destroy the socket. */
function happens(
  socket: Socket | TLSSocket,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      signal.removeEventListener("abort", interrupt);
      socket.off(event, succeed);
      socket.off("error", fail);
      socket.off("close", end);
    };
    const succeed = () => {
      settle();
      resolve();
    };
    const fail = (error: unknown) => {
      settle();
      // What is heard later is of no use.
      socket.on("error", () => {});
      socket.destroy();
      reject(error);
    };
    const interrupt = () => fail(signal.reason);
    const end = () => fail(new Error("the other side closed the connection"));
    socket.once(event, succeed);
    socket.once("error", fail);
    socket.once("close", end);
    signal.addEventListener("abort", interrupt);
    if (signal.aborted) interrupt();
  });
}

/** A socket of node:net or node:tls, read when it is asked to. */
class SocketWire implements Wire {
  readonly local: WireAddress;
  readonly remote: WireAddress;
  readonly #socket: Socket;
  #failure: unknown;
  #closed = false;
  /** Ends the wait of a read: something has changed. */
  #wake: () => void = () => {};
  readonly #changed = () => this.#wake();
  readonly #failed = (error: unknown) => {
    this.#failure ??= error;
    this.#wake();
  };

  /** `below` is what a socket of TLS runs over. */
  constructor(socket: Socket, below?: Wire) {
    this.#socket = socket;
    this.local = below?.local ??
      { hostname: socket.localAddress ?? "", port: socket.localPort ?? 0 };
    this.remote = below?.remote ??
      { hostname: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
    socket.on("readable", this.#changed);
    socket.on("end", this.#changed);
    socket.on("close", this.#changed);
    socket.on("error", this.#failed);
  }

  /** The socket for TLS. Octets that came in clear text would count as said under TLS. */
  release(): Socket {
    const socket = this.#socket;
    if (socket.readableLength > 0) {
      throw new ConnectionError("Octets in clear text came before TLS", { kind: "protocol" });
    }
    socket.off("readable", this.#changed);
    socket.off("end", this.#changed);
    socket.off("close", this.#changed);
    return socket;
  }

  async read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null> {
    const socket = this.#socket;
    for (;;) {
      const length = Math.min(socket.readableLength, buffer.length);
      const chunk: Uint8Array | null = socket.read(length);
      if (chunk !== null && chunk.length > 0) {
        buffer.set(chunk);
        return chunk.length;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#closed) throw new Error("the connection is closed");
      if (socket.readableEnded || socket.destroyed) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  write(octets: Uint8Array<ArrayBuffer>): Promise<number> {
    const piece = octets.subarray(0, WRITE_BYTES_MAX);
    return new Promise((resolve, reject) => {
      this.#socket.write(piece, (error) => {
        if (error) reject(this.#failure ?? error);
        else resolve(piece.length);
      });
    });
  }

  /** Ends TLS with its own word, so that the octets are known to be all. */
  async finish(): Promise<void> {
    const socket = this.#socket;
    if (!socket.destroyed) {
      const timer = setTimeout(() => socket.destroy(), CLOSE_WAIT_MS);
      const closed = new Promise<void>((resolve) => socket.once("close", resolve));
      socket.off("readable", this.#changed);
      // Unread octets, a session ticket too, would make the end a reset.
      socket.resume();
      socket.end();
      await closed;
      clearTimeout(timer);
    }
    this.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    this.#wake();
  }
}
