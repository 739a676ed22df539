// Building the page out of nodes. Text from outside only ever becomes a text node or an attribute.

let serial = 0;

export const uid = (prefix) => `${prefix}-${++serial}`;

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProp(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function setProp(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "value") node.value = value;
  else if (name === "testid") node.dataset.testid = value;
  else node.setAttribute(name, value === true ? "" : String(value));
}

export const byTestId = (root, id) => root.querySelector(`[data-testid="${CSS.escape(id)}"]`);

/** Makes `wanted` the children of `parent`; what stays is not touched, so that focus and scroll survive. */
export function reconcile(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.childNodes]) if (!keep.has(child)) child.remove();
  let at = parent.firstChild;
  for (const node of wanted) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
}

/** Replaces a node by its newer drawing and keeps the keyboard where it was. */
export function swap(old, fresh) {
  const held = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(fresh);
  if (!held || held === document.body) return;
  const successor = (held.dataset.testid && byTestId(fresh, held.dataset.testid)) || fresh;
  successor.focus({ preventScroll: true });
}

const ICONS = {
  hash: ["M9.5 3 7 17M14 3l-2.5 14M3.5 7.5h13.5M3 12.5h13.5"],
  home: ["M3 9.5 10 3.5l7 6V16a1 1 0 0 1-1 1h-3.5v-4.5h-5V17H4a1 1 0 0 1-1-1z"],
  people: [
    "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 17c.4-3 2.4-4.8 5.5-4.8S12.6 14 13 17",
    "M13 4a2.8 2.8 0 0 1 0 5.4M15 12.5c1.7.6 2.7 2.2 3 4.5",
  ],
  close: ["M5 5l10 10M15 5 5 15"],
  back: ["M12 4.5 6.5 10l5.5 5.5"],
  down: ["M5.5 8 10 12.5 14.5 8"],
  more: ["M4.5 10h.01M10 10h.01M15.5 10h.01"],
  menu: ["M3.5 5.5h13M3.5 10h13M3.5 14.5h13"],
  eye: ["M2 10s3-5.5 8-5.5S18 10 18 10s-3 5.5-8 5.5S2 10 2 10z", "M10 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z"],
  check: ["M4 10.5l4 4 8-9"],
  out: ["M11.5 3.5H16.5V8.5M16.5 3.5 9 11M8 4.5H4.5a1 1 0 0 0-1 1v10a1 1 0 0 0 1 1h10a1 1 0 0 0 1-1V12"],
  send: ["M3 10 17 3.5 12.5 17 9.5 11z", "M9.5 11 17 3.5"],
  warn: ["M10 3 18 16.5H2z", "M10 8v4M10 14.4h.01"],
  chat: ["M3.5 4.5h13v9h-7l-3.5 3v-3H3.5z"],
  baton: ["M4 14.5 11 7.5", "M9 4.5h6.5V11", "M4 9V4.5"],
  image: ["M3 4.5h14v11H3z", "M3.5 14 8 9.5l3 3 2-2 3.5 3.5", "M13 7.5h.01"],
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  for (const line of ICONS[name]) {
    const path = document.createElementNS(svg.namespaceURI, "path");
    path.setAttribute("d", line);
    svg.append(path);
  }
  return svg;
}
