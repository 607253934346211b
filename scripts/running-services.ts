/** Where the backing services of a running installation are, for the commands that look at it from outside. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const runningSchema = z.object({
  /** A URL of a role that may connect to every service's database. */
  databaseUrl: z.string(),
  natsUrl: z.string(),
  /** The sandbox payment provider's; installations that were last started by an older version have not noted it. */
  providerUrl: z.string().optional(),
});

export type RunningServices = z.infer<typeof runningSchema>;

function fileIn(dataDir: string): string {
  return join(dataDir, 'running.json');
}

/** Written by `npm start` once they run; readable by the owner alone, as it holds a password. */
export async function noteRunningServices(
  dataDir: string,
  { databaseUrl, natsUrl, providerUrl }: RunningServices,
): Promise<void> {
  const draft = `${fileIn(dataDir)}.${process.pid}.new`;
  await writeFile(draft, JSON.stringify({ databaseUrl, natsUrl, providerUrl }), { mode: 0o600 });
  await rename(draft, fileIn(dataDir));
}

/**
 * What the environment names, and otherwise what was noted last.
 * @throws Error if `npm start` has never run on this data directory
 */
export async function runningServices(
  dataDir: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<RunningServices> {
  const text = await readFile(fileIn(dataDir), 'utf8').catch(() => '{}');
  const found = runningSchema.safeParse({
    ...(JSON.parse(text) as object),
    ...(environment['DATABASE_URL'] ? { databaseUrl: environment['DATABASE_URL'] } : {}),
    ...(environment['NATS_URL'] ? { natsUrl: environment['NATS_URL'] } : {}),
  });
  if (found.success) return found.data;
  throw new Error(`Nothing was ever started on ${dataDir}: run npm start first, or set DATA_DIR.`);
}
