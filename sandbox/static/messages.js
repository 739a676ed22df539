// A list of messages: a conversation, or one thread of it.

import { clock, dayKey, dayLabel, fullTime, lastSeen } from "./dates.js";
import { drawBlocks } from "./blocks.js";
import { h, icon, reconcile, swap } from "./dom.js";
import { avatar } from "./faces.js";
import { emojiNode, mrkdwn } from "./mrkdwn.js";
import { isApp, nameOf } from "./state.js";
import { createSurface } from "./surface.js";

const GROUP_SECONDS = 300; // one author within this time shows the name once
const NEAR_BOTTOM = 80; // pixels

const order = (one, other) => one.posted_at - other.posted_at || (one.ts < other.ts ? -1 : 1);

export function createMessageList(scroller, { inThread = false, onThread, onSeen = () => {}, pill = null }) {
  const list = h("ol", { class: "messages" });
  let messages = new Map(); // ts -> message
  let drawn = new Map(); // ts -> {signature, node}
  let unreadFrom = null; // ts of the first message that was unread when one came
  let unseen = 0;
  scroller.append(list);
  let following = true; // whether the end is in view: a picture that loads late must not push it out
  scroller.addEventListener("scroll", scrolled, { passive: true });
  scroller.addEventListener("load", () => following && toBottom(), { capture: true });
  pill?.addEventListener("click", toBottom);

  const atBottom = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_BOTTOM;

  function scrolled() {
    following = atBottom();
    if (following) seen();
  }

  function toBottom() {
    following = true;
    scroller.scrollTop = scroller.scrollHeight;
    seen();
  }

  function seen() {
    if (unseen) onSeen();
    unseen = 0;
    showPill();
  }

  function showPill() {
    if (!pill) return;
    pill.hidden = !unseen;
    pill.replaceChildren(`${unseen} new message${unseen === 1 ? "" : "s"}`, icon("down"));
  }

  function show(newest, { unread = 0, keepPlace = false } = {}) {
    const fromEnd = scroller.scrollHeight - scroller.scrollTop;
    messages = new Map(newest.sort(order).map((message) => [message.ts, message]));
    if (!keepPlace) {
      drawn = new Map();
      unseen = 0;
      unreadFrom = unread ? (newest.filter((message) => !message.ephemeral).at(-unread)?.ts ?? null) : null;
    }
    draw();
    if (keepPlace) scroller.scrollTop = scroller.scrollHeight - fromEnd;
    else toBottom();
    showPill();
  }

  /** Tells whether the end of the list is in view, that is, whether a new message has been seen. */
  function upsert(message) {
    const stay = atBottom();
    const isNew = !messages.has(message.ts);
    messages.set(message.ts, message);
    if (isNew) messages = new Map([...messages.values()].sort(order).map((one) => [one.ts, one]));
    draw(isNew ? message.ts : null);
    if (stay) toBottom();
    else if (isNew) unseen += 1;
    showPill();
    return stay;
  }

  function remove(ts) {
    if (messages.delete(ts)) draw();
  }

  /** Drops the oldest beyond `most`, unless somebody is reading up there. Tells whether it did. */
  function trim(most) {
    if (messages.size <= most || !atBottom()) return false;
    messages = new Map([...messages].slice(-most));
    draw();
    toBottom();
    return true;
  }

  function draw(fresh = null) {
    let before = null;
    const wanted = [];
    for (const message of messages.values()) {
      if (!before || dayKey(before.posted_at) !== dayKey(message.posted_at)) wanted.push(dayRow(message.posted_at));
      if (message.ts === unreadFrom)
        wanted.push(h("li", { class: "new-line", role: "separator" }, h("span", {}, "New")));
      const first = inThread && before && !before.thread_ts;
      if (first) wanted.push(repliesRow(messages.size - 1));
      const grouped = continues(before, message) && message.ts !== unreadFrom && !first;
      wanted.push(nodeOf(message, grouped, message.ts === fresh));
      before = message;
    }
    reconcile(list, wanted.length ? wanted : [nothingYet()]);
    for (const ts of drawn.keys()) if (!messages.has(ts)) drawn.delete(ts);
  }

  function nodeOf(message, grouped, fresh) {
    const signature = JSON.stringify([message, grouped]);
    const known = drawn.get(message.ts);
    if (known?.signature === signature) return known.node;
    const node = drawMessage(message, { grouped, inThread, onThread });
    if (fresh) node.classList.add("fresh");
    if (known?.node.isConnected) swap(known.node, node);
    drawn.set(message.ts, { signature, node });
    return node;
  }

  const has = (ts) => messages.has(ts);

  /** Leads the eye and the keyboard to one message. Tells whether it is there. */
  function reveal(ts) {
    const node = drawn.get(ts)?.node;
    node?.scrollIntoView({ block: "center" });
    node?.focus({ preventScroll: true });
    node?.classList.add("fresh");
    return Boolean(node);
  }

  return { reveal, show, upsert, remove, trim, has, toBottom, count: () => messages.size };
}

function continues(before, message) {
  return (
    Boolean(before) &&
    before.user === message.user &&
    !before.ephemeral &&
    !message.ephemeral &&
    message.posted_at - before.posted_at < GROUP_SECONDS &&
    dayKey(before.posted_at) === dayKey(message.posted_at)
  );
}

function nothingYet() {
  return h(
    "li",
    { class: "nothing-yet" },
    icon("chat"),
    h("p", {}, "Nothing here yet. New messages appear by themselves."),
  );
}

const replyWords = (count) => `${count} ${count === 1 ? "reply" : "replies"}`;

const repliesRow = (count) => h("li", { class: "day replies-line", role: "separator" }, h("span", {}, replyWords(count)));

const dayRow = (seconds) => h("li", { class: "day", role: "separator" }, h("span", {}, dayLabel(seconds)));

function drawMessage(message, { grouped, inThread, onThread }) {
  const time = h("time", { class: "time", title: fullTime(message.posted_at) }, clock(message.posted_at));
  const bot = message.bot || isApp(message.user);
  const head = h(
    "div",
    { class: "message-head" },
    h("span", { class: "author" }, nameOf(message.user)),
    bot && h("span", { class: "app-badge" }, "APP"),
    time,
  );
  const gutter = h("div", { class: "gutter" }, grouped ? time : avatar(message.user));
  const body = h(
    "div",
    { class: "message-body" },
    message.ephemeral && h("p", { class: "only-you" }, icon("eye"), "Only visible to you"),
    !grouped && head,
    contents(message),
    reactions(message),
    !inThread && repliesLink(message, onThread),
  );
  return h(
    "li",
    {
      class: `message${grouped ? " grouped" : ""}${message.ephemeral ? " ephemeral" : ""}`,
      testid: `message-${message.ts}`,
      tabindex: "-1",
      "aria-label": `${nameOf(message.user)}, ${clock(message.posted_at)}`,
    },
    gutter,
    body,
  );
}

function contents(message) {
  const surface = createSurface({ channel: message.channel, ts: message.ts });
  const edited =
    message.edited_ts && h("span", { class: "edited", title: fullTime(Number(message.edited_ts)) }, " (edited)");
  if (!message.blocks?.length)
    return h("div", { class: "prose text" }, mrkdwn(message.text ?? ""), edited, files(message));
  return h("div", { class: "blocks" }, drawBlocks(message.blocks, surface), edited);
}

// What was shared with a message: pictures as such, other files by their name.
function files(message) {
  return (message.files ?? []).map((file) => {
    const href = `/_api/files/${encodeURIComponent(file.id)}`;
    const shown = /\.(png|jpe?g|gif)$/i.test(file.name)
      ? h("img", { src: href, alt: file.title, class: "shared-picture" })
      : `📄 ${file.title}`;
    return h("p", { class: "shared-file" }, h("a", { href, target: "_blank", rel: "noopener" }, shown));
  });
}

function reactions(message) {
  const given = Object.entries(message.reactions ?? {}); // name -> ids of those who reacted
  if (!given.length) return null;
  return h(
    "div",
    { class: "reactions" },
    given.map(([name, users]) =>
      h(
        "span",
        { class: "reaction", title: users.map(nameOf).join(", ") },
        emojiNode(name) ?? `:${name}:`,
        ` ${users.length}`,
      ),
    ),
  );
}

function repliesLink(message, onThread) {
  if (!message.reply_count) return null;
  const latest = Number(message.latest_reply);
  return h(
    "button",
    { class: "replies", type: "button", testid: `replies-${message.ts}`, onclick: () => onThread(message) },
    avatar(message.user, "tiny"),
    replyWords(message.reply_count),
    latest && h("span", { class: "latest" }, `Last reply ${lastSeen(latest)}`),
  );
}
