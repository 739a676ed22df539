// The frame of a modal: the browser's own dialog, with the keyboard kept inside.

import { h, icon } from "./dom.js";
import { plainString, textObject } from "./mrkdwn.js";

const FOCUSABLE = "a[href], button:not(:disabled), input:not(:disabled), textarea:not(:disabled), [tabindex='0']";

export function openDialog(dialog, { onDismiss }) {
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    onDismiss();
  });
  dialog.addEventListener("keydown", (event) => {
    const popoverOpen = dialog.querySelector(":popover-open");
    if (event.key === "Tab" && !popoverOpen) wrapTab(dialog, event);
    if (event.key !== "Escape" || popoverOpen) return;
    event.preventDefault(); // a second Escape would close the dialog without asking us
    onDismiss();
  });
  document.body.append(dialog);
  dialog.showModal();
}

function wrapTab(dialog, event) {
  const stops = [...dialog.querySelectorAll(FOCUSABLE)].filter((node) => node.checkVisibility());
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (document.activeElement !== edge) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0]).focus();
}

/** Slack's confirm object, as a question. Resolves to whether the person agreed. */
export function confirmed(question) {
  const before = document.activeElement;
  return new Promise((resolve) => {
    const answer = (agreed) => {
      dialog.remove();
      before?.focus?.({ preventScroll: true });
      resolve(agreed);
    };
    const danger = question.style === "danger" ? "danger" : "primary";
    const title = h("h2", { id: "confirm-title" }, plainString(question.title));
    const yes = h(
      "button",
      { class: `button ${danger}`, type: "button", testid: "confirm-yes", onclick: () => answer(true) },
      plainString(question.confirm),
    );
    const no = h(
      "button",
      { class: "button", type: "button", testid: "confirm-no", onclick: () => answer(false) },
      plainString(question.deny),
    );
    const dialog = h(
      "dialog",
      { class: "modal small", testid: "confirm", "aria-labelledby": "confirm-title" },
      h(
        "header",
        { class: "modal-head" },
        title,
        closeButton(() => answer(false)),
      ),
      h("div", { class: "modal-body" }, h("p", {}, textObject(question.text))),
      h("footer", { class: "modal-foot" }, no, yes),
    );
    openDialog(dialog, { onDismiss: () => answer(false) });
    yes.focus();
  });
}

export function closeButton(onclick, testid = null) {
  return h("button", { class: "icon-button", type: "button", "aria-label": "Close", testid, onclick }, icon("close"));
}
