/**
 * Other people's servers, as data: how each is found, and how it is started so that a comparison is
 * fair. All of them let anonymous users fetch everything and store in `incoming`, over what is there
 * if they can; none limits rates or clients, looks names up or writes a log; whatever else costs them time is their
 * design, stays as it comes and is explained beside its entry. A new peer is a new entry of PEERS.
 *
 * What a server that is started as root and changes to another user and root folder needs: the
 * folders down to `root` open at least for the group of its account (0710), the files readable for
 * everybody (0644), `incoming` writable for everybody and `root` itself for nobody but its owner.
 *
 * server_process.ts starts what `prepare` answers; nothing here starts a server.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import { type Account, existingAccount, findProgram, lines, textOf, versionOf } from "./machine.ts";

/** Where a peer is to serve. */
export interface Place {
  /** The IPv4 address to listen on, for control and passive data connections alike. */
  readonly host: string;
  /** The port to listen on. */
  readonly port: number;
  /** The folder to serve, in which `incoming` takes uploads. */
  readonly root: string;
  /** An empty folder of the server's own, for configuration and state. */
  readonly folder: string;
  /** Whether it is started as root; if not it cannot change users, and must not try. */
  readonly superuser: boolean;
  /** More settings in the server's own words, behind those here: of two, the later one holds. */
  readonly settings?: readonly string[];
}

/** Somebody else's server. */
export interface Peer {
  /** Tells it from a model. */
  readonly kind: "peer";
  /** Its name in cells and rows. */
  readonly id: string;
  /** Its name in the report. */
  readonly title: string;
  /** Silent sessions that it is asked to hold at most. */
  readonly idleMax: number;
  /** Why it never lets anonymous users replace a file, where it does not. */
  readonly keepsFiles?: string;
  /** What to do when it is not there, in one line. */
  readonly missing: string;
  /**
   * Looks for it in `roots`, folders in which packages were unpacked, then on the machine;
   * undefined when it is nowhere, or cannot run.
   */
  locate(roots: readonly string[]): Promise<Located | undefined>;
}

/** A peer that is there. */
export interface Located {
  /** What it says itself. */
  readonly version: string;
  /**
   * Writes what it needs into the place's folder and says how to start it: in the foreground, as
   * one tree of processes that SIGTERM to the first one ends.
   *
   * @throws {Error} when there is no account for anonymous users, in one line.
   */
  prepare(place: Place): Promise<Prepared>;
}

/** How to start a peer. */
export interface Prepared {
  /** Program and arguments. */
  readonly command: readonly string[];
  /** To be added to the environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Its settings as a report shows them. */
  readonly configuration: string;
  /** Whether it says nothing before a client has begun with TLS. */
  readonly silent?: boolean;
}

/** A process or two per session: 1,000 sessions took up to 0.8 GB and 9 s to log in. */
const IDLE_MAX_PROCESSES = 1_000;

/** A descriptor per session, of which a process may have 20,000 where this was made. */
const IDLE_MAX_DESCRIPTORS = 8_000;

/** Where the package would conflict with another server's. */
const UNPACK = "as root: bench/peers/unpack.sh DIR, and give --peers-root DIR";

/** The servers to compare with. */
export const PEERS: readonly Peer[] = [
  {
    kind: "peer",
    id: "vsftpd",
    title: "vsftpd",
    idleMax: IDLE_MAX_PROCESSES,
    missing: "apt-get install vsftpd perl-base",
    locate: (roots) => locateVsftpd(roots, []),
  },
  {
    kind: "peer",
    id: "vsftpd-lean",
    title: "vsftpd, no isolation",
    idleMax: IDLE_MAX_PROCESSES,
    missing: "apt-get install vsftpd perl-base",
    locate: (roots) =>
      locateVsftpd(roots, [
        "isolate=NO",
        "isolate_network=NO",
        "seccomp_sandbox=NO",
        "one_process_model=YES",
      ]),
  },
  {
    kind: "peer",
    id: "proftpd",
    title: "ProFTPD",
    idleMax: IDLE_MAX_PROCESSES,
    missing: UNPACK,
    locate: locateProftpd,
  },
  {
    kind: "peer",
    id: "pure-ftpd",
    title: "Pure-FTPd",
    idleMax: IDLE_MAX_PROCESSES,
    keepsFiles: "it lets no anonymous user replace a file",
    missing: UNPACK,
    locate: locatePureFtpd,
  },
  {
    kind: "peer",
    id: "pyftpdlib",
    title: "pyftpdlib (async)",
    idleMax: IDLE_MAX_DESCRIPTORS,
    missing: "apt-get install python3-pyftpdlib",
    locate: locatePyftpdlib,
  },
  {
    kind: "peer",
    id: "ftp-srv",
    title: "ftp-srv (Node)",
    idleMax: IDLE_MAX_DESCRIPTORS,
    missing: "npm install --prefix DIR ftp-srv@4.6.3, and give --peers-root DIR",
    locate: locateFtpSrv,
  },
];

/**
 * vsftpd as Debian builds it. Its hardening (a pair of processes per session, namespaces, seccomp)
 * is its design and stays on, though it is what most of a login costs: the entry without it shows
 * how much. Passive ports are drawn from 1024 to 65535, its default.
 */
async function locateVsftpd(
  roots: readonly string[],
  extra: readonly string[],
): Promise<Located | undefined> {
  const found = await findProgram("vsftpd", roots);
  const reaper = await findReaper();
  if (found === undefined || reaper === undefined) return undefined;
  // What it has to say goes to descriptor 0, where a server under inetd has its client.
  const run = ["/bin/sh", "-c", 'exec "$0" "$1" 0>&1', found.path];
  const version = await versionOf([...run, "-v"], found.environment, /version (\S+)/);
  if (version === undefined) return undefined;
  return {
    version,
    async prepare(place) {
      const configuration = vsftpdConfiguration(place, await existingAccount(), extra);
      const file = join(place.folder, "vsftpd.conf");
      await Deno.writeTextFile(file, configuration);
      return {
        command: [...reaper, ...run, file],
        environment: found.environment,
        configuration,
      };
    },
  };
}

function vsftpdConfiguration(place: Place, account: Account, extra: readonly string[]): string {
  return lines([
    "listen=YES",
    `listen_address=${place.host}`,
    `listen_port=${place.port}`,
    "background=NO",
    "anonymous_enable=YES",
    "local_enable=NO",
    "write_enable=YES",
    "anon_upload_enable=YES",
    "anon_other_write_enable=YES",
    `anon_root=${place.root}`,
    "anon_umask=022",
    `ftp_username=${account.name}`,
    "anon_max_rate=0",
    "max_clients=0",
    "max_per_ip=0",
    "xferlog_enable=NO",
    "log_ftp_protocol=NO",
    "tcp_wrappers=NO",
    `secure_chroot_dir=${place.folder}`,
    ...(place.superuser ? [] : ["run_as_launching_user=YES"]),
    ...extra,
    ...(place.settings ?? []),
  ]);
}

/**
 * ProFTPD as Debian builds it, without any of its optional modules. DelayEngine holds up logins on
 * purpose. The scoreboard, which every command writes to, is its design and stays, and so does the
 * 0.4 s for which the master accepts nobody after a session has ended (it sleeps whenever a signal
 * interrupts its wait): no setting changes that, and it is what its rate of logins comes from. By
 * default the kernel would scan for a passive port, which takes long when many are in use.
 */
async function locateProftpd(roots: readonly string[]): Promise<Located | undefined> {
  const found = await findProgram("proftpd", roots);
  const reaper = await findReaper();
  if (found === undefined || reaper === undefined || Deno.uid() !== 0) return undefined;
  const version = await versionOf([found.path, "-v"], found.environment, /Version (\S+)/);
  if (version === undefined) return undefined;
  return {
    version,
    async prepare(place) {
      const configuration = proftpdConfiguration(place, await existingAccount());
      const file = join(place.folder, "proftpd.conf");
      await Deno.writeTextFile(file, configuration);
      // Quiet: in the foreground it would log every session to standard error.
      const command = [...reaper, found.path, "--nodaemon", "--quiet", "--config", file];
      return { command, environment: found.environment, configuration };
    },
  };
}

function proftpdConfiguration(place: Place, account: Account): string {
  return lines([
    'ServerName "peer"',
    "ServerType standalone",
    `DefaultAddress ${place.host}`,
    "SocketBindTight on",
    `Port ${place.port}`,
    "UseIPv6 off",
    `PassivePorts ${PASSIVE_PORTS.join(" ")}`,
    `User ${account.name}`,
    `Group ${account.group}`,
    "MaxInstances none",
    `PidFile "${join(place.folder, "pid")}"`,
    `ScoreboardFile "${join(place.folder, "scoreboard")}"`,
    "DelayEngine off",
    "UseReverseDNS off",
    "WtmpLog off",
    "TransferLog none",
    "SystemLog none",
    "AuthPAM off",
    "AuthOrder mod_auth_unix.c",
    `<Anonymous "${place.root}">`,
    `  User ${account.name}`,
    `  Group ${account.group}`,
    `  UserAlias anonymous ${account.name}`,
    "  UseFtpUsers off",
    "  RequireValidShell off",
    "  AllowOverwrite on",
    "</Anonymous>",
    ...(place.settings ?? []),
  ]);
}

/**
 * Pure-FTPd as Debian builds it. It takes no configuration file, and serves anonymous users nothing
 * but the home of the account `ftp`: it runs in a mount namespace of its own, in which /etc/passwd
 * is a copy that says that this home is `root`, and the account is one that exists. A file for each
 * session in /run/pure-ftpd is part of its design, and goes with that namespace, too. Its answer to
 * USER is 230 already, with no password asked for; 331, as everybody else says, it would give with
 * -b only, which takes EPSV away. Passive ports are drawn from all above 1023, its default; a
 * range would limit clients to half its size.
 */
async function locatePureFtpd(roots: readonly string[]): Promise<Located | undefined> {
  const found = await findProgram("pure-ftpd", roots);
  const reaper = await findReaper();
  const unshare = (await findProgram("unshare", []))?.path;
  if (found === undefined || reaper === undefined || unshare === undefined) return undefined;
  // Not every root may have a namespace of its own.
  const ask = [unshare, "--mount", found.path, "--help"];
  const version = await versionOf(ask, found.environment, /pure-ftpd v(\S+)/);
  if (version === undefined) return undefined;
  return {
    version,
    async prepare(place) {
      const { uid, gid } = await existingAccount();
      const others = (await Deno.readTextFile("/etc/passwd")).split("\n")
        .filter((line) => line !== "" && !line.startsWith("ftp:"));
      const passwd = join(place.folder, "passwd");
      const ftp = `ftp:x:${uid}:${gid}::${place.root}:/usr/sbin/nologin`;
      await Deno.writeTextFile(passwd, lines([...others, ftp]));
      // The shell becomes the server, so that it is the process that was started.
      const run = 'mount --bind "$0" /etc/passwd && mkdir -p /run/pure-ftpd && ' +
        'mount -t tmpfs -o mode=700 tmpfs /run/pure-ftpd && exec "$@"';
      const server = [found.path, ...pureFtpdFlags(place)];
      return {
        command: [...reaper, unshare, "--mount", "/bin/sh", "-c", run, passwd, ...server],
        environment: found.environment,
        configuration: lines([server.join(" "), ftp]),
      };
    },
  };
}

function pureFtpdFlags(place: Place): string[] {
  return [
    "--anonymousonly",
    "--dontresolve",
    ...["--bind", `${place.host},${place.port}`],
    // There is no way to say "any number".
    ...["--maxclientsnumber", "10000", "--maxclientsperip", "10000"],
    ...["--syslogfacility", "none"],
    ...["--pidfile", join(place.folder, "pid")],
    ...(place.settings ?? []),
  ];
}

/** pyftpdlib's asynchronous server; what is set, and why, stands in the script that runs it. */
async function locatePyftpdlib(roots: readonly string[]): Promise<Located | undefined> {
  const script = scriptOf("pyftpdlib_server.py");
  const homes = [
    ...roots.map((root) => ({ PYTHONPATH: join(root, "usr/lib/python3/dist-packages") })),
    {},
  ];
  // The system's own first: another Python in PATH does not see the system's packages.
  const pythons = ["/usr/bin/python3", (await findProgram("python3", []))?.path];
  for (const python of pythons) {
    if (python === undefined) continue;
    for (const environment of homes) {
      const ask = [python, "-c", "import pyftpdlib, pyftpdlib.servers; print(pyftpdlib.__ver__)"];
      const version = await versionOf(ask, environment, /^[\d.]+$/m);
      if (version === undefined) continue;
      return {
        version,
        prepare: async ({ host, port, root, settings = [] }) => ({
          command: [python, script, host, String(port), root, ...settings],
          environment,
          configuration: await Deno.readTextFile(script),
        }),
      };
    }
  }
  return undefined;
}

/** The package ftp-srv; what is set, and why, stands in the script that runs it. */
async function locateFtpSrv(roots: readonly string[]): Promise<Located | undefined> {
  const node = (await findProgram("node", []))?.path;
  if (node === undefined) return undefined;
  const script = scriptOf("ftp_srv_server.mjs");
  const globals = join(node, "..", "..", "lib");
  for (const folder of [...roots, globals].map((place) => join(place, "node_modules/ftp-srv"))) {
    const about = await textOf(join(folder, "package.json"));
    if (about === undefined) continue;
    return {
      version: (JSON.parse(about) as { readonly version: string }).version,
      prepare: async ({ host, port, root }) => ({
        command: [node, script, folder, host, String(port), root],
        configuration: await Deno.readTextFile(script),
      }),
    };
  }
  return undefined;
}

/** Above the range that the kernel takes its own ports from, where a range has to be given. */
const PASSIVE_PORTS = [61_000, 65_535] as const;

/** The number of prctl(2). */
const PRCTL: Readonly<Record<typeof Deno.build.arch, number>> = { x86_64: 157, aarch64: 167 };

/**
 * The beginning of a command line that puts the rest of it in the care of a process that orphans
 * come back to. Servers with a process per session need it: sessions outlive SIGTERM in some, and
 * where a session is two processes one is left behind, with which a third of what a login costs
 * Pure-FTPd was never seen. It holds some 4 MB.
 */
async function findReaper(): Promise<string[] | undefined> {
  const perl = await findProgram("perl", []);
  return perl && [perl.path, scriptOf("reaper.pl"), String(PRCTL[Deno.build.arch])];
}

function scriptOf(name: string): string {
  return fromFileUrl(new URL(`./${name}`, import.meta.url));
}
