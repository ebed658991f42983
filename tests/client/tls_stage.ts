/**
 * Servers of others that speak TLS, and certificates for them: vsftpd and pyftpdlib as Debian has
 * them, and what `openssl` signs for a test.
 *
 * @module
 */

import { type Client, connect, type ConnectOptions } from "../../client/mod.ts";
import { missing, type Need, testWith } from "../permission.ts";
import { freePort, listens, vsftpdSettings } from "./foreign.ts";

/** What these tests need. */
const NEEDS: readonly Need[] = ["net", "read", "write", "run", "env"];

const VSFTPD = "/usr/sbin/vsftpd";
const PYTHON = "/usr/bin/python3";
const PACKAGES = "/usr/lib/python3/dist-packages";

/** A certificate and its key, in files. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
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
    const keyFile = `${base}.key`;
    const certFile = `${base}.pem`;
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
    return { certFile, keyFile };
  }
}

async function openssl(...args: readonly string[][]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", {
    args: args.flat(),
    stdin: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** The authority and the certificate of every stage, by file name: keys take long to find. */
let ordinary: Promise<Map<string, string>> | undefined;

async function makeOrdinary(): Promise<Map<string, string>> {
  const folder = await Deno.makeTempDir({ prefix: "ftplab-tls-" });
  const authority = await Authority.found(folder, "authority");
  await authority.sign("server", "DNS:localhost,IP:127.0.0.1");
  const files = ["authority.pem", "authority.key", "server.pem", "server.key"];
  const texts = await Promise.all(files.map((name) => Deno.readTextFile(`${folder}/${name}`)));
  await Deno.remove(folder, { recursive: true });
  return new Map(files.map((name, index) => [name, texts[index]!]));
}

/** A folder with an authority, a served folder in it, and servers that end with it. */
export class TlsStage implements AsyncDisposable {
  readonly #servers: Deno.ChildProcess[] = [];

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
    await Deno.mkdir(`${folder}/empty`);
    for (const [name, text] of await (ordinary ??= makeOrdinary())) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    const certificate = { certFile: `${folder}/server.pem`, keyFile: `${folder}/server.key` };
    return new TlsStage(folder, root, new Authority(folder, "authority"), certificate);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await stop(server);
    await Deno.remove(this.folder, { recursive: true });
  }

  /** A certificate that nobody but itself has signed, as `openssl req -x509` makes it. */
  async selfSigned(name: string): Promise<Certificate> {
    const [certFile, keyFile] = [`${this.folder}/self.pem`, `${this.folder}/self.key`];
    await openssl(
      ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", `/CN=${name}`],
      ["-addext", `subjectAltName=DNS:${name}`, "-keyout", keyFile, "-out", certFile],
    );
    return { certFile, keyFile };
  }

  /** Writes a file to be fetched. */
  async put(name: string, octets: Uint8Array): Promise<void> {
    await Deno.writeFile(`${this.root}/${name}`, octets, { mode: 0o644 });
  }

  /** Starts vsftpd with TLS and `extra` settings; its port. */
  async vsftpd(extra: readonly string[] = [], { certFile, keyFile } = this.certificate) {
    const port = freePort();
    const settings = [
      ...vsftpdSettings({ port, root: this.root, empty: `${this.folder}/empty` }),
      "tcp_wrappers=NO",
      "isolate=NO",
      "isolate_network=NO",
      "port_enable=YES",
      "connect_from_port_20=NO",
      "ssl_enable=YES",
      "allow_anon_ssl=YES",
      "force_anon_logins_ssl=YES",
      "force_anon_data_ssl=YES",
      `rsa_cert_file=${certFile}`,
      `rsa_private_key_file=${keyFile}`,
      ...extra,
    ];
    const file = `${this.folder}/vsftpd-${port}.conf`;
    await Deno.writeTextFile(file, settings.join("\n") + "\n");
    await this.#start([VSFTPD, file], port);
    return port;
  }

  /** Starts pyftpdlib, with TLS unless `plain`; its port. */
  async pyftpdlib(plain = false) {
    const port = freePort();
    const { certFile, keyFile } = this.certificate;
    const script = new URL("./pyftpdlib_tls_server.py", import.meta.url).pathname;
    const tls = plain ? [] : [certFile, keyFile];
    await this.#start([PYTHON, script, `${port}`, this.root, ...tls], port);
    return port;
  }

  /** Kills the server that was started last, as a crash would. */
  async kill(): Promise<void> {
    const server = this.#servers.pop()!;
    server.kill("SIGKILL");
    await server.status;
  }

  /** Connects to a server of this stage, trusting its authority. */
  connect(port: number, options: ConnectOptions = {}): Promise<Client> {
    const tls = { mode: "explicit", caCerts: [this.authority.pem] } as const;
    return connect({ port, tls, timeoutMs: 10_000, ...options });
  }

  async #start([program, ...args]: readonly string[], port: number): Promise<void> {
    const server = new Deno.Command(program!, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#servers.push(server);
    if (await listens(port)) return;
    throw new Error(`${program} does not listen`);
  }
}

async function stop(server: Deno.ChildProcess): Promise<void> {
  try {
    server.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
  await server.status;
}

function absent(path: string): string | undefined {
  if (missing(NEEDS).length > 0) return undefined;
  try {
    Deno.statSync(path);
    return undefined;
  } catch {
    return `${path} is not installed`;
  }
}

/** A test against servers with TLS; skipped where the programs are not installed. */
export function testTls(
  programs: readonly ("vsftpd" | "pyftpdlib")[],
  name: string,
  body: (stage: TlsStage) => Promise<void>,
): void {
  const needed = programs.flatMap((program) =>
    program === "vsftpd" ? [VSFTPD] : [`${PACKAGES}/pyftpdlib`, `${PACKAGES}/OpenSSL`]
  );
  const skip = ["/usr/bin/openssl", ...needed].map(absent).find((reason) => reason !== undefined);
  testWith(NEEDS, name, async () => {
    await using stage = await TlsStage.open();
    await body(stage);
  }, skip);
}
