// The box below a conversation. It runs slash commands; talking is for people, and nobody here is one.

import { api } from "./api.js";
import { h, icon } from "./dom.js";
import { createList } from "./listbox.js";
import { showBusy } from "./surface.js";
import { state } from "./state.js";
import { toast } from "./toast.js";

const place = document.querySelector("#composer-place");

const field = h("input", {
  class: "composer-field",
  type: "text",
  testid: "composer",
  autocomplete: "off",
  spellcheck: "false",
  role: "combobox",
  "aria-expanded": "false",
  "aria-autocomplete": "list",
  "aria-label": "Run a slash command",
  placeholder: "Type / to run a command. Plain messages cannot be posted here.",
  oninput: suggest,
  onkeydown: key,
  onfocus: suggest,
  onblur: () => hide(),
});
const runButton = h(
  "button",
  { class: "send", type: "submit", "aria-label": "Run the command", testid: "composer-run" },
  icon("send"),
);
const list = createList({ label: "Slash commands", onPick: (option) => complete(option.command) });
const suggestions = h(
  "div",
  { class: "suggestions", hidden: true },
  h("p", { class: "suggestions-title" }, "Commands"),
  list.node,
);

/** Draws the composer; `conversation()` tells where a command would be run, `onRun` hears of it. */
export function createComposer(conversation, onRun) {
  const form = h(
    "form",
    { class: "composer", onsubmit: (event) => run(event, conversation(), onRun) },
    suggestions,
    field,
    runButton,
  );
  // A click on a suggestion must not take the keyboard out of the field.
  suggestions.addEventListener("pointerdown", (event) => event.preventDefault());
  list.steer(field);
  place.replaceChildren(form);
}

const matching = () => {
  const words = field.value.split(/\s/, 1)[0];
  if (!words.startsWith("/")) return [];
  const typing = !/\s/.test(field.value);
  return state.workspace.commands.filter((one) => (typing ? one.command.startsWith(words) : one.command === words));
};

function suggest() {
  const commands = matching();
  suggestions.hidden = !commands.length;
  field.setAttribute("aria-expanded", String(Boolean(commands.length)));
  if (!commands.length) return;
  list.render([
    {
      options: commands.map((one) => ({
        key: one.command,
        command: one.command,
        search: one.command,
        label: [h("strong", {}, one.command), one.usage_hint && h("span", { class: "usage" }, ` ${one.usage_hint}`)],
        hint: one.description ? [one.description] : null,
      })),
    },
  ]);
}

function hide() {
  suggestions.hidden = true;
  field.setAttribute("aria-expanded", "false");
}

function complete(command) {
  field.value = `${command} `;
  field.focus();
  suggest();
}

function key(event) {
  if (suggestions.hidden) return;
  if (event.key === "Escape") {
    hide();
    event.stopPropagation();
  } else if (["ArrowDown", "ArrowUp"].includes(event.key)) {
    list.key(event);
  } else if (["Tab", "Enter"].includes(event.key)) {
    const command = list.active()?.command;
    const unfinished = command && field.value.trim() !== command && !/\s/.test(field.value);
    if (!unfinished) return;
    event.preventDefault();
    complete(command);
  }
}

async function run(event, channel, onRun) {
  event.preventDefault();
  const [command, ...rest] = field.value.trim().split(/\s+/);
  if (!command || runButton.ariaDisabled === "true") return;
  if (!command.startsWith("/")) return toast("Plain messages cannot be posted here. Type / to run a command.");
  if (!state.workspace.commands.some((one) => one.command === command))
    return toast(`${command} is not a valid command. Type / for the list.`);
  hide();
  onRun();
  const sent = field.value;
  field.value = "";
  const running = api.command(state.me, channel, command, rest.join(" "));
  showBusy(
    runButton,
    running.catch(() => {}),
  );
  try {
    const answer = await running;
    if (!answer.ok) fail(answer.error ?? `${command} did not work.`, sent);
  } catch (problem) {
    fail(problem.message, sent);
  }
}

/** What was typed comes back, unless something else has been typed since. */
function fail(sentence, sent) {
  if (!field.value) field.value = sent;
  toast(sentence);
}
