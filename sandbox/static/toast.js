// Short sentences at the edge of the page, and the words a screen reader hears.

import { h, icon } from "./dom.js";

const SECONDS_SHOWN = 8;
const region = document.querySelector("#toasts");
const spoken = document.querySelector("#spoken");

export function toast(sentence, kind = "error") {
  const dismiss = h(
    "button",
    { class: "icon-button", "aria-label": "Dismiss", onclick: () => remove(box) },
    icon("close"),
  );
  const box = h(
    "div",
    { class: `toast ${kind}`, testid: "toast", role: kind === "error" ? "alert" : "status" },
    icon(kind === "error" ? "warn" : "check"),
    h("p", {}, sentence),
    dismiss,
  );
  region.append(box);
  // Shown anew each time: what opens last lies on top, also over an open modal.
  if (region.matches(":popover-open")) region.hidePopover();
  region.showPopover();
  setTimeout(() => remove(box), SECONDS_SHOWN * 1000);
}

function remove(box) {
  box.remove();
  if (!region.childElementCount && region.matches(":popover-open")) region.hidePopover();
}

export function say(sentence) {
  spoken.append(h("p", {}, sentence));
  while (spoken.childElementCount > 5) spoken.firstChild.remove();
}
