const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A piece of HTML that is already safe. Everything else that `markup` is given gets escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Content = Markup | string | number | readonly Markup[];

const render = (content: Content): string => {
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map((piece) => piece.text).join('');
  return String(content).replace(/[&<>"']/g, (character) => entities[character] ?? '');
};

/** HTML with its values escaped, fit for text and for quoted attributes. */
export const markup = (strings: TemplateStringsArray, ...values: readonly Content[]): Markup =>
  new Markup(String.raw({ raw: strings }, ...values.map(render)));
