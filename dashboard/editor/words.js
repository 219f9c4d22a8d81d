// What a statement names: the kind of each word, and what a word that is being typed could become.

const TOKENS = /(--[^\n]*|\/\*[^]*?(?:\*\/|$))|('(?:[^']|'')*'?)|("(?:[^"]|"")*"?)|(\b\d+(?:\.\d*)?(?:e[+-]?\d+)?\b)|([A-Za-z_]\w*)/gi;
const KINDS = ["comment", "text", "quoted", "number", "word"];
// After these stands a table or a view.
const BEFORE_RELATIONS = /\b(?:from|join|describe|summarize|pivot|unpivot|show)\s+$/i;
const MOST = 8;

// The parts of a statement, with everything between them.
function* parts(sql) {
  let end = 0;
  for (const match of sql.matchAll(TOKENS)) {
    if (match.index > end) yield { kind: "", text: sql.slice(end, match.index), start: end };
    end = match.index + match[0].length;
    yield { kind: KINDS[match.slice(1).findIndex(group => group !== undefined)], text: match[0], start: match.index };
  }
  if (end < sql.length) yield { kind: "", text: sql.slice(end), start: end };
}

class Words {
  constructor({ relations, columns, names, functions, keywords }) {
    this.relations = new Map(Object.entries(relations));
    this.columns = new Map(Object.entries(columns));
    this.names = names;
    this.functions = new Set(functions);
    // A column that is called like a keyword is meant more often.
    this.keywords = new Set(keywords.filter(word => !this.columns.has(word) && !this.relations.has(word)));
  }

  kindOf(word, called) {
    const lower = word.toLowerCase();
    if (this.relations.has(lower)) return "relation";
    if (called && this.functions.has(lower)) return "function";
    return this.keywords.has(lower) ? "keyword" : "";
  }

  // The relations that a statement reads, by each name that they have there.
  read(sql) {
    const code = [...parts(sql)].map(part => ["comment", "text"].includes(part.kind) ? " " : part.text).join("");
    const found = new Map();
    for (const [, name, alias] of code.matchAll(/([A-Za-z_]\w*)(?=(?:\s+(?:as\s+)?([A-Za-z_]\w*))?)/gi)) {
      const relation = name.toLowerCase();
      if (!this.relations.has(relation)) continue;
      found.set(relation, relation);
      if (alias && !this.keywords.has(alias.toLowerCase())) found.set(alias.toLowerCase(), relation);
    }
    return found;
  }

  // What the word before a place could become: where it starts, what of it is typed, and the likeliest words.
  offered(sql, place) {
    const part = [...parts(sql)].findLast(one => one.start < place);
    const at = part ? place - part.start : 0;
    if (part?.kind === "comment" && (at < part.text.length || part.text.startsWith("--"))) return undefined;
    if (part?.kind === "text" && (at < part.text.length || !/^'.*'$/s.test(part.text))) {
      const start = part.start + 1;
      return this.matching(start, sql.slice(start, place), this.names.map(text => ({ text, meaning: "" })));
    }
    const [, owner, typed = ""] = /(?:([A-Za-z_]\w*)\.)?([A-Za-z_]\w*)?$/.exec(sql.slice(0, place));
    const start = place - typed.length, read = this.read(sql);
    if (owner) {
      const relation = read.get(owner.toLowerCase());
      return this.matching(start, typed, this.columnsOf(found => found.of.includes(relation)));
    }
    const relations = [...this.relations].map(([text, meaning]) => ({ text, meaning }));
    if (BEFORE_RELATIONS.test(sql.slice(0, start))) return this.matching(start, typed, relations);
    const reads = new Set(read.values());
    return this.matching(start, typed, [
      ...this.columnsOf(found => found.of.some(one => reads.has(one))),
      ...relations,
      ...[...this.keywords].map(word => ({ text: word.toUpperCase(), meaning: "" })),
      ...[...this.functions].map(word => ({ text: word, meaning: "function", call: true })),
      ...this.columnsOf(found => !found.of.some(one => reads.has(one))).map(one => ({ ...one, meaning: `in ${one.of.join(", ")}` })),
    ]);
  }

  columnsOf(wanted) {
    return [...this.columns].filter(([, found]) => wanted(found)).map(([text, found]) => ({ text, ...found }));
  }

  matching(start, typed, words) {
    const lower = typed.toLowerCase(), seen = new Set();
    const found = words.filter(({ text }) => {
      if (!text.toLowerCase().startsWith(lower) || seen.has(text)) return false;
      return seen.add(text);
    });
    // What is typed in full needs no list.
    return { start, typed, found: found.some(({ text }) => text.toLowerCase() === lower) ? [] : found.slice(0, MOST) };
  }
}
