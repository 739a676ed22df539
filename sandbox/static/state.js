// What the page knows. One object: the page has one workspace and looks through one pair of eyes at a time.

export const state = {
  workspace: null,
  me: null, // Slack user id whose eyes we use
  conversations: [],
  place: { kind: "conversation", id: null }, // or { kind: "home", id: <the app's DM> }
  thread: null, // ts of the parent whose thread is open
};

export const person = (id) => state.workspace?.users.find((user) => user.id === id) ?? null;

export function nameOf(id) {
  const user = person(id);
  if (user) return user.real_name || user.name;
  return id && id === state.workspace?.bot.id ? state.workspace.bot.name : id || "someone";
}

export const appName = () => state.workspace?.bot.name ?? "The app";

export const channelOf = (id) => state.workspace?.channels.find((channel) => channel.id === id) ?? null;

export const conversationOf = (id) => state.conversations.find((conversation) => conversation.id === id) ?? null;

export const appConversation = () =>
  state.conversations.find((one) => one.kind === "im" && (!one.with || isApp(one.with))) ?? null;

export const isApp = (id) => id === state.workspace?.bot.id || Boolean(person(id)?.is_bot);

export const people = () => (state.workspace?.users ?? []).filter((user) => !user.is_bot && !user.deleted);

export function readHash() {
  const given = new URLSearchParams(location.hash.slice(1));
  return { as: given.get("as"), in: given.get("in"), at: given.get("at") };
}

export function writeHash() {
  const place = state.place.kind === "home" ? "home" : state.place.id;
  const wanted = `#as=${state.me}${place ? `&in=${place}` : ""}`;
  if (location.hash !== wanted) history.replaceState(null, "", wanted);
}
