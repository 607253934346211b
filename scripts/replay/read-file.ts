/** Reads an Online Retail CSV, plain or gzipped, line by line. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CsvError, parse } from 'csv-parse';
import { Planner, type Plan } from './plan.ts';
import { fileColumns, type FileLine } from './sales-lines.ts';

/** What is wrong with the file, in words for the person who named it. */
export class UnreadableFile extends Error {}

/**
 * Reads a file and plans its orders.
 * @param invoicesMax stops behind so many invoices with sales
 * @throws UnreadableFile if it cannot be read or is no Online Retail file
 */
export async function planFile(file: string, invoicesMax?: number): Promise<Plan> {
  const planner = new Planner(invoicesMax);
  const parser = parse({ columns: checkedColumns, bom: true, skip_empty_lines: true });
  const source = openFile(file);
  source.once('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const line of parser) if (!planner.take(line as FileLine)) break;
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    throw new UnreadableFile(`${file} cannot be read: ${explained(error)}`, { cause: error });
  } finally {
    source.destroy();
  }
  return planner.plan();
}

function openFile(file: string): Readable {
  const bytes = createReadStream(file);
  if (!file.endsWith('.gz')) return bytes;
  const unzipped = createGunzip();
  bytes.once('error', (error) => unzipped.destroy(error));
  unzipped.once('close', () => bytes.destroy());
  return bytes.pipe(unzipped);
}

function checkedColumns(names: string[]): string[] {
  const missing = fileColumns.filter((name) => !names.includes(name));
  if (missing.length === 0) return names;
  throw new UnreadableFile(
    `This is no Online Retail file: its first line lacks ${missing.join(', ')}.`,
  );
}

function explained(error: unknown): string {
  if (error instanceof CsvError) return error.message;
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'there is none';
  return error instanceof Error ? error.message : String(error);
}
