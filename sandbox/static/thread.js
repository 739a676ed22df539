// The side panel with one thread.

import { api } from "./api.js";
import { closeButton } from "./dialog.js";
import { h } from "./dom.js";
import { createMessageList } from "./messages.js";
import { channelOf, state } from "./state.js";
import { toast } from "./toast.js";

const panel = document.querySelector("#thread");
let open = null; // {channel, ts, list, opener}

export async function openThread(message) {
  const ts = message.thread_ts ?? message.ts;
  const scroller = h("div", { class: "scroller" });
  const closer = closeButton(closeThread, "thread-close");
  const where = channelOf(message.channel);
  panel.replaceChildren(
    h(
      "header",
      { class: "thread-head" },
      h("h2", {}, "Thread"),
      h("span", { class: "thread-where" }, where ? `#${where.name}` : "Direct message"),
      closer,
    ),
    scroller,
  );
  panel.hidden = false;
  open = {
    channel: message.channel,
    ts,
    opener: document.activeElement,
    list: createMessageList(scroller, { inThread: true }),
  };
  state.thread = ts;
  closer.focus();
  await reloadThread();
}

export async function reloadThread() {
  const thread = open;
  if (!thread) return;
  try {
    const messages = await api.messages(state.me, thread.channel, { thread: thread.ts });
    if (open === thread) thread.list.show(messages);
  } catch (problem) {
    toast(problem.message);
  }
}

export function closeThread() {
  if (!open) return;
  if (open.opener?.isConnected) open.opener.focus({ preventScroll: true });
  open = null;
  state.thread = null;
  panel.hidden = true;
  panel.replaceChildren();
}

const isMine = (message) =>
  open && message.channel === open.channel && (message.ts === open.ts || message.thread_ts === open.ts);

export function threadHears(message) {
  if (isMine(message)) open.list.upsert(message);
}

export function threadForgets({ channel, ts }) {
  if (!open || channel !== open.channel) return;
  if (ts === open.ts) closeThread();
  else open.list.remove(ts);
}

panel.addEventListener("keydown", (event) => {
  if (
    event.key === "Escape" &&
    !panel.querySelector(":popover-open") &&
    !document.querySelector(".popover:popover-open")
  )
    closeThread();
});
