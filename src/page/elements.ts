/** Elements made of plain values. Foreign text (names, numbers, User-Agents) becomes text nodes, never markup. */

const SVG = "http://www.w3.org/2000/svg";

export type Child = Node | string | null;
export type Attributes = Readonly<Record<string, string | number>>;

/** An element of HTML. @param kind its name, and behind dots its classes: "td.mono" */
export function h(kind: string, attributes: Attributes = {}, ...children: readonly Child[]): HTMLElement {
  const [name = "div", ...classes] = kind.split(".");
  return filled(document.createElement(name), classes, attributes, children);
}

/** An element of SVG; `kind` as in {@link h}. */
export function s(kind: string, attributes: Attributes = {}, ...children: readonly Child[]): SVGElement {
  const [name = "g", ...classes] = kind.split(".");
  return filled(document.createElementNS(SVG, name) as SVGElement, classes, attributes, children);
}

function filled<E extends Element>(
  element: E,
  classes: readonly string[],
  attributes: Attributes,
  children: readonly Child[],
): E {
  element.classList.add(...classes);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, `${value}`);
  element.append(...children.filter((child): child is Node | string => child !== null));
  return element;
}

/** The element of page.html that has this id. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

/** The marks of base/ink.ts → classes. */
const INKS: Readonly<Record<string, string>> = {
  "\ue001": "ink-strong",
  "\ue002": "good",
  "\ue003": "bad.ink-bad",
  "\ue004": "doubtful",
  "\ue005": "faint",
};

/** A text with marks of base/ink.ts as nodes. */
export function inked(text: string): Child[] {
  return text.split(/([\ue001-\ue005][^\ue000]*\ue000)/).flatMap((piece): Child[] => {
    const ink = INKS[piece.charAt(0)];
    if (ink === undefined) return piece === "" ? [] : [piece];
    return [h(`span.${ink}`, {}, piece.slice(1, -1))];
  });
}

/** A table. Cells of a row may be texts or nodes; the first one is the row's head. */
export function table(heads: readonly string[], rows: readonly (readonly (Child | readonly Child[])[])[]): HTMLElement {
  const cell = (content: Child | readonly Child[], index: number) =>
    h("td", { "data-head": heads[index] ?? "" }, ...(Array.isArray(content) ? content : [content as Child]));
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map(cell)))),
  );
}

/** How much of something is used: a bar beside a text that says the same. */
export function bar(part: number, isFull = false): HTMLElement {
  const inner = h("i");
  inner.style.width = `${Math.round(100 * Math.min(1, Math.max(0, part)))}%`;
  return h(isFull ? "span.bar.full" : "span.bar", { "aria-hidden": "true" }, inner);
}

/** Puts `children` in the place of what was there. The focus stays on an element that is there again. */
export function fill(element: Element, ...children: readonly Child[]): void {
  const active = document.activeElement as HTMLElement | SVGElement | null;
  element.replaceChildren(...children.filter((child): child is Node | string => child !== null));
  if (active !== document.activeElement && element.contains(active)) active?.focus();
}
