/**
 * Servers of others that speak TLS, and certificates for them: those of Debian, and what `openssl` signs for a test.
 *
 * @module
 */

import { type Client, connect, type ConnectOptions } from "../../client/mod.ts";
import { absent } from "../peers/program.ts";
import { testWith } from "../permission.ts";
import {
  absentServer,
  FOREIGN_NEEDS,
  type ForeignId,
  type ForeignServer,
  loadProftpdModule,
  startForeign,
  type StartOptions,
} from "./servers.ts";

/** A certificate and its key, in files. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** The key with the certificate behind it. */
  readonly bothFile: string;
}

/** Signs certificates in a folder of its own. */
export class Authority {
  /** One whose files are in `folder` already. */
  constructor(readonly folder: string, readonly name: string) {}

  /** A new one, which nobody trusts yet. */
  static async found(folder: string, name: string): Promise<Authority> {
    const authority = new Authority(folder, name);
    await openssl(
      ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", `/CN=${name}`],
      ["-keyout", `${folder}/${name}.key`, "-out", `${folder}/${name}.pem`],
      ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"],
    );
    return authority;
  }

  /** Its own certificate, PEM. */
  get pem(): string {
    return Deno.readTextFileSync(`${this.folder}/${this.name}.pem`);
  }

  /** One for `names`, such as `DNS:localhost,IP:127.0.0.1`; expired where `days` is negative. */
  async sign(file: string, names: string, days = 30): Promise<Certificate> {
    const base = `${this.folder}/${file}`;
    const certificate = certificateAt(base);
    const { keyFile, certFile } = certificate;
    await openssl(
      ["req", "-newkey", "rsa:2048", "-nodes", "-subj", `/CN=${file}`],
      ["-keyout", keyFile, "-out", `${base}.csr`],
    );
    await Deno.writeTextFile(`${base}.ext`, `subjectAltName=${names}\n`);
    const ca = `${this.folder}/${this.name}`;
    await openssl(
      ["x509", "-req", "-in", `${base}.csr`, "-CA", `${ca}.pem`, "-CAkey", `${ca}.key`],
      ["-CAcreateserial", "-days", `${days}`, "-extfile", `${base}.ext`, "-out", certFile],
    );
    await joinParts(certificate);
    return certificate;
  }
}

/** Writes the key and the certificate into one file, for servers that want that. */
async function joinParts({ keyFile, certFile, bothFile }: Certificate): Promise<void> {
  const both = await Promise.all([keyFile, certFile].map((part) => Deno.readTextFile(part)));
  await Deno.writeTextFile(bothFile, both.join(""), { mode: 0o600 });
}

function certificateAt(base: string): Certificate {
  return { certFile: `${base}.pem`, keyFile: `${base}.key`, bothFile: `${base}.both.pem` };
}

async function openssl(...args: readonly string[][]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", {
    args: args.flat(),
    stdin: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** Those that begin with TLS at once where they are told to, and those that demand its sessions. */
export const DEMANDING = ["vsftpd", "proftpd"] as const;

/** How a server is protected. */
export interface Protection {
  /** From the first octet on, without AUTH. Default: false. */
  readonly implicit?: boolean;
  /** Data connections have to go on with the session of the control connection. Default: false. */
  readonly reuse?: boolean;
  /** Default: one for localhost and 127.0.0.1. */
  readonly certificate?: Certificate;
  /** More settings in the server's own words. */
  readonly settings?: readonly string[];
}

/** How servers are told so. Pure-FTPd and pyftpdlib have neither implicit TLS nor a demand. */
const TLS_SETTINGS: Readonly<
  Record<ForeignId, (how: Omit<Required<Protection>, "settings">) => string[]>
> = {
  "vsftpd": ({ implicit, reuse, certificate: { certFile, keyFile } }) => [
    "ssl_enable=YES",
    "allow_anon_ssl=YES",
    "force_anon_logins_ssl=YES",
    "force_anon_data_ssl=YES",
    `rsa_cert_file=${certFile}`,
    `rsa_private_key_file=${keyFile}`,
    `implicit_ssl=${implicit ? "YES" : "NO"}`,
    `require_ssl_reuse=${reuse ? "YES" : "NO"}`,
  ],
  "proftpd": ({ implicit, reuse, certificate: { certFile, keyFile } }) => [
    ...loadProftpdModule("mod_tls"),
    "TLSEngine on",
    "TLSRequired on",
    `TLSRSACertificateFile "${certFile}"`,
    `TLSRSACertificateKeyFile "${keyFile}"`,
    ...(implicit ? ["TLSOptions UseImplicitSSL"] : []),
    ...(reuse ? [] : ["TLSOptions NoSessionReuseRequired"]),
  ],
  // Its file has both, and 2 demands TLS for what is said, as 3 does for data, too.
  "pure-ftpd": ({ certificate: { bothFile } }) => ["--tls", "3", "--certfile", bothFile],
  "pyftpdlib": ({ certificate: { certFile, keyFile } }) => [certFile, keyFile],
};

/** The authority and the certificate of every stage, by file name: keys take long to find. */
let ordinary: Promise<Map<string, string>> | undefined;

async function makeOrdinary(): Promise<Map<string, string>> {
  const folder = await Deno.makeTempDir({ prefix: "ftplab-tls-" });
  const authority = await Authority.found(folder, "authority");
  await authority.sign("server", "DNS:localhost,IP:127.0.0.1");
  const files = ["authority.pem", "authority.key", "server.pem", "server.key", "server.both.pem"];
  const texts = await Promise.all(files.map((name) => Deno.readTextFile(`${folder}/${name}`)));
  await Deno.remove(folder, { recursive: true });
  return new Map(files.map((name, index) => [name, texts[index]!]));
}

/** A folder with an authority, a served folder in it, and servers that end with it. */
export class TlsStage implements AsyncDisposable {
  readonly #servers: ForeignServer[] = [];

  private constructor(
    readonly folder: string,
    readonly root: string,
    readonly authority: Authority,
    /** Signed for localhost and 127.0.0.1. */
    readonly certificate: Certificate,
  ) {}

  /** An empty one; `root/incoming` takes uploads. */
  static async open(): Promise<TlsStage> {
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "ftplab-tls-" }));
    // Servers that change to another user have to get in.
    await Deno.chmod(folder, 0o755);
    const root = `${folder}/root`;
    await Deno.mkdir(`${root}/incoming`, { recursive: true });
    await Deno.chmod(root, 0o755);
    await Deno.chmod(`${root}/incoming`, 0o777);
    for (const [name, text] of await (ordinary ??= makeOrdinary())) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    const authority = new Authority(folder, "authority");
    return new TlsStage(folder, root, authority, certificateAt(`${folder}/server`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server.stop();
    await Deno.remove(this.folder, { recursive: true });
  }

  /** A certificate that nobody but itself has signed, as `openssl req -x509` makes it. */
  async selfSigned(name: string): Promise<Certificate> {
    const self = certificateAt(`${this.folder}/self`);
    await openssl(
      ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", `/CN=${name}`],
      ["-addext", `subjectAltName=DNS:${name}`, "-keyout", self.keyFile, "-out", self.certFile],
    );
    await joinParts(self);
    return self;
  }

  /** Writes a file to be fetched. */
  async put(name: string, octets: Uint8Array): Promise<void> {
    await Deno.writeFile(`${this.root}/${name}`, octets, { mode: 0o644 });
  }

  /** Starts a server whose commands and data are protected; its port. */
  start(id: ForeignId, protection: Protection = {}): Promise<number> {
    const { implicit = false, reuse = false, certificate = this.certificate, settings = [] } =
      protection;
    const own = TLS_SETTINGS[id]({ implicit, reuse, certificate });
    return this.#start(id, { settings: [...own, ...settings], silent: implicit });
  }

  /** Starts one without TLS; its port. */
  startPlain(id: ForeignId): Promise<number> {
    return this.#start(id);
  }

  /** Kills the server that was started last, as a crash would. */
  async kill(): Promise<void> {
    const server = this.#servers.at(-1)!;
    Deno.kill(server.process.pid, "SIGKILL");
    await server.process.stop();
  }

  /** Connects to a server of this stage, trusting its authority. */
  connect(port: number, options: ConnectOptions = {}): Promise<Client> {
    const tls = { mode: "explicit", caCerts: [this.authority.pem] } as const;
    return connect({ port, tls, timeoutMs: 10_000, ...options });
  }

  async #start(id: ForeignId, options?: StartOptions): Promise<number> {
    const server = await startForeign(id, this.root, options);
    this.#servers.push(server);
    return server.port;
  }
}

/** A test against servers with TLS; skipped where the programs, or openssl, are not installed. */
export function testTls(
  programs: readonly ForeignId[],
  name: string,
  body: (stage: TlsStage) => Promise<void>,
): void {
  const skip = programs.map(absentServer).find((reason) => reason !== undefined);
  testWith(FOREIGN_NEEDS, name, async () => {
    await using stage = await TlsStage.open();
    await body(stage);
  }, skip ?? absent("openssl"));
}
