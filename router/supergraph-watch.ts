/**
 * Watches the supergraph's file by looking at it from time to time: that sees it replaced, renamed and linked anew, also on
 * file systems that tell nothing. A file is read twice: one that is being written may be a supergraph up to where it ends.
 */
import { unwatchFile, watchFile } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { readSupergraph } from './supergraph.ts';

export type SupergraphWatch = {
  /** Reads the file now. Resolves when what it says is served, or was refused. */
  readonly look: () => Promise<void>;
  close(): void;
};

export type SupergraphWatchParts = {
  readonly file: string;
  /** How often to look, in milliseconds; 0: only when asked to. */
  readonly everyMs: number;
  readonly found: (sdl: string) => Promise<void>;
  readonly logger: Logger;
};

/** The same text twice at this distance, in milliseconds, is the whole text. */
const settledForMs = 100;
const readingsMax = 50;

export function watchSupergraph(parts: SupergraphWatchParts): SupergraphWatch {
  const { file, everyMs, found, logger } = parts;
  const look = async (): Promise<void> => {
    try {
      await found(await settledText(file));
    } catch (error) {
      logger.error({ err: error }, 'the supergraph cannot be read: the old one goes on');
    }
  };
  const onChange = (): void => void look();
  if (everyMs > 0) watchFile(file, { interval: everyMs, persistent: false }, onChange);
  return {
    look,
    close: () => unwatchFile(file, onChange),
  };
}

async function settledText(file: string): Promise<string> {
  let text = await readSupergraph(file);
  for (let reading = 0; reading < readingsMax; reading += 1) {
    await sleep(settledForMs);
    const again = await readSupergraph(file);
    if (again === text) return text;
    text = again;
  }
  throw new Error('the file does not stop changing');
}
