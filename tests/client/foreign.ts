/**
 * What tests that start other people's servers have in common: a port, an account for vsftpd and
 * its settings, and the wait until a server listens.
 *
 * @module
 */

/** How often and after which wait a server's port is tried, until it listens. */
const TRIES_MAX = 100;
const TRY_MS = 50;

/** A port that nobody has now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Waits until something listens on `port`; false when it does not. */
export async function listens(port: number): Promise<boolean> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, TRY_MS));
    }
  }
  return false;
}

/** Where vsftpd serves what. */
export interface VsftpdPlace {
  readonly port: number;
  /** What anonymous users see; they may not write to the folder itself. */
  readonly root: string;
  /** A folder with nothing in it. */
  readonly empty: string;
}

/** Its settings, by which anonymous users may do everything below folders of the root. */
export function vsftpdSettings({ port, root, empty }: VsftpdPlace): string[] {
  return [
    "listen=YES",
    "listen_address=127.0.0.1",
    `listen_port=${port}`,
    "background=NO",
    "anonymous_enable=YES",
    "local_enable=NO",
    "write_enable=YES",
    "anon_upload_enable=YES",
    "anon_other_write_enable=YES",
    "anon_mkdir_write_enable=YES",
    `anon_root=${root}`,
    "anon_umask=022",
    `ftp_username=${accountWithHome()}`,
    "xferlog_enable=NO",
    `secure_chroot_dir=${empty}`,
    "seccomp_sandbox=NO",
    ...(Deno.uid() === 0 ? [] : ["run_as_launching_user=YES"]),
  ];
}

/** Anonymous users become this one: not root, and vsftpd wants its home to be there. */
function accountWithHome(): string {
  for (const line of Deno.readTextFileSync("/etc/passwd").split("\n")) {
    const [name, , id, , , home] = line.split(":");
    try {
      if (id !== "0" && Deno.statSync(home!).isDirectory) return name!;
    } catch {
      // The next one, then.
    }
  }
  throw new Error("No user of this machine has a home");
}
