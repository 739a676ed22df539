// The modal views of the person, as the server stacks them. What the server says is open is what is shown.

import { api } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { closeButton, openDialog } from "./dialog.js";
import { byTestId, h, icon } from "./dom.js";
import { plainString } from "./mrkdwn.js";
import { state } from "./state.js";
import { createSurface, showBusy } from "./surface.js";
import { toast } from "./toast.js";

const typed = new Map(); // view id -> values by block and action: they outlive updates and pushed views
let dialog = null;
let shown = null; // {id, signature, depth}
let stack = [];
let opener = null; // who had the keyboard before the modal
let reading = null;

/** Asks the server which views are open and shows the top one. Calls made meanwhile are answered by one more read. */
export async function syncViews() {
  if (reading) return reading.again();
  let again = false;
  reading = { again: () => (again = true) };
  try {
    do {
      again = false;
      const user = state.me;
      const views = await api.views(user);
      if (state.me === user) showStack(views);
      else again = true;
    } while (again);
  } catch (problem) {
    toast(problem.message);
  } finally {
    reading = null;
  }
}

function showStack(views) {
  stack = views;
  for (const id of typed.keys()) if (!views.some((view) => view.id === id)) typed.delete(id);
  const top = views.at(-1);
  if (!top) return hide();
  const signature = JSON.stringify(top);
  if (shown?.signature === signature && shown.depth === views.length) return;
  draw(top, views.length);
  shown = { id: top.id, signature, depth: views.length };
}

function hide() {
  dialog?.remove();
  dialog = null;
  shown = null;
  if (opener?.isConnected) opener.focus({ preventScroll: true });
  opener = null;
}

function draw(view, depth) {
  const first = !dialog;
  if (first) openFrame();
  const sameView = shown?.id === view.id;
  const held = sameView ? document.activeElement?.dataset?.testid : null;
  if (!typed.has(view.id)) typed.set(view.id, {});
  const values = keepOnly(typed.get(view.id), view.blocks);
  const surface = createSurface({ view_id: view.id }, { values, onFail: banner });
  const form = h(
    "form",
    { class: "modal-form", novalidate: true, onsubmit: (event) => submit(event, view, values) },
    head(view, depth),
    h("p", { class: "modal-banner", role: "alert", hidden: true }),
    h("div", { class: "modal-body" }, drawBlocks(view.blocks, surface)),
    foot(view),
  );
  for (const kind of ["input", "change"]) form.addEventListener(kind, forgive);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) form.requestSubmit();
  });
  dialog.replaceChildren(form);
  dialog.classList.toggle("stacked", depth > 1);
  const target = (held && byTestId(dialog, held)) || firstField();
  target?.focus({ preventScroll: !first });
}

/** Values of blocks that the new drawing no longer has are not sent. */
function keepOnly(values, blocks) {
  const present = new Set(blocks.map((block, index) => block.block_id ?? `block-${index}`));
  for (const blockId of Object.keys(values)) if (!present.has(blockId)) delete values[blockId];
  return values;
}

function openFrame() {
  opener = document.activeElement;
  dialog = h("dialog", { class: "modal", testid: "modal", "aria-labelledby": "modal-title" });
  openDialog(dialog, { onDismiss: closeTop });
}

const firstField = () =>
  dialog.querySelector(".modal-body :is(input, textarea, button, [tabindex='0'])") ?? byTestId(dialog, "modal-submit");

function head(view, depth) {
  const back = h(
    "button",
    { class: "icon-button", type: "button", "aria-label": "Back", testid: "modal-back", onclick: closeTop },
    icon("back"),
  );
  return h(
    "header",
    { class: "modal-head" },
    depth > 1 && back,
    h("span", { class: "avatar app tiny", "aria-hidden": "true" }, icon("baton")),
    h("h2", { id: "modal-title" }, plainString(view.title)),
    closeButton(closeAll, "modal-close"),
  );
}

function foot(view) {
  if (!view.submit && !view.close) return null;
  return h(
    "footer",
    { class: "modal-foot" },
    h(
      "button",
      { class: "button", type: "button", testid: "modal-cancel", onclick: closeTop },
      view.close ? plainString(view.close) : "Cancel",
    ),
    view.submit &&
      h(
        "button",
        { class: "button primary", type: "submit", testid: "modal-submit" },
        h("span", { class: "button-label" }, plainString(view.submit)),
      ),
  );
}

function banner(sentence) {
  const box = dialog?.querySelector(".modal-banner");
  if (!box) return toast(sentence);
  box.replaceChildren(icon("warn"), sentence);
  box.hidden = false;
}

async function submit(event, view, values) {
  event.preventDefault();
  const button = byTestId(dialog, "modal-submit");
  if (!button || button.ariaDisabled === "true") return;
  dialog.querySelector(".modal-banner").hidden = true;
  showErrors({});
  const sending = api.submit(state.me, view.id, values);
  showBusy(
    button,
    sending.catch(() => {}),
  );
  try {
    const answer = await sending;
    if (Object.keys(answer.errors ?? {}).length) showErrors(answer.errors);
    else if (!answer.ok) banner(answer.error ?? "We had some trouble connecting. Try again?");
    else await syncViews();
  } catch (problem) {
    banner(problem.message);
  }
}

function showErrors(errors) {
  for (const block of dialog.querySelectorAll(".input-block")) showError(block, errors[block.dataset.block] ?? "");
  dialog.querySelector(".invalid :is(input, textarea, .select)")?.focus();
}

function showError(block, text) {
  const place = block.querySelector(".field-error");
  place.replaceChildren(...(text ? [icon("warn"), text] : []));
  place.hidden = !text;
  block.classList.toggle("invalid", Boolean(text));
  byTestId(block, `field-${block.dataset.block}`)?.setAttribute("aria-invalid", String(Boolean(text)));
}

/** What is being corrected is no longer called wrong. */
function forgive(event) {
  const block = event.target.closest(".input-block.invalid");
  if (block && !event.target.closest(".filter")) showError(block, "");
}

const closeTop = () => close(stack.slice(-1));
const closeAll = () => close([...stack].reverse());

async function close(views) {
  try {
    for (const view of views) await api.close(state.me, view.id);
  } catch (problem) {
    toast(problem.message);
  }
  await syncViews();
}

/** Another pair of eyes: their views are other views. */
export function forgetViews() {
  typed.clear();
  stack = [];
  hide();
}
