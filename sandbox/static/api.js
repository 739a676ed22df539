// The only file that knows the addresses of the server half.

export class ApiError extends Error {
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, cache: "no-store" });
  } catch {
    throw new ApiError("The sandbox does not answer. Is it still running?", 0);
  }
  const body = await response.json().catch(() => null);
  if (response.ok) return body;
  throw new ApiError(sentenceOf(body) ?? `The sandbox answered ${response.status}.`, response.status);
}

function sentenceOf(body) {
  if (typeof body?.error === "string") return body.error;
  return typeof body?.detail === "string" ? body.detail : null;
}

const post = (path, body) =>
  call(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Sandbox": "page" },
    body: JSON.stringify(body),
  });

const as = (user) => `/_api/as/${encodeURIComponent(user)}`;

export const api = {
  workspace: () => call("/_api/workspace"),
  conversations: (user) => call(`${as(user)}/conversations`),
  messages(user, channel, { limit = 100, thread = null } = {}) {
    const query = new URLSearchParams({ channel, limit: String(limit) });
    if (thread) query.set("thread_ts", thread);
    return call(`${as(user)}/messages?${query}`).then((answer) => answer.messages);
  },
  read: (user, channel) => post(`${as(user)}/read`, { channel }),
  press: (user, action) => post(`${as(user)}/press`, action),
  search: (user, question) => post(`${as(user)}/search`, question),
  submit: (user, viewId, values) => post(`${as(user)}/submit`, { view_id: viewId, values }),
  close: (user, viewId) => post(`${as(user)}/close`, { view_id: viewId }),
  views: (user) => call(`${as(user)}/views`).then((answer) => answer.views),
  home: (user) => call(`${as(user)}/home`).then((answer) => answer?.view ?? null),
  command: (user, channel, command, text) => post(`${as(user)}/command`, { channel, command, text }),
  received: () => call("/_api/received"),
  log: () => call("/_api/log?limit=200"),
  events: (user) => new EventSource(`${as(user)}/events`),
};
