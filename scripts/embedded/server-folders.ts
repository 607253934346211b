import { access, constants, mkdir, realpath, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from './programs.ts';

const OURS = ['logs', 'nats', 'redis'];

/**
 * Makes the servers' folders in the data directory, and gives its one true path: orphans of an
 * earlier run are found by the path in their command lines. The folder `postgres` is made whole, by
 * its own means.
 */
export async function prepareServerFolders(dataDir: string): Promise<string> {
  if (!path.isAbsolute(dataDir)) throw new Error(`dataDir must be absolute: ${dataDir}`);
  try {
    for (const folder of [...OURS.map((name) => path.join(dataDir, name)), dataDir]) {
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK);
    }
  } catch (error) {
    throw new Error(
      `${dataDir} can not be used (${messageOf(error)}): run as the user who made it, ` +
        'or choose another folder with DATA_DIR',
      { cause: error },
    );
  }
  return realpath(dataDir);
}

/** Removes the servers' data and logs. The caller's files in the data directory stay. */
export async function removeServerFolders(dataDir: string): Promise<void> {
  for (const name of [...OURS, 'postgres']) {
    await rm(path.join(dataDir, name), { recursive: true, force: true });
  }
}

/** Removes the data directory if nothing is left in it. */
export async function removeIfEmpty(dataDir: string): Promise<void> {
  await rmdir(dataDir).catch(() => undefined);
}
