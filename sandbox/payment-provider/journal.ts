import {
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * An append-only file of JSON lines. Lines appended in one turn of the event loop go to the file in one write, and
 * the promise of `append` resolves when they are in it: whoever is answered after that survives a kill of the
 * process (not of the machine: nothing is fsynced). A full disk delays promises until there is room.
 */
export type Journal = {
  append(entry: object): Promise<void>;
  /** For lines nobody waits for; they ride with the next write, within 20 ms. */
  note(entry: object): void;
  /** Resolves when everything appended so far is in the file. */
  written(): Promise<void>;
  /** True when so much waits for the disk that no new work should be taken on. */
  isClogged(): boolean;
  /** Writes what is left, once; what the disk still refuses is lost and said so. */
  close(): void;
};

const noteDelayMs = 20;
const retryDelayMs = 200;
const backlogCharactersMax = 16 * 1024 * 1024;

/** The journal of a provider that keeps nothing. */
export const memoryJournal: Journal = {
  append: () => Promise.resolve(),
  note: () => undefined,
  written: () => Promise.resolve(),
  isClogged: () => false,
  close: () => undefined,
};

/**
 * Calls `onEntry` with every entry of the file, in order; nothing when there is no file. A last line without its
 * end was never acknowledged (the process died in that write), so it is cut off. Anything else that is not JSON, or
 * that `onEntry` throws at, stops the start with the line's number.
 */
export async function readJournal(file: string, onEntry: (entry: unknown) => void): Promise<void> {
  if (!existsSync(file)) return;
  const newline = 0x0a;
  let rest = Buffer.alloc(0);
  let wholeBytes = 0;
  let line = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    const data = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = data.indexOf(newline); end !== -1; end = data.indexOf(newline, start)) {
      line += 1;
      try {
        onEntry(JSON.parse(data.toString('utf8', start, end)));
      } catch (error) {
        throw new Error(`cannot read line ${line} of ${file}`, { cause: error });
      }
      start = end + 1;
    }
    wholeBytes += start;
    rest = data.subarray(start);
  }
  if (rest.length > 0) truncateSync(file, wholeBytes);
}

/** Writes some of the bytes and says how many; throws when the disk refuses. */
export type WriteSome = (descriptor: number, data: Buffer) => number;

export function openJournal(
  file: string,
  log: (line: string) => void,
  writeSome: WriteSome = writeSync,
): Journal {
  mkdirSync(dirname(file), { recursive: true });
  const descriptor = openSync(file, 'a');
  let lines: string[] = [];
  let waitingCharacters = 0;
  let batch = Promise.withResolvers<void>();
  let unwritten: { data: Buffer; batch: PromiseWithResolvers<void> } | undefined;
  let scheduled: 'no' | 'soon' | 'now' = 'no';
  let timer: NodeJS.Timeout | undefined;
  let retrying = false;
  let closed = false;

  /** Writes as far as the disk lets it. A short write is continued from where it stopped, so no line is ever torn. */
  function write(): void {
    scheduled = 'no';
    clearTimeout(timer);
    if (unwritten === undefined && lines.length > 0) {
      unwritten = { data: Buffer.from(`${lines.join('\n')}\n`), batch };
      lines = [];
      waitingCharacters = 0;
      batch = Promise.withResolvers();
    }
    if (unwritten === undefined) return;
    while (unwritten.data.length > 0) {
      unwritten.data = unwritten.data.subarray(writeSome(descriptor, unwritten.data));
    }
    unwritten.batch.resolve();
    unwritten = undefined;
  }

  function flush(): void {
    if (closed) return;
    try {
      write();
      if (retrying) log('journal: writing again');
      retrying = false;
      if (lines.length > 0) schedule('now');
    } catch (error) {
      if (!retrying) log(`journal: cannot write, trying until it works: ${String(error)}`);
      retrying = true;
      scheduled = 'now';
      timer = setTimeout(flush, retryDelayMs);
    }
  }

  function schedule(when: 'soon' | 'now'): void {
    if (scheduled === 'now' || scheduled === when) return;
    scheduled = when;
    if (when === 'now') setImmediate(flush);
    else timer = setTimeout(flush, noteDelayMs);
  }

  function add(entry: object): void {
    const line = JSON.stringify(entry);
    waitingCharacters += line.length;
    lines.push(line);
  }

  return {
    append(entry) {
      add(entry);
      schedule('now');
      return batch.promise;
    },
    note(entry) {
      add(entry);
      schedule('soon');
    },
    written: () =>
      lines.length > 0 ? batch.promise : (unwritten?.batch.promise ?? Promise.resolve()),
    isClogged: () => waitingCharacters > backlogCharactersMax,
    close() {
      closed = true;
      clearTimeout(timer);
      try {
        write();
        write();
      } catch (error) {
        log(`journal: the last lines could not be written: ${String(error)}`);
      }
      closeSync(descriptor);
    },
  };
}
