// Something that opens under a button: lists, menus, the people of a channel. The browser closes it on Escape or a click
// elsewhere.

import { h } from "./dom.js";

const GAP = 6;

export function openPopover(anchor, content, { label, matchWidth = false, className = "" } = {}) {
  const box = h(
    "div",
    { class: `popover ${className}`, popover: "auto", role: "dialog", "aria-label": label },
    content,
  );
  // Inside an open modal everything outside of it is inert, so the popover is born inside.
  (anchor.closest("dialog") ?? document.body).append(box);
  box.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    anchor.setAttribute("aria-expanded", "false");
    const returning = box.contains(document.activeElement) || document.activeElement === document.body;
    box.remove();
    if (returning && anchor.isConnected) anchor.focus({ preventScroll: true });
  });
  anchor.setAttribute("aria-expanded", "true");
  box.showPopover();
  place(box, anchor, matchWidth);
  return { box, close: () => box.isConnected && box.hidePopover() };
}

function place(box, anchor, matchWidth) {
  const from = anchor.getBoundingClientRect();
  if (matchWidth) box.style.minWidth = `${from.width}px`;
  const size = box.getBoundingClientRect();
  const below = from.bottom + GAP + size.height <= innerHeight || from.top < size.height + GAP;
  const top = below ? from.bottom + GAP : from.top - GAP - size.height;
  const left = Math.min(Math.max(8, from.left), innerWidth - size.width - 8);
  box.style.top = `${Math.max(8, Math.min(top, innerHeight - size.height - 8))}px`;
  box.style.left = `${Math.max(8, left)}px`;
}
