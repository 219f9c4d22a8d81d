// A box for SQL: its letters get colours, and the word that is being typed gets a list of what it could become.

const GAP = 4, LEAST = 2;
// What decides where a letter stands.
const SHAPE = ["fontFamily", "fontSize", "fontWeight", "lineHeight", "letterSpacing", "tabSize", "padding", "borderWidth", "borderStyle"];

// Make an editor of a box; returns what ends it.
function edit(box, key, words) {
  const over = new AbortController();
  const on = (target, kind, act, options) => target.addEventListener(kind, act, { signal: over.signal, ...options });

  const drawn = document.createElement("pre");
  drawn.className = "goldilocks-sql";
  drawn.setAttribute("aria-hidden", "true");
  box.parentElement.style.position = "relative";
  box.parentElement.append(drawn);

  const list = document.createElement("ul");
  list.className = "goldilocks-completion";
  list.id = `completion-${key}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "What the word could become");
  list.hidden = true;
  document.body.append(list);
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);

  // Colours.
  const place = () => {
    const style = getComputedStyle(box);
    for (const one of SHAPE) drawn.style[one] = style[one];
    drawn.style.colorScheme = getComputedStyle(document.querySelector("[data-testid=stApp]")).colorScheme;
    drawn.style.left = `${box.offsetLeft}px`;
    drawn.style.top = `${box.offsetTop}px`;
    // A scroll bar takes its part of the lines.
    drawn.style.width = `${box.clientWidth + parseFloat(style.borderLeftWidth) + parseFloat(style.borderRightWidth)}px`;
    drawn.style.height = `${box.offsetHeight}px`;
  };
  const draw = () => {
    drawn.replaceChildren(...[...parts(box.value)].map(part => {
      const called = /^\s*\(/.test(box.value.slice(part.start + part.text.length));
      const piece = document.createElement("span");
      piece.className = part.kind === "word" ? words.kindOf(part.text, called) : part.kind;
      piece.textContent = part.text;
      return piece;
    }), "\n");
    place();
    drawn.scrollTop = box.scrollTop;
  };
  box.classList.add("goldilocks-coloured");

  // The list.
  let offer, chosen = 0;
  const hide = () => {
    list.hidden = true;
    offer = undefined;
    box.removeAttribute("aria-activedescendant");
  };
  const mark = index => {
    chosen = index;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    list.children[index].scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", list.children[index].id);
  };
  const caret = () => {
    const range = document.createRange();
    let left = offer.start;
    for (const piece of drawn.children) {
      if (left <= piece.textContent.length) {
        range.setStart(piece.firstChild, left);
        range.setEnd(piece.firstChild, left);
        break;
      }
      left -= piece.textContent.length;
    }
    return range.getClientRects()[0] ?? drawn.getBoundingClientRect();
  };
  const look = asked => {
    const found = box.selectionStart === box.selectionEnd ? words.offered(box.value, box.selectionStart) : undefined;
    if (!found?.found.length || (!asked && found.typed.length < LEAST)) return hide();
    offer = found;
    list.replaceChildren(...found.found.map(({ text, meaning }, index) => {
      const item = document.createElement("li"), word = document.createElement("b"), said = document.createElement("span");
      item.id = `${list.id}-${index}`;
      item.setAttribute("role", "option");
      word.textContent = text;
      said.textContent = meaning;
      item.append(word, said);
      return item;
    }));
    list.style.colorScheme = drawn.style.colorScheme;
    list.hidden = false;
    mark(0);
    const at = caret(), { width, height } = list.getBoundingClientRect();
    const below = at.bottom + GAP + height <= innerHeight;
    list.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
    list.style.top = `${below ? at.bottom + GAP : Math.max(8, at.top - height - GAP)}px`;
  };
  const take = index => {
    const { text, call } = offer.found[index];
    box.focus();
    box.setSelectionRange(offer.start, offer.start + offer.typed.length);
    // Unlike a new value, this can be undone, and whoever listens hears of it.
    document.execCommand("insertText", false, call ? `${text}(` : text);
    hide();
  };

  on(box, "input", event => { draw(); if (event.inputType === "insertText" || event.inputType?.startsWith("delete")) look(false); else hide(); });
  on(box, "scroll", () => { drawn.scrollTop = box.scrollTop; hide(); }, { passive: true });
  on(box, "blur", hide);
  on(list, "pointerdown", event => {
    event.preventDefault();
    const item = event.target.closest("li");
    if (item) take([...list.children].indexOf(item));
  });
  const keys = {
    ArrowDown: () => mark((chosen + 1) % list.children.length),
    ArrowUp: () => mark((chosen + list.children.length - 1) % list.children.length),
    Enter: () => take(chosen),
    Tab: () => take(chosen),
    Escape: hide,
  };
  on(box, "keydown", event => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    if (event.ctrlKey && event.key === " ") look(true);
    else if (offer && plain && keys[event.key]) keys[event.key]();
    else {
      if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key) || !plain) hide();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });
  on(document, "scroll", event => { if (event.target !== list && event.target !== box) hide(); }, { passive: true, capture: true });

  const resized = new ResizeObserver(place);
  resized.observe(box);
  // What the server or the address puts into the box comes without an event.
  let known;
  const keep = () => { if (box.value !== known) { known = box.value; draw(); } };
  keep();
  over.signal.addEventListener("abort", () => {
    resized.disconnect();
    drawn.remove();
    list.remove();
    box.classList.remove("goldilocks-coloured");
  });
  return { keep, end: () => over.abort() };
}

export default function ({ data, parentElement }) {
  parentElement.stop?.();
  const words = new Words(data);
  let box, editor;
  const watch = () => {
    const now = document.querySelector(`.st-key-${data.box} textarea`);
    if (now !== box) {
      editor?.end();
      box = now;
      editor = box && edit(box, data.box, words);
    }
    editor?.keep();
  };
  watch();
  // The box is drawn when its turn comes, and anew when the page is.
  const watching = setInterval(watch, 250);
  return parentElement.stop = () => { clearInterval(watching); editor?.end(); editor = box = undefined; };
}
