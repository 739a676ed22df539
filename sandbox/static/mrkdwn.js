// Slack's mrkdwn, drawn with nodes. The text may be anybody's: nothing here builds HTML from it.

import { slackDate } from "./dates.js";
import { h } from "./dom.js";
import { emojiOf } from "./emoji.js";
import { channelOf, nameOf, person, state } from "./state.js";

/** Text between two marks: bold, italic or strike. No letter touches the marks from outside, no space from inside. */
function between(mark) {
  const sign = mark === "*" ? "\\*" : mark;
  const inner = `[^\\s${mark}](?:[^${mark}\\n]*[^\\s${mark}])?`;
  return `(?<![\\p{L}\\p{N}${mark}])${sign}(${inner})${sign}(?![\\p{L}\\p{N}${mark}])`;
}

const INLINE = new RegExp(
  [
    "<([^<>\\n]+)>", // 1 a control sequence
    "`([^`\\n]+)`", // 2 code
    between("*"), // 3 bold
    between("_"), // 4 italic
    between("~"), // 5 strike
    ":([a-z0-9_+'-]+):", // 6 emoji
    "(https?:\\/\\/[^\\s<>|]*[^\\s<>|.,;:!?)'\"*_~])", // 7 a bare address
  ].join("|"),
  "gu",
);

export const decode = (text) => text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);

/** A string of mrkdwn as a list of nodes. `verbatim`: a bare address stays text, as Slack leaves it then. */
export function mrkdwn(text, verbatim = false) {
  const pieces = text.split(/```\n?([\s\S]*?)\n?```/);
  return pieces.flatMap((piece, index) => {
    if (index % 2) return [h("pre", { class: "pre" }, decode(piece))];
    return piece ? paragraphs(piece, verbatim) : [];
  });
}

export function textObject(object) {
  if (!object) return [];
  if (typeof object === "string") return mrkdwn(object);
  return object.type === "mrkdwn" ? mrkdwn(object.text ?? "", object.verbatim) : plain(object.text ?? "", object.emoji !== false);
}

export function plain(text, withEmoji = true) {
  const shown = withEmoji ? text.replace(/:([a-z0-9_+'-]+):/g, (whole, name) => emojiOf(name) ?? whole) : text;
  return [decode(shown)];
}

export const plainString = (object) => plain(object?.text ?? "", object?.emoji !== false)[0];

function paragraphs(text, verbatim) {
  const nodes = [];
  let quote = null;
  let breakBefore = false;
  for (const line of text.split("\n")) {
    const quoted = /^(?:&gt;|>) ?/.exec(line);
    if (quoted) {
      if (quote) quote.append(h("br"));
      else nodes.push((quote = h("blockquote", { class: "quote" })));
      quote.append(...inline(line.slice(quoted[0].length), verbatim));
      breakBefore = false;
    } else {
      if (breakBefore) nodes.push(h("br"));
      nodes.push(...inline(line, verbatim));
      quote = null;
      breakBefore = true;
    }
  }
  return nodes;
}

function inline(text, verbatim) {
  const nodes = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > last) nodes.push(decode(text.slice(last, match.index)));
    nodes.push(span(match, verbatim));
    last = match.index + match[0].length;
  }
  if (last < text.length) nodes.push(decode(text.slice(last)));
  return nodes;
}

function span([whole, control, code, bold, italic, strike, emoji, address], verbatim) {
  if (control !== undefined) return controlSequence(control);
  if (code !== undefined) return h("code", { class: "code" }, decode(code));
  if (bold !== undefined) return h("strong", {}, inline(bold, verbatim));
  if (italic !== undefined) return h("em", {}, inline(italic, verbatim));
  if (strike !== undefined) return h("s", {}, inline(strike, verbatim));
  if (emoji !== undefined) return emojiNode(emoji) ?? whole;
  return verbatim ? decode(address) : link(decode(address), [decode(address)]);
}

export function emojiNode(name) {
  const sign = emojiOf(name);
  return sign ? h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " ") }, sign) : null;
}

function controlSequence(inside) {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : inside.slice(bar + 1);
  if (target.startsWith("@")) return mention(target.slice(1), label);
  if (target.startsWith("#")) return channelMention(target.slice(1), label);
  if (target.startsWith("!")) return special(target.slice(1), label);
  return link(decode(target), label ? inline(label) : [decode(target).replace(/^(mailto|tel):/, "")]);
}

export function mention(id, label = "") {
  const known = person(id) || id === state.workspace?.bot.id;
  const mine = id === state.me ? " mine" : "";
  return h(
    "span",
    { class: `mention${mine}`, title: person(id)?.title },
    `@${known ? nameOf(id) : decode(label) || id}`,
  );
}

export function channelMention(id, label = "") {
  return h("span", { class: "mention" }, `#${channelOf(id)?.name ?? (decode(label) || id)}`);
}

export const broadcast = (range) => h("span", { class: "mention broadcast" }, `@${range}`);

function special(target, label) {
  const [word, ...rest] = target.split("^");
  if (["channel", "here", "everyone"].includes(word)) return broadcast(word);
  if (word === "subteam") return h("span", { class: "mention" }, decode(label) || "@team");
  if (word !== "date") return h("span", {}, decode(label) || `<!${target}>`);
  const [timestamp, format, address] = rest;
  const shown = slackDate(timestamp, format && decode(format), decode(label));
  return address ? link(decode(address), [shown]) : h("time", { class: "date" }, shown);
}

/** The place in this workspace that a permalink names, as a hash of this page; null for any other address. */
function placeHere(address) {
  const found = URL.canParse(address) ? new URL(address) : null;
  const parts = /^\/archives\/(\w+)\/p(\d+)(\d{6})$/.exec(found?.pathname ?? "");
  if (found?.origin !== location.origin || !parts) return null;
  return `#as=${state.me}&in=${parts[1]}&at=${parts[2]}.${parts[3]}`;
}

/** Only addresses that a click may safely follow become links. */
export function link(address, children) {
  const here = placeHere(address);
  if (here) return h("a", { href: here }, children);
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(address)) return h("span", {}, children);
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, children);
}
