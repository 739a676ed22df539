// Pictures in blocks. Ours can be looked at in full; those of other hosts are told by their words.

import { closeButton, openDialog } from "./dialog.js";
import { h, icon } from "./dom.js";

/** This page loads nothing from elsewhere, so a picture of another host is shown by its alt text. */
export function picture(element, size) {
  const address = element.slack_file ? `/_api/files/${encodeURIComponent(element.slack_file.id)}` : element.image_url;
  const words = element.alt_text ?? "";
  const own = URL.canParse(address, location.href) && new URL(address, location.href).origin === location.origin;
  if (!own)
    return h(
      "span",
      { class: `picture stand-in ${size}`, role: "img", "aria-label": words, title: words },
      icon("image"),
      size === "wide" && words,
    );
  const drawn = h("img", { class: `picture ${size}`, src: address, alt: words });
  if (size !== "wide") return drawn;
  const opener = h(
    "button",
    { class: "enlarge", type: "button", testid: "enlarge", onclick: () => enlarged(address, words, opener) },
    drawn,
    h("span", { class: "visually-hidden" }, " Enlarge"),
  );
  return opener;
}

function enlarged(address, words, opener) {
  const close = () => {
    dialog.remove();
    if (opener.isConnected) opener.focus({ preventScroll: true });
  };
  const closer = closeButton(close, "enlarged-close");
  const full = h("img", { src: address, alt: words });
  const dialog = h("dialog", { class: "enlarged", testid: "enlarged", "aria-label": words || "Picture" }, closer, full);
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  openDialog(dialog, { onDismiss: close });
  closer.focus();
}
