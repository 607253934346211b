import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const NOBODY = 65_534;
const run = promisify(execFile);

/**
 * Who a server runs as: ourselves; another user (`uid` and `gid`); or ourselves in a user namespace
 * without names, where the kernel calls root by the overflow uid, and Postgres is content.
 */
export type ServerUser = { uid?: number; gid?: number; prefix: string[] };

/**
 * Finds a user Postgres agrees to run as, who can enter the data directory. Postgres refuses to run
 * as root.
 *
 * @param dataDir an existing folder, under which the server's data will lie
 * @throws an error that says what to do, when we are root and there is no such user.
 */
export async function unprivilegedUser(dataDir: string): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const users = [...(await otherUsers(dataDir)), { prefix: ['unshare', '--user'] }];
  const user =
    users.find((candidate) => canEnter(candidate, dataDir)) ??
    (await userAfterOpening(dataDir, users));
  if (user) return user;
  throw new Error(
    `PostgreSQL refuses to run as root, and no other user can enter ${dataDir}. ` +
      'Run as an ordinary user, or choose a folder that every user may enter (DATA_DIR=/var/tmp/ordergraph), or set DATABASE_URL.',
  );
}

/**
 * A folder made with mkdtemp is closed to everybody else. Ours may be passed through; the data in
 * it stays closed.
 */
async function userAfterOpening(
  dataDir: string,
  users: ServerUser[],
): Promise<ServerUser | undefined> {
  const { uid, mode } = await stat(dataDir);
  if (uid !== 0) return undefined;
  await chmod(dataDir, mode | 0o011);
  const user = users.find((candidate) => canEnter(candidate, dataDir));
  if (!user) await chmod(dataDir, mode);
  return user;
}

/**
 * Whether `user` can enter `directory`, which needs a right to pass through each folder above it.
 */
export function canEnter(user: ServerUser, directory: string): boolean {
  const [program = '', ...args] = commandAs(user, ['/bin/sh', '-c', 'cd "$1"', 'sh', directory]);
  return spawnSync(program, args, { cwd: '/', stdio: 'ignore', ...ids(user) }).status === 0;
}

/**
 * The program and arguments that run `command` as the user, together with the spawn options of
 * `ids`.
 */
export function commandAs(user: ServerUser, command: [string, ...string[]]): string[] {
  return [...user.prefix, ...command];
}

/** The spawn options that make a process run as the user. */
export function ids(user: ServerUser): { uid?: number; gid?: number } {
  return user.uid === undefined ? {} : { uid: user.uid, gid: user.gid ?? user.uid };
}

/** Makes the folder, and all that is in it, the user's own. */
export async function giveTo(user: ServerUser, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const owner = user.uid ?? process.getuid?.();
  if (process.getuid?.() !== 0 || (await stat(directory)).uid === owner) return;
  await run('chown', ['-R', `${owner}:${user.gid ?? owner}`, directory]);
}

/**
 * Whoever owns the data already, or the folder it will lie in, comes first: so that after a start
 * with `sudo`, or in a container with a mounted work tree, the files belong to the person. Then the
 * user that owns nothing.
 */
async function otherUsers(dataDir: string): Promise<ServerUser[]> {
  const users = new Map<number, ServerUser>();
  for (const directory of [path.join(dataDir, 'postgres'), dataDir, path.dirname(dataDir)]) {
    const { uid, gid } = await stat(directory).catch(() => ({ uid: 0, gid: 0 }));
    if (uid !== 0 && !users.has(uid)) users.set(uid, { uid, gid, prefix: [] });
  }
  if (process.platform === 'linux' && !users.has(NOBODY))
    users.set(NOBODY, { uid: NOBODY, gid: NOBODY, prefix: [] });
  return [...users.values()];
}
