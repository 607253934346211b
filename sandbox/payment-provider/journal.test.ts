import * as fc from 'fast-check';
import { appendFileSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { openJournal, readJournal } from './journal.ts';

const silent = (): void => undefined;

async function entriesOf(file: string): Promise<readonly unknown[]> {
  const entries: unknown[] = [];
  await readJournal(file, (entry) => entries.push(entry));
  return entries;
}

test('an entry is in the file when its promise resolves', async () => {
  const file = join(temporaryDirectory(), 'deep', 'journal.jsonl');
  const journal = openJournal(file, silent);
  await Promise.all([journal.append({ n: 1 }), journal.append({ n: 2 })]);
  expect(readFileSync(file, 'utf8')).toBe('{"n":1}\n{"n":2}\n');
  journal.close();
});

test('a note is in the file soon, and at the latest on close', async () => {
  const file = join(temporaryDirectory(), 'journal.jsonl');
  const journal = openJournal(file, silent);
  journal.note({ n: 1 });
  await eventually(async () => expect(await entriesOf(file)).toEqual([{ n: 1 }]));
  journal.note({ n: 2 });
  journal.close();
  expect(await entriesOf(file)).toEqual([{ n: 1 }, { n: 2 }]);
});

test('many entries of one turn go to the file in one write', async () => {
  const file = join(temporaryDirectory(), 'journal.jsonl');
  let writes = 0;
  const journal = openJournal(file, silent, (descriptor, data) => {
    writes += 1;
    return writeSync(descriptor, data);
  });
  await Promise.all(Array.from({ length: 500 }, (_, n) => journal.append({ n })));
  expect(writes).toBe(1);
  journal.close();
});

test('a last line that was cut off by a kill is dropped, and writing goes on after the whole ones', async () => {
  const file = join(temporaryDirectory(), 'journal.jsonl');
  writeFileSync(file, '{"n":1}\n{"n":2}\n{"n":');
  expect(await entriesOf(file)).toEqual([{ n: 1 }, { n: 2 }]);
  appendFileSync(file, '{"n":3}\n');
  expect(await entriesOf(file)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
});

test('a broken line in the middle stops the reading with its number', async () => {
  const file = join(temporaryDirectory(), 'journal.jsonl');
  writeFileSync(file, '{"n":1}\n{"n"\n{"n":3}\n');
  await expect(entriesOf(file)).rejects.toThrow(/line 2 of .*journal\.jsonl/);
});

test('no file is an empty journal', async () => {
  expect(await entriesOf(join(temporaryDirectory(), 'absent.jsonl'))).toEqual([]);
});

test('lines longer than the reading buffer and characters across its edge come back whole', async () => {
  const file = join(temporaryDirectory(), 'journal.jsonl');
  const entries = [{ text: 'ä€𝄞'.repeat(200_000) }, { text: 'short' }];
  writeFileSync(file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  expect(await entriesOf(file)).toEqual(entries);
});

test('a disk that is full for a while delays promises and tears no line', async () => {
  const file = join(temporaryDirectory(), 'journal.jsonl');
  let full = true;
  const said: string[] = [];
  const journal = openJournal(
    file,
    (line) => said.push(line),
    (descriptor, data) => {
      if (!full) return writeSync(descriptor, data);
      if (data.length <= 4) throw new Error('ENOSPC');
      return writeSync(descriptor, data.subarray(0, 4));
    },
  );
  let acknowledged = false;
  const written = journal.append({ n: 1 }).then(() => (acknowledged = true));
  await eventually(() => expect(said).toEqual([expect.stringContaining('ENOSPC')]));
  expect(acknowledged).toBe(false);
  const later = journal.append({ n: 2 });
  full = false;
  await Promise.all([written, later]);
  expect(readFileSync(file, 'utf8')).toBe('{"n":1}\n{"n":2}\n');
  expect(said.at(-1)).toContain('writing again');
  journal.close();
});

test('short writes of any length leave the same file', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string()),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      async (texts, sizes) => {
        const file = join(temporaryDirectory(), 'journal.jsonl');
        let turn = 0;
        const journal = openJournal(file, silent, (descriptor, data) => {
          turn += 1;
          return writeSync(descriptor, data.subarray(0, sizes[turn % sizes.length]));
        });
        await Promise.all(texts.map((text) => journal.append({ text })));
        journal.close();
        expect(await entriesOf(file)).toEqual(texts.map((text) => ({ text })));
      },
    ),
    { numRuns: 30 },
  );
});

test('a journal that the disk refuses for long says that it is clogged', () => {
  const journal = openJournal(join(temporaryDirectory(), 'journal.jsonl'), silent, () => {
    throw new Error('ENOSPC');
  });
  expect(journal.isClogged()).toBe(false);
  for (let mega = 0; mega < 17; mega += 1) journal.note({ text: 'x'.repeat(1024 * 1024) });
  expect(journal.isClogged()).toBe(true);
  journal.close();
});
