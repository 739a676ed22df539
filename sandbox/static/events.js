// Server-Sent Events of one pair of eyes. After every reconnect the page reads everything anew, since nobody knows what
// it has missed.

import { api } from "./api.js";

const NAMES = ["message", "changed", "deleted", "ephemeral", "view", "view_closed", "home", "workspace", "toast"];
const RETRY_MS = [500, 1000, 2000, 5000];

export function listen(user, { onEvent, onReconnect, onState }) {
  let source = null;
  let stopped = false;
  let failures = 0;
  let timer = 0;

  function connect() {
    source = api.events(user);
    source.onopen = () => {
      if (failures) onReconnect();
      failures = 0;
      onState(true);
    };
    source.onerror = lost;
    for (const name of NAMES) source.addEventListener(name, (event) => onEvent(name, parse(event.data)));
  }

  // The browser gives up after some kinds of error, so the next try is always ours.
  function lost() {
    source.close();
    if (stopped) return;
    onState(false);
    timer = setTimeout(connect, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
  }

  connect();
  return () => {
    stopped = true;
    clearTimeout(timer);
    source.close();
  };
}

function parse(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
