import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { markup, type Markup } from './markup.ts';

test('no value gets out of its text or its quoted attribute', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.constantFrom('"><script>', "' onload='x", '&lt;', '</title>')),
      (value) => {
        const escaped = markup`${value}`.text;
        expect(escaped).not.toMatch(/[<>"']/);
        expect(escaped).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#39;)/);
      },
    ),
  );
});

const item = (text: string): Markup => markup`<li>${text}</li>`;

test('markup goes into markup as it is, one piece or many', () => {
  expect(markup`<ul>${['a', '<b>'].map(item)}</ul>${item('c')}${1}`.text).toBe(
    '<ul><li>a</li><li>&lt;b&gt;</li></ul><li>c</li>1',
  );
});

test('a backslash in a template stays a backslash in a value', () => {
  expect(markup`${'a\\n'}`.text).toBe('a\\n');
});
