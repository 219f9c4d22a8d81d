// What the words on a page mean: beside the pointer, beside what the keyboard is on, and as a list.

const WAIT = 350, LINGER = 250, MOST = 3, LONGEST = 200, SETTLED = 400, GAP = 6;
const SENTENCES = ["stMarkdownContainer", "stCaptionContainer"].map(kind => `[data-testid=stMain] [data-testid=${kind}] p`);
const LETTER = "\\p{L}\\p{N}_";

// Which cards explain a text.
class Meanings {
  constructor(cards) {
    this.alone = new Map();
    this.inside = new Map();
    for (const card of cards) {
      for (const word of card.alone ?? []) this.alone.set(word, [...(this.alone.get(word) ?? []), card]);
      for (const word of card.inside ?? []) if (!this.inside.has(word)) this.inside.set(word, card);
    }
    const words = [...this.inside.keys()].sort((one, other) => other.length - one.length);
    const written = words.map(word => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    this.words = new RegExp(`(?<![${LETTER}])(?:${written.join("|") || "(?!)"})(?![${LETTER}²*=])`, "gu");
  }

  // Of a text that is a name, or several with commas between them: normal(std=0.01), batch norm.
  ofName(text) {
    const whole = this.alone.get(text);
    if (whole) return whole.slice(0, MOST);
    const parts = text.replace(/\([^()]*\)/g, "").split(", ").map(part => part.split("@")[0].trim());
    const found = parts.map(part => this.alone.get(part)?.[0]);
    return [...new Set(found.filter(Boolean))].slice(0, MOST);
  }

  // Of the words in a sentence; of the one at a place, where that is given.
  ofSentence(text, place) {
    const found = [...text.matchAll(this.words)];
    const here = place === undefined ? found
      : found.filter(match => match.index <= place && place <= match.index + match[0].length);
    return [...new Set(here.map(match => this.inside.get(match[0])))];
  }

  of(text, place) {
    const trimmed = text.trim();
    if (!trimmed) return [];
    const names = trimmed.length <= LONGEST ? this.ofName(trimmed) : [];
    if (names.length) return names;
    const listed = this.ofList(text, place), said = this.ofSentence(text, place);
    return place === undefined ? [...new Set([...listed, ...said])] : said.length ? said : listed;
  }

  // Of what stands between commas, as in: Fixed: no norm, kaiming, relu.
  ofList(text, place) {
    const parts = [...text.matchAll(/[^,;:\n]+/g)];
    const here = place === undefined ? parts
      : parts.filter(part => part.index <= place && place <= part.index + part[0].length);
    return here.flatMap(part => this.ofName(part[0].trim().replace(/\.$/, "")));
  }
}

function described(card, heading, body) {
  const line = (kind, text) => {
    const element = document.createElement(kind === "title" ? heading : body);
    element.className = kind;
    element.textContent = text;
    return element;
  };
  const kinds = ["title", "meaning", "formula", "reference"];
  return kinds.filter(kind => card[kind]).map(kind => line(kind, card[kind]));
}

const holds = (box, x, y) => box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;

// The words of a chart take no part in what a pointer does, so they are looked for.
function wordsOfChart(chart, x, y) {
  return [...chart.querySelectorAll("text")].find(text => text.textContent && holds(text.getBoundingClientRect(), x, y));
}

// What stands at a place: its text, where in it, and the box around it.
function textAt(target, x, y) {
  const chart = target.closest?.("svg.marks, [data-testid=stVegaLiteChart]");
  if (chart) {
    const words = wordsOfChart(chart, x, y);
    return words && { text: words.textContent, box: words.getBoundingClientRect() };
  }
  if (target.matches?.("input[role=combobox]")) return { text: target.value, box: target.getBoundingClientRect() };
  if (target.matches?.("input, textarea, canvas")) return undefined;
  const option = target.closest?.("[role=option]");
  if (option) return { text: option.textContent, box: option.getBoundingClientRect(), beside: true };
  const caret = document.caretPositionFromPoint?.(x, y);
  const range = caret ? undefined : document.caretRangeFromPoint?.(x, y);
  const node = caret?.offsetNode ?? range?.startContainer;
  if (node?.nodeType !== Node.TEXT_NODE || !target.contains(node)) return undefined;
  const around = document.createRange();
  around.selectNodeContents(node);
  const box = [...around.getClientRects()].find(one => holds(one, x, y));
  return box && { text: node.data, place: caret?.offset ?? range.startOffset, box };
}

// Everything that a page says, piece by piece.
function* texts() {
  const main = document.querySelector("[data-testid=stMain]");
  if (!main) return;
  const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (!walker.currentNode.parentElement.closest("style, script")) yield walker.currentNode.data;
  for (const input of main.querySelectorAll("input[role=combobox]")) yield input.value;
}

// The first word of each card that stands in a sentence is underlined, without a change of what is drawn.
function underline(meanings) {
  if (!globalThis.Highlight) return;
  const ranges = [], told = new Set();
  for (const sentence of document.querySelectorAll(SENTENCES.join())) {
    const walker = document.createTreeWalker(sentence, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node.parentElement.closest("a, button, label, .katex")) continue;
      for (const { 0: word, index } of node.data.matchAll(meanings.words)) {
        const card = meanings.inside.get(word);
        if (told.has(card)) continue;
        told.add(card);
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        ranges.push(range);
      }
    }
  }
  CSS.highlights.set("explained", new Highlight(...ranges));
}

export default function ({ data, parentElement }) {
  parentElement.glossary?.abort();
  const over = parentElement.glossary = new AbortController();
  const on = (target, kind, act) => target.addEventListener(kind, act, { signal: over.signal, passive: true });
  const meanings = new Meanings(data.cards);

  const note = document.createElement("div");
  note.className = "goldilocks-meaning";
  note.setAttribute("role", "tooltip");
  note.setAttribute("aria-live", "polite");
  note.hidden = true;
  document.body.append(note);
  over.signal.addEventListener("abort", () => note.remove());

  let waiting, shown = "";
  const hide = () => { clearTimeout(waiting); note.hidden = true; shown = ""; };
  const show = (found, { box, beside }) => {
    const key = found.map(card => card.title).join("|") + box.top + box.left;
    if (key === shown) return;
    shown = key;
    note.replaceChildren(...found.flatMap(card => described(card, "p", "p")));
    note.style.colorScheme = getComputedStyle(document.querySelector("[data-testid=stApp]")).colorScheme;
    note.hidden = false;
    const { width, height } = note.getBoundingClientRect();
    // What is chosen among must stay in sight: beside it, where there is room on either side.
    const right = box.right + GAP + width <= innerWidth, left = box.left - GAP - width >= 0;
    const aside = beside && (right || left), below = box.bottom + GAP + height <= innerHeight;
    const x = !aside ? box.left : right ? box.right + GAP : box.left - GAP - width;
    const y = aside ? box.top : below ? box.bottom + GAP : box.top - height - GAP;
    note.style.left = `${Math.max(8, Math.min(x, innerWidth - width - 8))}px`;
    note.style.top = `${Math.max(8, Math.min(y, innerHeight - height - 8))}px`;
  };
  const look = (target, x, y) => {
    const at = textAt(target, x, y);
    const found = at ? meanings.of(at.text, at.place) : [];
    if (found.length) show(found, at); else hide();
  };

  on(document, "pointermove", event => {
    if (event.pointerType === "touch") return;
    clearTimeout(waiting);
    const target = event.composedPath()[0];
    if (note.contains(target)) return;
    waiting = setTimeout(() => look(target, event.clientX, event.clientY), note.hidden ? WAIT : LINGER);
  });
  // A finger has no place to rest.
  on(document, "click", event => {
    if (event.pointerType === "touch") look(event.composedPath()[0], event.clientX, event.clientY);
  });
  on(document.documentElement, "pointerleave", hide);
  document.addEventListener("scroll", hide, { signal: over.signal, passive: true, capture: true });

  // With keys: the option that is come to, the name in a box, one of several chosen, the button of a group.
  const focused = () => {
    const element = document.activeElement;
    const option = document.getElementById(element?.getAttribute?.("aria-activedescendant") ?? "");
    const at = option ?? element;
    if (!at?.matches?.("[role=option], [role=radio], [data-tag], input[role=combobox]")) return hide();
    const found = meanings.ofName((at.matches("input") ? at.value : at.textContent).trim());
    if (found.length) show(found, { box: at.getBoundingClientRect(), beside: at === option }); else hide();
  };
  on(document, "keyup", event => event.key === "Escape" ? hide() : requestAnimationFrame(focused));

  const list = parentElement.querySelector("details");
  const fill = () => {
    if (!list.open) return;
    const found = new Set();
    for (const text of texts()) meanings.of(text).forEach(card => found.add(card));
    const ordered = [...found].sort((one, other) => one.title.localeCompare(other.title));
    list.querySelector("dl").replaceChildren(...ordered.flatMap(card => described(card, "dt", "dd")));
  };
  list.ontoggle = fill;

  // A page is drawn piece by piece, and words that are drawn anew lose their line.
  let drawn;
  const read = () => { underline(meanings); fill(); };
  const later = new MutationObserver(() => { clearTimeout(drawn); drawn = setTimeout(read, SETTLED); });
  const main = document.querySelector("[data-testid=stMain]");
  if (main) later.observe(main, { childList: true, subtree: true, characterData: true });
  over.signal.addEventListener("abort", () => { later.disconnect(); clearTimeout(drawn); hide(); });
  read();
  return () => over.abort();
}
