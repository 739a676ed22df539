// The app's Home tab.

import { api } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { h, icon, swap } from "./dom.js";
import { appName, state } from "./state.js";
import { createSurface } from "./surface.js";
import { toast } from "./toast.js";

let typed = {};
let news = 0; // Homes heard of: an app may publish before our own question is answered

/** Tells the app that its Home was opened, and shows what it has published. */
export async function openHome(scroller) {
  const before = ++news;
  typed = {};
  draw(scroller, null, true);
  try {
    const view = await api.home(state.me);
    if (news === before) draw(scroller, view);
  } catch (problem) {
    toast(problem.message);
  }
}

export function homeHears(scroller, view) {
  news += 1;
  draw(scroller, view);
}

function draw(scroller, view, waiting = false) {
  if (state.place.kind !== "home") return;
  const fresh = view ? content(view) : nothing(waiting);
  const old = scroller.querySelector(".home");
  if (old) swap(old, fresh);
  else scroller.replaceChildren(fresh);
}

function content(view) {
  const surface = createSurface({ view_id: view.id }, { values: typed });
  return h("div", { class: "home", testid: "home", tabindex: "-1" }, drawBlocks(view.blocks ?? [], surface));
}

function nothing(waiting) {
  const words = waiting ? `Asking ${appName()} for its Home…` : `${appName()} has not published a Home for you yet.`;
  return h("div", { class: "home nothing", testid: "home" }, icon("home"), h("p", {}, words));
}
