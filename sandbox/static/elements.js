// Block Kit's interactive elements. Each takes (element, blockId, surface, dispatch) and returns one control.
// `dispatch` says whether a change is told to the app at once (actions, accessories) or waits for the submit (inputs).

import { h, icon, uid } from "./dom.js";
import { openList } from "./listbox.js";
import { plainString, textObject } from "./mrkdwn.js";
import { selectBox } from "./selects.js";

const DRAWN = {
  button,
  overflow,
  static_select: selectBox,
  multi_static_select: selectBox,
  external_select: selectBox,
  multi_external_select: selectBox,
  users_select: selectBox,
  multi_users_select: selectBox,
  channels_select: selectBox,
  conversations_select: selectBox,
  radio_buttons: choices,
  checkboxes: choices,
  plain_text_input: textInput,
  email_text_input: textInput,
  url_text_input: textInput,
  number_input: textInput,
  datepicker: dateOrTime,
  timepicker: dateOrTime,
  datetimepicker: dateOrTime,
};

export function drawElement(element, blockId, surface, { dispatch, testid = null, describe = {} }) {
  const draw = DRAWN[element.type];
  if (!draw) return h("span", { class: "unsupported" }, `[${element.type} is not drawn here]`);
  const change = (detail, control) => {
    surface.remember(blockId, element, detail);
    if (dispatch) surface.press(blockId, element, detail, control);
  };
  const control = draw(element, { blockId, surface, change, testid, describe });
  surface.adopt(blockId, element, control);
  return control;
}

function button(element, { blockId, surface }) {
  const style = ["primary", "danger"].includes(element.style) ? element.style : "";
  const node = h(
    "button",
    {
      class: `button ${style}`,
      type: "button",
      testid: `button-${element.action_id}`,
      "aria-label": element.accessibility_label,
      onclick: () => {
        if (node.ariaDisabled === "true") return;
        if (/^https?:\/\//.test(element.url ?? "")) window.open(element.url, "_blank", "noopener,noreferrer");
        surface.press(blockId, element, { value: element.value }, node);
      },
    },
    h("span", { class: "button-label" }, plainString(element.text)),
    element.url && icon("out"),
  );
  return node;
}

function overflow(element, { blockId, surface }) {
  const options = element.options.map((option) => ({
    key: option.value,
    option,
    label: textObject(option.text),
    search: plainString(option.text),
    hint: option.description && textObject(option.description),
  }));
  const node = h(
    "button",
    {
      class: "button overflow",
      type: "button",
      testid: `button-${element.action_id}`,
      "aria-label": "More actions",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      onclick: () =>
        node.ariaDisabled !== "true" &&
        openList(node, { label: "More actions", groups: () => [{ options }], onPick: picked }),
    },
    icon("more"),
  );
  const picked = ({ option }) => {
    if (/^https?:\/\//.test(option.url ?? "")) window.open(option.url, "_blank", "noopener,noreferrer");
    surface.press(blockId, element, { selected_option: option }, node);
  };
  return node;
}

function choices(element, { blockId, surface, change, testid, describe }) {
  const many = element.type === "checkboxes";
  const stored = surface.valueOf(blockId, element);
  const initial = many
    ? (stored?.selected_options ?? element.initial_options)
    : (stored?.selected_option ?? element.initial_option);
  const chosen = new Set(
    [initial]
      .flat()
      .filter(Boolean)
      .map((option) => option.value),
  );
  const name = uid("choice");
  const detail = () => {
    const options = element.options.filter((option) => chosen.has(option.value));
    return many ? { selected_options: options } : { selected_option: options[0] ?? null };
  };
  const toggle = (option, checked) => {
    if (!many) chosen.clear();
    if (checked) chosen.add(option.value);
    else chosen.delete(option.value);
    change(detail(), node);
  };
  const rows = element.options.map((option) =>
    h(
      "label",
      { class: "choice" },
      h("input", {
        type: many ? "checkbox" : "radio",
        name,
        checked: chosen.has(option.value),
        testid: `option-${option.value}`,
        onchange: (event) => toggle(option, event.target.checked),
      }),
      h(
        "span",
        {},
        h("span", { class: "choice-label" }, textObject(option.text)),
        option.description && h("span", { class: "choice-hint" }, textObject(option.description)),
      ),
    ),
  );
  const node = h("div", { class: "choices", role: many ? "group" : "radiogroup", testid, ...describe }, rows);
  surface.remember(blockId, element, detail());
  return node;
}

const INPUT_TYPES = {
  email_text_input: "email",
  url_text_input: "url",
  number_input: "text",
  plain_text_input: "text",
};

function textInput(element, { blockId, surface, change, testid, describe }) {
  const initial = surface.valueOf(blockId, element)?.value ?? element.initial_value ?? "";
  const value = () => ({ value: node.value === "" ? null : node.value });
  const props = {
    class: "input",
    testid,
    placeholder: element.placeholder && plainString(element.placeholder),
    value: initial,
    autocomplete: "off",
    ...describe,
    oninput: () => surface.remember(blockId, element, value()),
  };
  const node = element.multiline
    ? h("textarea", { ...props, rows: 4 })
    : h("input", {
        ...props,
        type: INPUT_TYPES[element.type],
        inputmode: element.type === "number_input" ? "decimal" : null,
      });
  // With dispatch_action Slack tells the app on Enter; the submit of the form stays with the form.
  node.addEventListener("change", () => change(value(), node));
  surface.remember(blockId, element, value());
  return node;
}

const CLOCKS = {
  datepicker: { type: "date", key: "selected_date", initial: "initial_date", name: "Choose a date" },
  timepicker: { type: "time", key: "selected_time", initial: "initial_time", name: "Choose a time" },
  datetimepicker: {
    type: "datetime-local",
    key: "selected_date_time",
    initial: "initial_date_time",
    name: "Choose a date and a time",
  },
};

function dateOrTime(element, { blockId, surface, change, testid, describe }) {
  const { type, key, initial, name } = CLOCKS[element.type];
  const seconds = type === "datetime-local";
  const read = () => {
    if (!node.value) return { [key]: null };
    return { [key]: seconds ? Math.floor(new Date(node.value).getTime() / 1000) : node.value };
  };
  const before = surface.valueOf(blockId, element)?.[key] ?? element[initial] ?? "";
  const node = h("input", {
    class: "input clock",
    type,
    testid: testid ?? `select-${element.action_id}`,
    value: seconds && before ? localInput(before) : before,
    ...describe,
    "aria-label": describe["aria-labelledby"] ? null : plainString(element.placeholder) || name,
    onchange: () => change(read(), node),
  });
  surface.remember(blockId, element, read());
  return node;
}

function localInput(seconds) {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
