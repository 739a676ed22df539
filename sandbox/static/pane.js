// The head of the middle part: where one is, who else is there, and the two tabs of the app.

import { h, icon } from "./dom.js";
import { avatar } from "./faces.js";
import { openPopover } from "./popover.js";
import { appName, channelOf, conversationOf, isApp, nameOf, person, state } from "./state.js";

const place = document.querySelector("#pane-head");
const notice = document.querySelector("#notice");

export function drawHead({ onTab, onMenu }) {
  const menu = h(
    "button",
    { class: "icon-button menu", type: "button", "aria-label": "Conversations", testid: "menu", onclick: onMenu },
    icon("menu"),
  );
  const conversation = conversationOf(state.place.id);
  const channel = conversation?.kind === "channel" ? channelOf(conversation.id) : null;
  const direct = conversation?.with ?? state.workspace.bot.id;
  const title = h(
    "h1",
    { class: "pane-title" },
    channel ? [icon("hash"), channel.name] : [avatar(direct, "tiny"), isApp(direct) ? appName() : nameOf(direct)],
  );
  place.replaceChildren(menu, title, channel ? members(channel) : isApp(direct) && tabs(onTab));
  document.title = `${channel ? `#${channel.name}` : appName()} · Sandbox workspace`;
}

function members(channel) {
  const ids = channel.members;
  const node = h(
    "button",
    {
      class: "members",
      type: "button",
      testid: "members",
      "aria-haspopup": "dialog",
      "aria-expanded": "false",
      "aria-label": `${ids.length} members`,
      onclick: () =>
        openPopover(
          node,
          [
            h("h3", { class: "popover-title" }, `${ids.length} members`),
            h("ul", { class: "member-list", tabindex: "0" }, ids.map(member)),
          ],
          { label: "Members" },
        ),
    },
    h(
      "span",
      { class: "faces" },
      ids.slice(0, 3).map((id) => avatar(id, "tiny")),
    ),
    String(ids.length),
  );
  return node;
}

function member(id) {
  const title = person(id)?.title || (isApp(id) ? "App" : "");
  return h(
    "li",
    {},
    avatar(id, "small"),
    h("span", { class: "option-text" }, h("span", {}, nameOf(id)), title && h("span", { class: "option-hint" }, title)),
  );
}

function tabs(onTab) {
  const tab = (kind, label) =>
    h(
      "button",
      {
        class: "tab",
        type: "button",
        testid: `tab-${label.toLowerCase()}`,
        "aria-current": state.place.kind === kind && "page",
        onclick: () => onTab(kind),
      },
      label,
    );
  return h("nav", { class: "tabs", "aria-label": appName() }, tab("home", "Home"), tab("conversation", "Messages"));
}

/** One line over the conversation: the connection is gone, or no app listens. */
export function drawNotice(connected) {
  const sentence = !connected
    ? "Connection lost. Trying again…"
    : channelOf(state.place.id)?.archived
      ? "This channel is archived. Nobody can post here any more."
      : state.workspace?.app_url === null
        ? "No app is connected to this workspace yet, so clicks and commands go nowhere."
        : "";
  notice.hidden = !sentence;
  notice.replaceChildren(...(sentence ? [icon("warn"), sentence] : []));
}
