// What a block is drawn on: a message, a modal or the Home tab. It carries presses to the server and remembers input.

import { api } from "./api.js";
import { confirmed } from "./dialog.js";
import { state } from "./state.js";
import { toast } from "./toast.js";

const inFlight = new Map(); // key of an element -> promise of its press

/** where: {channel, ts} or {view_id}. `values` outlives a redraw, as Slack keeps what one has typed. */
export function createSurface(where, { values = {}, onFail = toast } = {}) {
  const keyOf = (blockId, element) => [state.me, ...Object.values(where), blockId, element.action_id].join("/");

  function remember(blockId, element, detail) {
    values[blockId] = { ...values[blockId], [element.action_id]: { type: element.type, ...detail } };
  }

  async function press(blockId, element, detail, control) {
    const key = keyOf(blockId, element);
    if (inFlight.has(key)) return;
    if (element.confirm && !(await confirmed(element.confirm))) return;
    const action = { ...where, block_id: blockId, action_id: element.action_id, ...detail, values };
    const pressing = api
      .press(state.me, action)
      .then(
        (answer) => answer.ok || onFail(answer.error ?? "That did not work. Try again."),
        (problem) => onFail(problem.message),
      )
      .finally(() => inFlight.delete(key));
    inFlight.set(key, pressing);
    showBusy(control, pressing);
    await pressing;
  }

  /** A card may be redrawn while its press is under way: the new drawing spins too. */
  function adopt(blockId, element, control) {
    const pressing = inFlight.get(keyOf(blockId, element));
    if (pressing) showBusy(control, pressing);
  }

  /** What the app offers for `value`, typed into an external select. Rejects with a sentence. */
  async function search(blockId, element, value) {
    const question = { ...where, block_id: blockId, action_id: element.action_id, value };
    const answer = await api.search(state.me, question);
    if (!answer.ok) throw new Error(answer.error);
    return answer;
  }

  const valueOf = (blockId, element) => values[blockId]?.[element.action_id] ?? null;

  return { remember, press, adopt, search, valueOf };
}

export function showBusy(control, until) {
  control.classList.add("busy");
  control.setAttribute("aria-busy", "true");
  control.setAttribute("aria-disabled", "true");
  until.finally(() => {
    control.classList.remove("busy");
    control.removeAttribute("aria-busy");
    control.removeAttribute("aria-disabled");
  });
}
