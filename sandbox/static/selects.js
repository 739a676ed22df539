// All the selects: one button, one list; what differs is where the options come from and what the answer is called.

import { h, icon, uid } from "./dom.js";
import { openList, openSearch } from "./listbox.js";
import { avatar } from "./faces.js";
import { plainString, textObject } from "./mrkdwn.js";
import { people, state } from "./state.js";

const fromOption = (option) => ({
  key: option.value,
  answer: option,
  label: textObject(option.text),
  search: plainString(option.text),
  text: plainString(option.text),
  hint: option.description && textObject(option.description),
});

const fromPerson = (user) => ({
  key: user.id,
  answer: user.id,
  label: [user.real_name || user.name],
  text: user.real_name || user.name,
  search: `${user.real_name} ${user.name} ${user.title ?? ""}`,
  hint: user.title ? [user.title] : null,
  lead: avatar(user.id, "tiny"),
});

const fromChannel = (channel) => ({
  key: channel.id,
  answer: channel.id,
  label: [`#${channel.name}`],
  search: channel.name,
  text: `#${channel.name}`,
});

const OPTIONS = {
  answer: "selected_option",
  answers: "selected_options",
  initial: "initial_option",
  initials: "initial_options",
  groups: optionGroups,
};
const PEOPLE = {
  answer: "selected_user",
  answers: "selected_users",
  initial: "initial_user",
  initials: "initial_users",
  groups: () => [{ options: people().map(fromPerson) }],
};
const channelGroups = () => [{ options: state.workspace.channels.map(fromChannel) }];

const MIN_QUERY = 3; // characters, where the app does not say

const SOURCES = {
  static_select: OPTIONS,
  multi_static_select: OPTIONS,
  external_select: OPTIONS,
  multi_external_select: OPTIONS,
  users_select: PEOPLE,
  multi_users_select: PEOPLE,
  channels_select: { answer: "selected_channel", initial: "initial_channel", groups: channelGroups },
  conversations_select: { answer: "selected_conversation", initial: "initial_conversation", groups: channelGroups },
};

function optionGroups(element) {
  if (!element.option_groups) return [{ options: (element.options ?? []).map(fromOption) }];
  return element.option_groups.map((group) => ({
    label: plainString(group.label),
    options: group.options.map(fromOption),
  }));
}

export function selectBox(element, { blockId, surface, change, testid, describe }) {
  const source = SOURCES[element.type];
  const multi = element.type.startsWith("multi_");
  const external = element.type.endsWith("external_select");
  const groups = source.groups(element);
  const all = groups.flatMap((group) => group.options);
  const stored = surface.valueOf(blockId, element);
  let chosen = external
    ? externalChoice(element, multi, stored)
    : startingChoice(element, source, multi, stored, all);
  const placeholder = plainString(element.placeholder) || "Choose an option";
  const detail = () => {
    const answers = chosen.map((one) => one.answer);
    return multi ? { [source.answers]: answers } : { [source.answer]: answers[0] ?? null };
  };
  const shown = h("span", { class: "select-value", id: uid("value") });
  const node = h(
    "button",
    {
      class: "select",
      type: "button",
      testid: testid ?? `select-${element.action_id}`,
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      ...describe,
      "aria-labelledby": describe["aria-labelledby"] && `${describe["aria-labelledby"]} ${shown.id}`,
      "aria-label": describe["aria-labelledby"] ? null : placeholder,
      onclick: () => node.ariaDisabled !== "true" && open(),
    },
    shown,
    icon("down"),
  );

  const marked = (given) =>
    given.map((group) => ({
      ...group,
      options: group.options.map((one) => ({ ...one, selected: chosen.some(({ key }) => key === one.key) })),
    }));

  function open() {
    const list = { label: placeholder, multi, onPick: pick };
    if (!external) return openList(node, { ...list, groups: () => marked(groups) });
    const least = element.min_query_length ?? MIN_QUERY;
    const find = async (words) => marked(optionGroups(await surface.search(blockId, element, words)));
    openSearch(node, { ...list, least, find });
  }

  function pick(option) {
    if (!multi) chosen = [option];
    else if (chosen.some(({ key }) => key === option.key)) chosen = chosen.filter(({ key }) => key !== option.key);
    else if (chosen.length < (element.max_selected_items ?? Infinity)) chosen = [...chosen, option];
    draw();
    change(detail(), node);
    node.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function draw() {
    shown.classList.toggle("empty", !chosen.length);
    if (!chosen.length) shown.replaceChildren(placeholder);
    else if (multi) shown.replaceChildren(...chosen.map((one) => h("span", { class: "chip" }, one.text)));
    else shown.replaceChildren(chosen[0].text);
  }

  draw();
  surface.remember(blockId, element, detail());
  return node;
}

function startingChoice(element, source, multi, stored, all) {
  const given = multi
    ? (stored?.[source.answers] ?? element[source.initials])
    : (stored?.[source.answer] ?? element[source.initial]);
  const keys = new Set(
    [given]
      .flat()
      .filter(Boolean)
      .map((one) => one.value ?? one),
  );
  return all.filter((one) => keys.has(one.key));
}

/** Of an external select: what was chosen came from a search, so the choice itself is all there is. */
function externalChoice(element, multi, stored) {
  const given = stored ?? element;
  const [one, many] = stored ? ["selected_option", "selected_options"] : ["initial_option", "initial_options"];
  return [multi ? given[many] : given[one]].flat().filter(Boolean).map(fromOption);
}
