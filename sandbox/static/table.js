// The table block: the first row names the columns.

import { h } from "./dom.js";
import { richText } from "./rich_text.js";

export function table(block) {
  const [head, ...rows] = block.rows;
  const settings = block.column_settings ?? [];
  const cells = (row, tag) => row.map((cell, at) => h(tag, looks(settings[at], tag), content(cell)));
  return h(
    "div",
    { class: "block table-frame", tabindex: "0", role: "region", "aria-label": "Table" },
    h(
      "table",
      { class: "table" },
      h("thead", {}, h("tr", {}, cells(head, "th"))),
      h(
        "tbody",
        {},
        rows.map((row) => h("tr", {}, cells(row, "td"))),
      ),
    ),
  );
}

const looks = (setting, tag) => ({
  class: `${setting?.align ?? "left"}${setting?.is_wrapped ? " wrapped" : ""}`,
  scope: tag === "th" ? "col" : null,
});

const content = (cell) => (cell.type === "rich_text" ? richText(cell) : (cell.text ?? ""));
