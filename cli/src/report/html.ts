import { printable } from '@millrace/core/text/printable';

/** HTML that is safe as it is: everything put into an `html` template is escaped on its way in. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

export type HtmlValue = Html | string | number | null | readonly HtmlValue[];

/** @example html`<b>${'<script>'}</b>`.text === '<b>&lt;script&gt;</b>' */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(
    parts.map((part, index) => part + (index in values ? render(values[index]!) : '')).join(''),
  );
}

function render(value: HtmlValue): string {
  if (value === null) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(render).join('');
  return escapeHtml(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup, and what turns the writing direction or cannot be seen. */
export function escapeHtml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/** A name of others: its letters, which may run from right to left, do not reorder what stands beside it. */
export function isolated(name: HtmlValue): Html {
  return html`<bdi>${name}</bdi>`;
}

/** JSON for a `<script type="application/json">`: nothing in it can end the element. */
export function jsonForHtml(value: unknown): Html {
  return new Html(JSON.stringify(value).replace(/</g, '\\u003c'));
}
