/**
 * Whom the benchmark measures, as data: this project's models, each by the flags that `serve` gets,
 * and peers, each by its program and its configuration. A new peer is a new entry of PEERS.
 *
 * @module
 */

/** A server that the benchmark can start. */
export type Subject = ModelSubject | Peer;

/** One way of running this project's own server. */
export interface ModelSubject {
  /** Tells it from a peer. */
  readonly kind: "model";
  /** The name for --models. */
  readonly id: string;
  /** The name in the report. */
  readonly title: string;
  /** A second name for --models, which selects all variants of a model. */
  readonly model: string;
  /** Flags of `serve` that make this variant what it is. */
  readonly flags: readonly string[];
}

/** Where a peer is to serve. */
export interface Place {
  /** The address to listen on. */
  readonly host: string;
  /** The port to listen on. */
  readonly port: number;
  /** The folder to serve, in which `incoming` takes uploads. */
  readonly root: string;
  /** An empty folder of the server's own, for configuration and state. */
  readonly folder: string;
  /** false: the server cannot change users, and must not try. */
  readonly superuser: boolean;
}

/** Somebody else's server. */
export interface Peer {
  /** Tells it from a model. */
  readonly kind: "peer";
  /** Its name in cells and rows. */
  readonly id: string;
  /** Its name in the report. */
  readonly title: string;
  /** Looked for in PATH, /usr/sbin and /usr/local/sbin. */
  readonly program: string;
  /** The text of its configuration file: no rate limits, no logs, no reverse look-ups. */
  configuration(place: Place): string;
  /** Its command line, in the foreground; `file` is where the configuration was written. */
  arguments(place: Place, file: string): string[];
}

/**
 * The model variants. The pool of blocking begins with as many threads as a scenario has clients:
 * with fewer, the rest would wait in line for the whole run.
 */
export const MODELS: readonly ModelSubject[] = [
  model("blocking", "blocking", "blocking", ["--workers", "16"]),
  model("polling", "polling (1 ms)", "polling", ["--interval", "1"]),
  model("select", "multiplex (select)", "multiplex", ["--selector", "select"]),
  model("poll", "multiplex (poll)", "multiplex", ["--selector", "poll"]),
  model("epoll", "multiplex (epoll, level)", "multiplex", [
    "--selector",
    "epoll",
    "--trigger",
    "level",
  ]),
  model("epoll-edge", "multiplex (epoll, edge)", "multiplex", [
    "--selector",
    "epoll",
    "--trigger",
    "edge",
  ]),
  model("async", "async", "async", []),
];

function model(
  id: string,
  title: string,
  name: string,
  variant: readonly string[],
): ModelSubject {
  return { kind: "model", id, title, model: name, flags: ["--model", name, ...variant] };
}

/** The servers to compare with; the first of them that takes part is the baseline of ratios. */
export const PEERS: readonly Peer[] = [
  {
    kind: "peer",
    id: "vsftpd",
    title: "vsftpd",
    program: "vsftpd",
    configuration: (place) => vsftpdConfiguration(place, []),
    arguments: (_place, file) => [file],
  },
  {
    kind: "peer",
    id: "vsftpd-lean",
    title: "vsftpd, no isolation",
    program: "vsftpd",
    configuration: (place) =>
      vsftpdConfiguration(place, [
        "isolate=NO",
        "isolate_network=NO",
        "seccomp_sandbox=NO",
        "one_process_model=YES",
      ]),
    arguments: (_place, file) => [file],
  },
];

/**
 * vsftpd as Debian builds it, its defaults kept except for what a fair comparison asks: anonymous
 * transfers both ways, and neither logs nor limits. Its hardening (a process pair per session,
 * namespaces, seccomp) is its design and stays on, though it is what most of a login costs: the
 * entry without it shows how much.
 */
function vsftpdConfiguration(place: Place, extra: readonly string[]): string {
  const lines = [
    "listen=YES",
    `listen_address=${place.host}`,
    `listen_port=${place.port}`,
    "background=NO",
    "anonymous_enable=YES",
    "local_enable=NO",
    "write_enable=YES",
    "anon_upload_enable=YES",
    `anon_root=${place.root}`,
    "anon_umask=022",
    "anon_max_rate=0",
    "max_clients=0",
    "max_per_ip=0",
    "xferlog_enable=NO",
    "log_ftp_protocol=NO",
    "tcp_wrappers=NO",
    `secure_chroot_dir=${place.folder}`,
    ...(place.superuser ? [] : ["run_as_launching_user=YES"]),
    ...extra,
  ];
  return lines.join("\n") + "\n";
}

/** The model variants that `names` ask for by id or by model; all of them when it is undefined. */
export function selectModels(
  names: readonly string[] | undefined,
): ModelSubject[] | { readonly unknown: string } {
  if (names === undefined) return [...MODELS];
  const matches = (subject: ModelSubject, name: string) =>
    subject.id === name || subject.model === name;
  const unknown = names.find((name) => !MODELS.some((subject) => matches(subject, name)));
  if (unknown !== undefined) return { unknown };
  return MODELS.filter((subject) => names.some((name) => matches(subject, name)));
}
