/**
 * An answer as it is kept: a line that tells how many objects of each kind it has, then its data. A kind is told by the
 * fields it is written with, and these by their places in the operation, which every router reads alike. So an answer that
 * was kept costs the same as the one that it was made from.
 */
import { visit, type DocumentNode, type FieldNode } from 'graphql';
import { z } from 'zod';
import { BoundedCache } from '../bounded-cache.ts';
import type { ObjectCounts, WrittenFields } from '../result.ts';

export type KeptAnswer = { readonly data: string; readonly objects: ObjectCounts };

/** For each kind its number, and its fields as text. */
const countsSchema = z.array(z.tuple([z.int().min(1), z.string()]));
/** For each field its coordinate, and the places of its nodes in the document. */
const fieldsSchema = z.array(z.tuple([z.string()], z.int()));

/** Kinds of objects of one operation that are remembered, and the length of their texts in all. */
const kindsMax = 256;
const kindCharactersMax = 256 * 1024;

export class AnswerText {
  readonly #nodes: FieldNode[] = [];
  readonly #places = new Map<FieldNode, number>();
  readonly #kinds = new BoundedCache<WrittenFields>(kindsMax, kindCharactersMax);
  readonly #texts = new WeakMap<WrittenFields, string>();

  constructor(document: DocumentNode) {
    visit(document, {
      Field: (node) => {
        this.#places.set(node, this.#nodes.push(node) - 1);
      },
    });
  }

  write({ data, objects }: KeptAnswer): string {
    const counts = [...objects].map(([fields, count]) => [count, this.#textOf(fields)]);
    return `${JSON.stringify(counts)}\n${data}`;
  }

  /** Undefined for a text that is none of ours. */
  read(text: string): KeptAnswer | undefined {
    const end = text.indexOf('\n');
    const counts = countsSchema.safeParse(json(text.slice(0, end)));
    if (end < 0 || !counts.success) return undefined;
    const objects = new Map<WrittenFields, number>();
    for (const [count, kind] of counts.data) {
      const fields = this.#kindOf(kind);
      if (!fields) return undefined;
      // Objects in different places may be written alike.
      objects.set(fields, (objects.get(fields) ?? 0) + count);
    }
    return { data: text.slice(end + 1), objects };
  }

  #textOf(fields: WrittenFields): string {
    const known = this.#texts.get(fields);
    if (known !== undefined) return known;
    const text = JSON.stringify(
      fields.map(({ coordinate, nodes }) => [
        coordinate,
        ...nodes.map((node) => this.#places.get(node) ?? -1),
      ]),
    );
    this.#texts.set(fields, text);
    return text;
  }

  #kindOf(text: string): WrittenFields | undefined {
    const known = this.#kinds.get(text);
    if (known) return known;
    const read = fieldsSchema.safeParse(json(text));
    if (!read.success) return undefined;
    const fields = read.data.map(([coordinate, ...places]) => ({
      coordinate,
      nodes: places.flatMap((place) => this.#nodes[place] ?? []),
    }));
    this.#kinds.set(text, fields);
    return fields;
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
