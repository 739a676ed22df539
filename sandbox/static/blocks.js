// Block Kit's layout blocks.

import { drawElement } from "./elements.js";
import { h, uid } from "./dom.js";
import { plainString, textObject } from "./mrkdwn.js";
import { picture } from "./pictures.js";
import { richText } from "./rich_text.js";
import { table } from "./table.js";

const DRAWN = { header, section, divider, context, actions, image, input, rich_text: richText, table };

export function drawBlocks(blocks, surface) {
  return blocks.map((block, index) => {
    const draw = DRAWN[block.type];
    // Slack names unnamed blocks itself; the position is as good a name until the server says otherwise.
    const blockId = block.block_id ?? `block-${index}`;
    return draw
      ? draw(block, surface, blockId)
      : h("div", { class: "block unsupported" }, `[${block.type} is not drawn here]`);
  });
}

function header(block) {
  return h("h3", { class: "block header" }, textObject(block.text));
}

function section(block, surface, blockId) {
  const words = h(
    "div",
    { class: "section-words" },
    block.text && h("div", { class: "prose" }, textObject(block.text)),
    block.fields &&
      h(
        "div",
        { class: "fields" },
        block.fields.map((field) => h("div", { class: "prose" }, textObject(field))),
      ),
  );
  return h(
    "div",
    { class: "block section" },
    words,
    block.accessory && h("div", { class: "accessory" }, accessory(block.accessory, blockId, surface)),
  );
}

function accessory(element, blockId, surface) {
  return element.type === "image"
    ? picture(element, "thumb")
    : drawElement(element, blockId, surface, { dispatch: true });
}

function divider() {
  return h("hr", { class: "block divider" });
}

function context(block) {
  return h(
    "div",
    { class: "block context" },
    block.elements.map((element) =>
      element.type === "image" ? picture(element, "mini") : h("span", { class: "prose" }, textObject(element)),
    ),
  );
}

function actions(block, surface, blockId) {
  return h(
    "div",
    { class: "block actions" },
    block.elements.map((element) => drawElement(element, blockId, surface, { dispatch: true })),
  );
}

function image(block) {
  return h(
    "figure",
    { class: "block image" },
    block.title && h("figcaption", {}, textObject(block.title)),
    picture(block, "wide"),
  );
}

function input(block, surface, blockId) {
  const ids = { label: uid("label"), hint: uid("hint"), error: uid("error") };
  const control = drawElement(block.element, blockId, surface, {
    dispatch: block.dispatch_action === true,
    testid: `field-${blockId}`,
    describe: {
      "aria-labelledby": ids.label,
      "aria-describedby": `${ids.error}${block.hint ? ` ${ids.hint}` : ""}`,
      "aria-required": block.optional || ["checkboxes", "button"].includes(block.element.type) ? null : "true",
    },
  });
  const label = h(
    "span",
    { class: "label", id: ids.label, onclick: () => control.focus() },
    plainString(block.label),
    block.optional && h("span", { class: "optional" }, " (optional)"),
  );
  return h(
    "div",
    { class: "block input-block", "data-block": blockId },
    label,
    control,
    h("p", { class: "field-error", id: ids.error, testid: `field-error-${blockId}`, hidden: true }),
    block.hint && h("p", { class: "hint", id: ids.hint }, textObject(block.hint)),
  );
}
