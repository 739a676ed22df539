// The rich_text block: what a person typed into Slack's own editor, as a tree.

import { slackDate } from "./dates.js";
import { h } from "./dom.js";
import { broadcast, channelMention, emojiNode, link, mention } from "./mrkdwn.js";

export function richText(block) {
  return h("div", { class: "block rich-text" }, (block.elements ?? []).map(drawPart));
}

const PARTS = {
  rich_text_section: (part) => h("div", { class: "prose" }, leaves(part)),
  rich_text_quote: (part) => h("blockquote", { class: "quote" }, leaves(part)),
  rich_text_preformatted: (part) =>
    h(
      "pre",
      { class: "pre" },
      (part.elements ?? []).map((leaf) => leaf.text ?? leaf.url ?? ""),
    ),
  rich_text_list: (part) =>
    h(
      part.style === "ordered" ? "ol" : "ul",
      { class: "list" },
      (part.elements ?? []).map((item) => h("li", {}, leaves(item))),
    ),
};

const drawPart = (part) => PARTS[part.type]?.(part) ?? null;

const leaves = (part) => (part.elements ?? []).map(leaf);

const LEAVES = {
  text: (element) => styled(element.text ?? "", element.style),
  link: (element) => link(element.url, [element.text || element.url]),
  user: (element) => mention(element.user_id),
  channel: (element) => channelMention(element.channel_id),
  broadcast: (element) => broadcast(element.range),
  emoji: (element) => emojiNode(element.name) ?? `:${element.name}:`,
  date: (element) => slackDate(element.timestamp, element.format, element.fallback),
};

const leaf = (element) => LEAVES[element.type]?.(element) ?? null;

function styled(text, style = {}) {
  const lines = text.split("\n").flatMap((line, at) => (at ? [h("br"), line] : [line]));
  const tags = [
    ["code", "code"],
    ["strike", "s"],
    ["italic", "em"],
    ["bold", "strong"],
  ].filter(([key]) => style[key]);
  return tags.reduce((inner, [, tag]) => h(tag, tag === "code" ? { class: "code" } : {}, inner), h("span", {}, lines));
}
