// The page as a whole: who looks, at what, and what happens when the server speaks.

import { api } from "./api.js";
import { createComposer } from "./composer.js";
import { byTestId, h, icon } from "./dom.js";
import { listen } from "./events.js";
import { homeHears, openHome } from "./home.js";
import { createMessageList } from "./messages.js";
import { forgetViews, syncViews } from "./modal.js";
import { plainString } from "./mrkdwn.js";
import { drawHead, drawNotice } from "./pane.js";
import { drawConversations, drawSwitch } from "./sidebar.js";
import { appConversation, conversationOf, nameOf, people, person, readHash, state, writeHash } from "./state.js";
import { closeThread, openThread, reloadThread, threadForgets, threadHears } from "./thread.js";
import { say, toast } from "./toast.js";

const PAGE = 100; // messages asked for at once
const KEPT = 300; // messages that a long day may leave on the page
const MOST = 1000; // messages that the server gives at once
const scroller = document.querySelector("#scroller");
const homePlace = document.querySelector("#home-place");
const earlier = h(
  "button",
  { class: "earlier", type: "button", hidden: true, onclick: showEarlier },
  "Show earlier messages",
);
scroller.append(earlier);
const list = createMessageList(scroller, {
  onThread: openThread,
  onSeen: markRead,
  pill: document.querySelector("#new-pill"),
});
let limit = PAGE;
let connected = true;
let stopListening = () => {};
let refreshing = 0;
let heard = 0; // how often the server has spoken of messages

async function start() {
  try {
    state.workspace = await api.workspace();
  } catch (problem) {
    toast(problem.message);
    setTimeout(start, 2000);
    return;
  }
  document.querySelector("#team-name").textContent = state.workspace.team.name;
  addEventListener("hashchange", followHash);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && markRead());
  document.addEventListener("keydown", (event) => event.key === "Escape" && showSidebar(false));
  document.querySelector("#backdrop").addEventListener("click", () => showSidebar(false));
  try {
    await followHash();
  } finally {
    // Not before: a command is run in the conversation that one looks at, and until now there was none.
    createComposer(() => state.place.id, list.toBottom);
  }
}

async function followHash() {
  const wanted = readHash();
  const user = person(wanted.as) ? wanted.as : (state.me ?? people()[0].id);
  if (user !== state.me) await lookAs(user, wanted.in);
  else if (wanted.at || isElsewhere(wanted.in)) await open(placeNamed(wanted.in));
  if (wanted.at && !list.reveal(wanted.at)) toast("That message is not here any more, or not for these eyes.");
}

const isElsewhere = (place) =>
  place === "home" ? state.place.kind !== "home" : place && (place !== state.place.id || state.place.kind === "home");

function placeNamed(name) {
  if (name === "home") return { kind: "home", id: appConversation()?.id ?? null };
  const wanted = name === "messages" ? appConversation() : conversationOf(name);
  return { kind: "conversation", id: (wanted ?? state.conversations[0])?.id ?? null };
}

/** Changes whose eyes we use; stays in the same place when that person may be there too. */
async function lookAs(user, wantedPlace = state.place.kind === "home" ? "home" : state.place.id) {
  stopListening();
  closeThread();
  forgetViews();
  state.me = user;
  stopListening = listen(user, { onEvent, onReconnect: readEverything, onState });
  drawSwitch(lookAs);
  await quietly(async () => {
    state.conversations = await api.conversations(user);
    if (state.me === user) await open(placeNamed(wantedPlace));
  });
  await syncViews();
}

async function open(place) {
  const unread = conversationOf(place.id)?.unread ?? 0;
  closeThread();
  showSidebar(false);
  limit = PAGE;
  state.place = place;
  writeHash();
  drawHead({ onTab: (kind) => open({ kind, id: place.id }), onMenu: () => showSidebar(true) });
  drawNotice(connected);
  drawConversations(open);
  const home = place.kind === "home";
  for (const part of document.querySelectorAll(".for-messages")) part.hidden = home;
  homePlace.hidden = !home;
  if (home) await openHome(homePlace);
  else await quietly(() => readMessages({ unread }));
}

async function readMessages(how) {
  const { id } = state.place;
  if (!id) return;
  const user = state.me;
  const before = heard;
  const messages = await api.messages(user, id, { limit });
  if (state.place.id !== id || state.me !== user) return; // someone has moved on while we waited
  if (heard !== before) return readMessages(how); // what came meanwhile may be missing in this answer
  earlier.hidden = messages.length < limit || limit === MOST;
  list.show(messages.filter(isTopLevel), how);
  await markRead();
}

async function showEarlier() {
  limit = Math.min(MOST, Math.max(limit, list.count()) + PAGE);
  await quietly(() => readMessages({ keepPlace: true }));
}

const isTopLevel = (message) => !message.thread_ts || message.thread_ts === message.ts || message.ephemeral;

async function readEverything() {
  await quietly(async () => {
    state.workspace = await api.workspace();
    drawNotice(connected);
    await refreshConversations();
    if (state.place.kind === "conversation") await readMessages({ keepPlace: true });
    else await openHome(homePlace);
    await reloadThread();
  });
  await syncViews();
}

async function refreshConversations() {
  const user = state.me;
  const conversations = await api.conversations(user);
  if (state.me !== user) return;
  state.conversations = conversations;
  drawConversations(open);
}

/** Many messages at once ask for one reading of the unread counts. */
function refreshSoon() {
  clearTimeout(refreshing);
  refreshing = setTimeout(() => quietly(refreshConversations), 120);
}

async function markRead() {
  const { kind, id } = state.place;
  if (kind !== "conversation" || !id || document.visibilityState !== "visible") return;
  await quietly(async () => {
    await api.read(state.me, id);
    refreshSoon();
  });
}

const HEARD = {
  message: heardMessage,
  ephemeral: heardMessage,
  changed: heardChange,
  deleted: (gone) => {
    if (gone.channel === state.place.id) list.remove(gone.ts);
    threadForgets(gone);
    refreshSoon();
  },
  view: () => syncViews(),
  view_closed: () => syncViews(),
  home: ({ view }) => homeHears(homePlace, view ?? null),
  workspace: () => readEverything(),
  toast: (data) => toast(data.text ?? data.error ?? data.message ?? "Something went wrong."),
};

function onEvent(name, data) {
  if (["message", "ephemeral", "changed", "deleted"].includes(name)) heard += 1;
  HEARD[name](data);
}

function heardMessage(message) {
  threadHears(message);
  const here = state.place.kind === "conversation" && message.channel === state.place.id;
  if (here && isTopLevel(message)) {
    if (list.upsert(message)) markRead();
    else refreshSoon();
    if (list.trim(Math.max(KEPT, limit))) earlier.hidden = false;
  } else {
    refreshSoon();
  }
  if (here || message.ephemeral) say(`${nameOf(message.user)}: ${plainString({ text: message.text ?? "" })}`);
}

function heardChange(message) {
  threadHears(message);
  if (message.channel === state.place.id && list.has(message.ts)) list.upsert(message);
}

function onState(isConnected) {
  connected = isConnected;
  drawNotice(connected);
}

async function quietly(work) {
  try {
    await work();
  } catch (problem) {
    toast(problem.message);
  }
}

function showSidebar(shown) {
  document.body.classList.toggle("sidebar-open", shown);
  document.querySelector("#backdrop").hidden = !shown;
  if (shown) byTestId(document, "as-switch")?.focus();
}

document.querySelector("#outside-link").prepend(icon("out"));
start();
