// A list one walks with the arrow keys. Under every select, the overflow menu, "Viewing as" and the slash commands.

import { h, icon, uid } from "./dom.js";
import { openPopover } from "./popover.js";

const FILTER_FROM = 8; // options; below that a filter is in the way

/**
 * groups: [{label, options: [{key, label: [nodes], search: text, hint: [nodes], lead: node, selected: bool}]}]
 */
export function createList({ label, multi = false, onPick }) {
  const node = h("ul", {
    class: "options",
    role: "listbox",
    id: uid("list"),
    "aria-label": label,
    "aria-multiselectable": multi && "true",
  });
  let rows = [];
  let active = -1;

  function render(groups, words = "", nothing = "Nothing matches") {
    rows = [];
    node.replaceChildren(...groups.flatMap((group) => groupNodes(group, words.trim().toLowerCase())));
    if (!rows.length) node.append(h("li", { class: "options-none", role: "presentation" }, nothing));
    activate(
      Math.max(
        0,
        rows.findIndex((row) => row.option.selected),
      ),
    );
  }

  function groupNodes(group, words) {
    const found = group.options.filter((option) => option.search.toLowerCase().includes(words));
    if (!found.length) return [];
    const title = group.label ? [h("li", { class: "options-title", role: "presentation" }, group.label)] : [];
    return [...title, ...found.map(row)];
  }

  function row(option) {
    const at = rows.length;
    const item = h(
      "li",
      {
        class: "option",
        role: "option",
        id: uid("option"),
        testid: `option-${option.key}`,
        "aria-selected": String(Boolean(option.selected)),
        onpointermove: () => at !== active && activate(at),
        onclick: () => onPick(option),
      },
      option.lead,
      h(
        "span",
        { class: "option-text" },
        h("span", { class: "option-label" }, option.label),
        option.hint && h("span", { class: "option-hint" }, option.hint),
      ),
      option.selected && icon("check"),
    );
    rows.push({ item, option });
    return item;
  }

  function activate(at) {
    rows[active]?.item.classList.remove("active");
    active = Math.min(at, rows.length - 1);
    const chosen = rows[active]?.item;
    chosen?.classList.add("active");
    chosen?.scrollIntoView({ block: "nearest" });
    holder?.setAttribute("aria-activedescendant", chosen?.id ?? "");
  }

  let holder = null;

  /** Lets `field` keep the focus while its arrow keys walk this list. */
  function steer(field) {
    holder = field;
    field.setAttribute("aria-controls", node.id);
    activate(active);
  }

  function key(event) {
    const steps = { ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: rows.length - 1 };
    if (event.key in steps && rows.length) activate((steps[event.key] + rows.length) % rows.length);
    else if (event.key === "Enter" && rows[active]) onPick(rows[active].option);
    else return false;
    event.preventDefault();
    return true;
  }

  return { node, render, steer, key, active: () => rows[active]?.option ?? null };
}

/** Opens a list under `anchor`. `groups()` is asked again after each pick of a multi list. */
export function openList(anchor, { label, groups, multi = false, onPick, className = "" }) {
  const list = createList({ label, multi, onPick: picked });
  const count = groups().reduce((sum, group) => sum + group.options.length, 0);
  const filter = count >= FILTER_FROM ? filterField(label) : null;
  const holder = filter ?? list.node;
  list.render(groups());
  const popover = openPopover(anchor, [filter, list.node], {
    label,
    matchWidth: true,
    className: `list-popover ${className}`,
  });

  function picked(option) {
    onPick(option);
    if (multi) list.render(groups(), filter?.value ?? "");
    else popover.close();
  }

  if (!filter) list.node.tabIndex = 0;
  list.steer(holder);
  filter?.addEventListener("input", () => list.render(groups(), filter.value));
  holder.addEventListener("keydown", (event) => {
    if (event.key === "Tab") popover.close();
    else if (list.key(event)) event.stopPropagation();
  });
  holder.focus({ preventScroll: true });
  return popover;
}

const TYPING_MS = 200; // what is typed faster than this is asked once

/** A list that somebody else knows: `find(words)` resolves to groups once `least` characters are typed. */
export function openSearch(anchor, { label, least, find, multi = false, onPick }) {
  const list = createList({ label, multi, onPick: picked });
  const filter = filterField(label);
  const status = h("p", { class: "visually-hidden", role: "status" });
  const popover = openPopover(anchor, [filter, list.node, status], {
    label,
    matchWidth: true,
    className: "list-popover",
  });
  let asked = 0;
  let timer = 0;

  function say(sentence, groups = []) {
    list.render(groups, "", sentence);
    const count = groups.reduce((sum, group) => sum + group.options.length, 0);
    status.textContent = count ? `${count} found` : sentence;
  }

  async function ask() {
    const words = filter.value.trim();
    const number = ++asked;
    if (words.length < least) return say(`Type at least ${least} letters to search`);
    say("Searching…");
    try {
      const groups = await find(words);
      if (number === asked) say("No results", groups);
    } catch (problem) {
      if (number === asked) say(problem.message);
    }
  }

  function picked(option) {
    onPick(option);
    if (multi) ask();
    else popover.close();
  }

  list.steer(filter);
  filter.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, TYPING_MS);
  });
  filter.addEventListener("keydown", (event) => {
    if (event.key === "Tab") popover.close();
    else if (list.key(event)) event.stopPropagation();
  });
  ask();
  filter.focus({ preventScroll: true });
  return popover;
}

function filterField(label) {
  return h("input", {
    class: "filter",
    type: "text",
    role: "combobox",
    placeholder: "Search",
    autocomplete: "off",
    "aria-label": `Search: ${label}`,
    "aria-expanded": "true",
    "aria-autocomplete": "list",
  });
}
