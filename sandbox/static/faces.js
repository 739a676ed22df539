// Avatars: initials on the person's colour, and the app's own mark.

import { h, icon } from "./dom.js";
import { isApp, nameOf, person } from "./state.js";

const COLORS = ["#b4532a", "#8a5a00", "#4c7a1f", "#0b7a5e", "#1f6f9c", "#4b5fc4", "#8547b5", "#b53a78"];

function colorOf(id) {
  const given = person(id)?.color ?? "";
  if (/^#?[0-9a-f]{6}$/i.test(given)) return given.startsWith("#") ? given : `#${given}`;
  const sum = [...(id ?? "")].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return COLORS[sum % COLORS.length];
}

function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  return ((words[0]?.[0] ?? "?") + (words.length > 1 ? words.at(-1)[0] : "")).toUpperCase();
}

export function avatar(id, size = "") {
  if (isApp(id)) return h("span", { class: `avatar app ${size}`, "aria-hidden": "true" }, icon("baton"));
  const node = h("span", { class: `avatar ${size}`, "aria-hidden": "true" }, initials(nameOf(id)));
  node.style.backgroundColor = colorOf(id);
  return node;
}
