// What the vendors' stand-ins received, and what the workspace sent to the app.

import { api } from "./api.js";
import { clockSeconds, fullTime } from "./dates.js";
import { h, icon, reconcile } from "./dom.js";

const EVERY_MS = 2000;
const ROWS_SHOWN = 200;
const APP = "sent to the app"; // the one tab that is not a vendor
const NAMES = {
  hubspot: "HubSpot",
  salesforce: "Salesforce",
  zoominfo: "ZoomInfo",
  clearbit: "Clearbit",
  marketo: "Marketo",
  pardot: "Pardot",
  [APP]: "Sent to the app",
};

const systemsPlace = document.querySelector("#systems");
const requestsPlace = document.querySelector("#requests");
const pulse = document.querySelector("#pulse");
const opened = new Set(); // keys of the rows whose body is shown
const drawn = new Map(); // key of a row -> {signature, nodes}
let current = decodeURIComponent(location.hash.slice(1)) || null;
let received = {};

async function refresh() {
  try {
    const [systems, log] = await Promise.all([api.received(), api.log()]);
    received = { ...systems, [APP]: log.map(asRequest) };
    draw();
    pulse.textContent = "Live";
    pulse.classList.remove("lost");
  } catch (problem) {
    pulse.textContent = problem.message;
    pulse.classList.add("lost");
  }
  setTimeout(refresh, EVERY_MS);
}

function asRequest(entry) {
  const took = `${Math.round(entry.took_ms)} ms`;
  const summary = entry.status ? `answered in ${took}` : `no answer, given up after ${took}`;
  return { at: entry.at, method: "POST", path: entry.kind, status: entry.status, summary, body: entry };
}

function draw() {
  const systems = Object.keys(received);
  if (!systems.includes(current)) current = systems.find((system) => received[system].length) ?? systems[0];
  drawTabs(systems);
  drawRequests(received[current] ?? []);
}

function drawTabs(systems) {
  const held = document.activeElement?.dataset.testid;
  systemsPlace.replaceChildren(
    ...systems.map((system) =>
      h(
        "button",
        {
          class: "system",
          type: "button",
          role: "tab",
          testid: `system-${system}`,
          "aria-selected": String(system === current),
          tabindex: system === current ? "0" : "-1",
          onclick: () => choose(system),
        },
        NAMES[system] ?? system,
        h("span", { class: "count" }, received[system].length),
      ),
    ),
  );
  if (held?.startsWith("system-")) systemsPlace.querySelector(`[aria-selected="true"]`)?.focus();
}

function choose(system) {
  current = system;
  history.replaceState(null, "", `#${encodeURIComponent(system)}`);
  drawn.clear();
  requestsPlace.replaceChildren();
  draw();
}

systemsPlace.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const systems = Object.keys(received);
  choose(systems[(systems.indexOf(current) + step + systems.length) % systems.length]);
  systemsPlace.querySelector(`[aria-selected="true"]`).focus();
});

const secondsOf = (at) => (typeof at === "number" ? at : Date.parse(at) / 1000);

function drawRequests(requests) {
  if (!requests.length) {
    drawn.clear();
    requestsPlace.replaceChildren(
      h(
        "div",
        { class: "nothing" },
        icon("out"),
        h("p", {}, `Nothing has been ${current === APP ? "sent yet" : "received yet"}.`),
      ),
    );
    return;
  }
  const body = requestsPlace.querySelector("tbody") ?? drawTable();
  const newestFirst = [...requests].sort((one, other) => secondsOf(other.at) - secondsOf(one.at)).slice(0, ROWS_SHOWN);
  reconcile(body, newestFirst.flatMap(rowsOf));
}

function drawTable() {
  const body = h("tbody");
  const heads = ["Time", "Method", "Path", "Status", "Summary"].map((word) => h("th", { scope: "col" }, word));
  requestsPlace.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, heads)), body));
  return body;
}

function rowsOf(request) {
  const key = [current, request.at, request.method, request.path, request.summary].join(" ");
  const signature = JSON.stringify([request, opened.has(key)]);
  const known = drawn.get(key);
  if (known?.signature === signature) return known.nodes;
  const nodes = [row(request, key), opened.has(key) && detail(request)].filter(Boolean);
  drawn.set(key, { signature, nodes });
  return nodes;
}

function row(request, key) {
  const open = opened.has(key);
  const toggle = () => {
    if (open) opened.delete(key);
    else opened.add(key);
    draw();
    drawn.get(key)?.nodes[0].querySelector("button")?.focus();
  };
  const seconds = secondsOf(request.at);
  const opener = h(
    "button",
    {
      class: "opener",
      type: "button",
      "aria-expanded": String(open),
      "aria-label": `Body of ${request.method} ${request.path}`,
    },
    icon("down"),
    h("time", { title: fullTime(seconds) }, clockSeconds(seconds)),
  );
  return h(
    "tr",
    { class: `request${open ? " open" : ""}`, onclick: toggle },
    h("td", { class: "when" }, opener),
    h("td", {}, h("span", { class: "method" }, request.method)),
    h("td", { class: "path" }, request.path),
    h("td", {}, h("span", { class: `status s${String(request.status ?? "").at(0)}` }, String(request.status ?? "–"))),
    h("td", { class: "summary" }, digest(request)),
  );
}

/** What was said, in a line: the first record's values as they came, and how many more came with it. */
function digest(request) {
  const body = parsed(request.body);
  if (request.path.includes("token")) return "Signs in";
  if (!body || current === APP) return request.method === "GET" ? "Asks" : (request.summary ?? "");
  const records = body.records ?? body.inputs ?? [body];
  const { attributes: _type, properties, ...own } = records[0] ?? {};
  const said = Object.entries({ ...(properties ? { id: own.id } : own), ...properties });
  const words = said.filter(([, value]) => ["string", "number"].includes(typeof value)).map((pair) => pair.join(": "));
  const more = records.length > 1 ? ` (and ${records.length - 1} more)` : "";
  return words.join(" · ") + more;
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function detail(request) {
  return h(
    "tr",
    { class: "detail" },
    h("td", { colspan: 5 }, h("pre", { tabindex: "0", testid: "body" }, pretty(request.body))),
  );
}

function pretty(body) {
  if (body === null || body === undefined || body === "") return "(no body)";
  if (typeof body !== "string") return JSON.stringify(body, null, 2);
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

document.querySelector("#back").prepend(icon("back"));
refresh();
