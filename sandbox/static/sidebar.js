// The left side: whose eyes, which conversation.

import { h, icon, reconcile } from "./dom.js";
import { avatar } from "./faces.js";
import { openList } from "./listbox.js";
import { appConversation, appName, nameOf, people, person, state } from "./state.js";

const switchPlace = document.querySelector("#as-switch-place");
const listPlace = document.querySelector("#conversations");
const rows = new Map(); // id -> {signature, node}

export function drawSwitch(onSwitch) {
  const me = person(state.me);
  const node = h(
    "button",
    {
      class: "as-switch",
      type: "button",
      testid: "as-switch",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "aria-label": `Viewing as ${nameOf(state.me)}`,
      onclick: () =>
        openList(node, {
          label: "Viewing as",
          className: "as-list",
          groups: () => [{ options: people().map(choice) }],
          onPick: ({ key }) => onSwitch(key),
        }),
    },
    avatar(state.me),
    h(
      "span",
      { class: "as-words" },
      h("span", { class: "as-name" }, nameOf(state.me)),
      h("span", { class: "as-title" }, me?.title || me?.role || ""),
    ),
    icon("down"),
  );
  switchPlace.replaceChildren(h("span", { class: "as-caption" }, "Viewing as"), node);
}

const choice = (user) => ({
  key: user.id,
  label: [nameOf(user.id)],
  hint: [user.title || user.role || ""],
  lead: avatar(user.id, "small"),
  selected: user.id === state.me,
  search: `${nameOf(user.id)} ${user.title ?? ""} ${user.role ?? ""}`,
});

export function drawConversations(onOpen) {
  const channels = state.conversations
    .filter((one) => one.kind === "channel")
    .sort((one, other) => one.name.localeCompare(other.name));
  const direct = state.conversations.filter((one) => one.kind === "im");
  const open = (place) => () => onOpen(place);
  const row = (one, label, lead) =>
    rowOf({
      id: one.id,
      label,
      lead,
      unread: one.unread,
      current: state.place.kind === "conversation" && state.place.id === one.id,
      onclick: open({ kind: "conversation", id: one.id }),
    });
  const app = appConversation();
  reconcile(listPlace, [
    titleOf("Channels"),
    ...channels.map((one) => row(one, one.name, () => icon("hash"))),
    titleOf("Direct messages"),
    ...direct.map((one) =>
      row(one, one.with ? nameOf(one.with) : appName(), () => avatar(one.with ?? state.workspace.bot.id, "tiny")),
    ),
    titleOf("Apps"),
    ...(app
      ? [
          rowOf({
            id: "home",
            label: `${appName()} Home`,
            lead: () => icon("home"),
            unread: 0,
            current: state.place.kind === "home",
            onclick: open({ kind: "home", id: app.id }),
          }),
        ]
      : []),
  ]);
}

function rowOf({ id, label, lead, unread, current, onclick }) {
  const signature = JSON.stringify([state.me, label, unread, current]);
  const known = rows.get(id);
  if (known?.signature === signature) return known.node;
  const node = h(
    "button",
    {
      class: `conversation${unread ? " unread" : ""}`,
      type: "button",
      testid: `conversation-${id}`,
      "aria-current": current && "page",
      onclick,
      "aria-label": unread ? `${label}, ${unread} unread` : label,
    },
    lead(),
    h("span", { class: "conversation-name" }, label),
    unread > 0 && h("span", { class: "badge" }, unread > 99 ? "99+" : unread),
  );
  if (known?.node === document.activeElement) queueMicrotask(() => node.focus());
  rows.set(id, { signature, node });
  return node;
}

const titles = new Map();

function titleOf(words) {
  if (!titles.has(words)) titles.set(words, h("h2", { class: "sidebar-title" }, words));
  return titles.get(words);
}

/** Up and Down walk the conversations, as in a list. */
listPlace.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const stops = [...listPlace.querySelectorAll("button")];
  const at = stops.indexOf(document.activeElement);
  stops[(at + step + stops.length) % stops.length]?.focus();
  event.preventDefault();
});
