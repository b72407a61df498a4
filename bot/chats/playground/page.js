// The playground's page: the leader's chat, the announcement channel, and what residents are sent.
//
// The server owns everything that is shown. Each round of `poll` asks for the messages and the
// letters (304 when unchanged) and `sync` brings the page in line, touching only what changed, so
// that focus, scrolling and half-filled forms survive. A pressed button or a sent form is one call
// followed by an early round; nothing is drawn that the server did not say. What the server says
// reaches the page as text only, through `make`.

const PAUSE = 700; // ms between rounds: live to the eye, nothing to the server
const PATIENCE = 3000; // ms until the next round when the server did not answer
const READABLE = 6000; // ms that a passing warning stays
const NEAR = 48; // px from the end that still count as being at the end
const HINT = "Enter sends, Shift+Enter makes a new line";
const TAKEN = ".csv,.tsv,.txt,.png,.jpg,.jpeg"; // that forms ask for
const IDEAS = ["/invite email ana@example.org", "/invite text +1 201 555 0123", "/passes 4"];
const MARKS = /`?(https?:\/\/[^\s<>"'`]*[^\s<>"'`.,;:!?)\]])`?|`(\/[^`\n]+)`/g; // links, `/commands`
const PANES = { email: "mail", text: "phone" };
const ABSENT = { email: "E-mails are not shown here.", text: "Texts are not shown here." };
const GOOD = ["delivered", "joined"];
const BAD = ["failed", "undelivered", "bounced", "complained", "opted_out"];
const ACTIONS = {
  email: { delivered: "Deliver", bounced: "Bounce", complained: "Report spam" },
  text: { delivered: "Deliver", bounced: "Cannot be reached", opted_out: "Reply STOP" },
};

const CLOCK = new Intl.DateTimeFormat([], { timeStyle: "short" });
const CALENDAR = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "short" });
const EXACT = new Intl.DateTimeFormat([], { dateStyle: "full", timeStyle: "medium" });

const $ = (id) => document.getElementById(id);
const composer = $("composer");
const narrow = matchMedia("(max-width: 1023px)");

// --- Making nodes -------------------------------------------------------------------------------

/** An element with attributes, `onclick`-like listeners and children; null means none of it. */
function make(tag, traits = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(traits)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== null && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** The address when it is one of the web, else null: never `javascript:` and its like. */
function webAddress(text) {
  const url = URL.canParse(text, location) ? new URL(text, location) : null;
  return url && /^https?:$/.test(url.protocol) ? url.href : null;
}

function link(address, words, traits = {}) {
  const href = webAddress(address);
  const safely = { target: "_blank", rel: "noopener noreferrer" };
  return href && make("a", { href, ...safely, ...traits }, words);
}

function idea(words) {
  return make("button", { type: "button", class: "idea" }, words);
}

/** Plain text with its web addresses and `/commands` made clickable. */
function rich(text) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(MARKS)) {
    const [whole, address, command] = match;
    parts.push(text.slice(from, match.index));
    parts.push(command ? idea(command) : (link(address, address) ?? whole));
    from = match.index + whole.length;
  }
  return [...parts, text.slice(from)];
}

function moment(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  const words = (today ? CLOCK : CALENDAR).format(date);
  return make("time", { datetime: at, title: EXACT.format(date) }, words);
}

function chip(state) {
  const tone = GOOD.includes(state) ? "good" : BAD.includes(state) ? "bad" : "waiting";
  const words = state.replaceAll("_", " ");
  return make("span", { class: `chip ${tone}` }, words.charAt(0).toUpperCase() + words.slice(1));
}

/** Bring the list's children in line with the items, building only what is new or changed. */
function sync(list, items, build) {
  const known = new Map(Array.from(list.children, (node) => [node.dataset.key, node]));
  const wanted = new Set(items.map((item) => String(item.id)));
  for (const [key, node] of known) if (!wanted.has(key)) node.remove();
  let place = list.firstElementChild;
  for (const item of items) {
    let node = known.get(String(item.id));
    if (node === place) place = place?.nextElementSibling ?? null;
    const print = JSON.stringify(item);
    if (node?.print !== print) node = exchange(node, () => build(item, node));
    node.print = print;
    node.dataset.key = item.id;
    if (node.nextElementSibling !== place || !node.parentElement) list.insertBefore(node, place);
  }
}

/** Put a fresh node where the old one was, and the focus back on what bears the same words. */
function exchange(old, build) {
  const held = old?.contains(document.activeElement) ? document.activeElement : null;
  const fresh = build(); // may take a part of the old node over, which then loses the focus
  old?.replaceWith(fresh);
  if (!held) return fresh;
  const twins = [...fresh.querySelectorAll("button, a")];
  const twin = twins.find(({ textContent }) => textContent === held.textContent);
  (held.isConnected ? held : (twin ?? composer)).focus({ preventScroll: true });
  return fresh;
}

/** Do the work while the buttons of the group are off; a second press meanwhile does nothing. */
async function whileBusy(group, work) {
  if (group.ariaBusy === "true") return;
  const mark = (busy) => {
    group.ariaBusy = String(busy);
    for (const button of group.querySelectorAll("button")) button.ariaDisabled = String(busy);
  };
  mark(true);
  await work().finally(() => mark(false));
}

// --- Speaking with the server -------------------------------------------------------------------

let etags = {};
let rounds = Promise.resolve(); // one round at a time: a slow answer never overwrites a newer one
let timer;
let lost = false; // whether the last round got no answer

async function ask(path, options) {
  const answer = await fetch(`/playground/${path}`, options).catch(() => {
    throw new Error("Porchlight does not answer. Is it still running?");
  });
  if (answer.ok || answer.status === 304) return answer;
  const { error } = await answer.json().catch(() => ({}));
  throw new Error(error ?? `Porchlight could not do that (HTTP ${answer.status}).`);
}

function post(path, content) {
  const headers = { "Content-Type": "application/json" };
  return ask(path, { method: "POST", headers, body: JSON.stringify(content) });
}

/** What is at the path if it changed since the last time, else null. */
async function news(path) {
  const answer = await ask(path, { headers: etags[path] ? { "If-None-Match": etags[path] } : {} });
  if (answer.status === 304) return null;
  const content = await answer.json();
  etags[path] = answer.headers.get("ETag");
  return content;
}

async function round() {
  clearTimeout(timer);
  try {
    const [messages, fresh] = await Promise.all([news("messages"), news("letters")]);
    if (lost) found();
    if (messages) showMessages(messages);
    if (fresh) showLetters(fresh);
  } catch (error) {
    lost = true;
    etags = {}; // a server that starts again may give the same tag to something else
    $("trouble").textContent = error.message;
  } finally {
    if (!document.hidden) timer = setTimeout(poll, lost ? PATIENCE : PAUSE);
  }
}

/** The server is back, perhaps as another one: learn again who and where we are. */
function found() {
  lost = false;
  $("trouble").textContent = "";
  begin();
}

function poll() {
  rounds = rounds.then(round);
  return rounds;
}

/** Say something to the bot, perhaps with files. Gives whether it was heard. */
async function say(text, fields = {}, files = []) {
  const forms = new Set($("chat-log").querySelectorAll("form"));
  $("complaint").textContent = "";
  $("working").hidden = false;
  stick($("chat").querySelector(".scroll"));
  try {
    await post("calls", { text, fields, files: await Promise.all(files.map(packed)) });
    return true;
  } catch (error) {
    $("complaint").textContent = error.message;
    return false;
  } finally {
    $("working").hidden = true;
    await Promise.all([learnState().catch(warn), poll()]);
    const fresh = [...$("chat-log").querySelectorAll("form")].findLast((form) => !forms.has(form));
    if (fresh) lead(fresh);
  }
}

/** Begin a form: at its first field, and where it is longer than the screen, at its top. */
function lead(form) {
  const scroller = $("chat").querySelector(".scroll");
  form.querySelector("input, textarea, select")?.focus({ preventScroll: true });
  if (form.offsetHeight < scroller.clientHeight) return;
  scroller.parentElement.dataset.stuck = "false";
  form.scrollIntoView();
}

// --- Messages -----------------------------------------------------------------------------------

let leader = "You";

function showMessages(messages) {
  for (const [view, channel] of [["chat", "leader"], ["channel", "announcements"]]) {
    const log = $(`${view}-log`);
    const here = messages.filter((message) => message.channel === channel);
    sync(log, here, buildMessage);
    log.ariaBusy = "false";
    arrived(view, here.filter((message) => message.author === "bot"));
  }
}

function buildMessage({ author, by, text, buttons, files, form, at, edited }, old) {
  const name = make("b", {}, author === "bot" ? "Porchlight" : by || leader);
  return make("article", { class: `message ${author}` },
    make("header", {}, name, " ", moment(at), edited ? make("small", {}, " edited") : null),
    text ? make("p", { class: "words" }, ...rich(text)) : null,
    files?.length ? make("div", { class: "files" }, ...files.map(buildFile)) : null,
    form ? keptForm(form, old) : null,
    buttons?.length ? buildButtons(buttons) : null);
}

function buildFile({ name, type, alt, url }) {
  const file = link(url, name, { class: "file", download: name }) ?? name;
  return type?.startsWith("image/") ? buildPicture(url, alt || name, file) : file;
}

/** A picture as small as the chat; pressed, it is as large as the window. */
function buildPicture(url, alt, file) {
  const large = () => {
    $("picture").replaceChildren(make("img", { src: webAddress(url), alt }));
    $("picture").showModal();
  };
  const enlarge = { type: "button", class: "picture", title: "Enlarge", onclick: large };
  return make("figure", {}, make("button", enlarge, make("img", { src: webAddress(url), alt })),
    make("figcaption", {}, file));
}

function buildButtons(buttons) {
  const group = make("div", { class: "buttons" });
  const press = (call) => () => whileBusy(group, () => say(call));
  group.append(...buttons.map(({ label, call, style, url }) => url
    ? link(url, label, { class: style }) ?? label
    : make("button", { type: "button", class: style, onclick: press(call) }, label)));
  return group;
}

// --- Forms --------------------------------------------------------------------------------------

let formCount = 0; // makes the ids that join labels and hints to their fields

/** The form of the message as it was before, with what has been typed in it, or a new one. */
function keptForm(form, old) {
  const print = JSON.stringify(form);
  const kept = old?.querySelector("form");
  return kept?.print === print ? kept : Object.assign(buildForm(form), { print });
}

function buildForm({ title, intro, call, submit, fields }) {
  const prefix = `form-${(formCount += 1)}-`;
  const status = make("small", { role: "status" }, "Press Enter or the button");
  const set = make("fieldset", {},
    make("legend", {}, title),
    intro ? make("p", { class: "intro" }, ...rich(intro)) : null,
    ...fields.map((field, index) => buildField(field, prefix + index)),
    make("p", { class: "end" }, make("button", { class: "primary" }, submit || "Send"), status));
  const form = make("form", { class: "form", autocomplete: "off",
    onchange: () => reveal(form, fields), onsubmit: (event) => send(event, { call, set, status }),
    onkeydown: (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    } }, set);
  reveal(form, fields);
  return form;
}

/** Send the form's visible fields once; a form that was heard stays shut. */
async function send(event, { call, set, status }) {
  event.preventDefault();
  const filled = [...new FormData(event.target)];
  const files = filled.map(([, value]) => value).filter((value) => value.name);
  const fields = Object.fromEntries(filled.map(([name, value]) => [name, value.name ?? value]));
  set.disabled = true;
  const heard = await say(call, fields, files);
  set.disabled = heard;
  if (document.activeElement === document.body && !narrow.matches) composer.focus();
  status.textContent = heard ? "Sent" : "Not sent. Try again.";
}

function buildField({ name, label, kind, value, hint, options, required, error }, id) {
  const words = [hint, kind === "lines" ? "Ctrl+Enter sends" : ""].filter(Boolean).join(". ");
  const notes = [error ? `${id}-error` : "", words ? `${id}-hint` : ""].filter(Boolean).join(" ");
  const traits = { id, name, required, "aria-describedby": notes || null,
    "aria-invalid": error ? "true" : null };
  const control = {
    line: () => make("input", { ...traits, value }),
    number: () => make("input", { ...traits, value, type: "number", inputmode: "numeric" }),
    lines: () => make("textarea", { ...traits, rows: 5 }, value ?? ""),
    file: () => make("input", { ...traits, type: "file", accept: TAKEN }),
    choice: () => make("select", traits, ...options.map((option) =>
      make("option", { value: option.value, selected: option.value === value }, option.label))),
  }[kind]();
  return make("div", { class: "field" },
    make("label", { for: id }, label, required ? null : make("small", {}, " optional")),
    error ? make("small", { id: `${id}-error`, class: "mistake" }, error) : null,
    control, words ? make("small", { id: `${id}-hint` }, words) : null);
}

/** Show the fields that belong to what is chosen; the others are neither asked for nor sent. */
function reveal(form, fields) {
  const rows = form.querySelectorAll(".field"); // as in `fields`, where two may share a name
  fields.forEach(({ shown_for: condition }, index) => {
    if (!condition) return;
    const shown = form.elements.namedItem(condition.field)?.value === condition.value;
    rows[index].hidden = !shown;
    rows[index].querySelector("input, textarea, select").disabled = !shown;
  });
}

// --- Composing and completion -------------------------------------------------------------------

let commands = [];
let choices = []; // what the open list offers: {fill, words, meaning}
let active = -1; // which of them Enter takes; -1: none, Enter sends
let said = ""; // the last thing sent, for ↑

/** The part of a usage that is typed as it stands: "/passes " of "/passes <how many>". */
function literal(words) {
  return words.split(/[<[(]|\.\.\.|…/)[0];
}

function offers(typed) {
  if (!/^\/[^\n]*$/.test(typed)) return [];
  const all = typed.includes(" ")
    ? commands.flatMap(({ usages }) => usages)
    : commands.map(({ name, summary }) => ({ words: `/${name} `, meaning: summary }));
  return all.map((usage) => ({ ...usage, fill: literal(usage.words) }))
    .filter(({ fill }) => fill.startsWith(typed) && fill.trim() !== typed.trim());
}

/** The usage that is being typed, said below the composer. */
function usageOf(typed) {
  if (!typed.includes(" ")) return HINT;
  const [best] = commands.flatMap(({ usages }) => usages)
    .filter(({ words }) => `${typed} `.startsWith(`${literal(words).trim()} `))
    .sort((a, b) => literal(b.words).length - literal(a.words).length);
  return best ? `${best.words} – ${best.meaning}` : HINT;
}

function typed() {
  const text = composer.value.toLowerCase();
  const whole = commands.some(({ name }) => `/${name}` === text.trim());
  choices = offers(text);
  // Only a name is completed by Enter: `/passes 4` is not the beginning of `/passes 40`.
  active = choices.length && !whole && !text.includes(" ") ? 0 : -1;
  $("usage").textContent = usageOf(text);
  showChoices();
  grow();
}

function showChoices() {
  $("choices").replaceChildren(...choices.map(({ words, meaning }, index) =>
    make("li", { role: "option", id: `choice-${index}`, "aria-selected": String(index === active),
      onmousedown: (event) => event.preventDefault(), onclick: () => take(index) },
    make("b", {}, words), " ", make("span", {}, meaning))));
  const open = choices.length > 0;
  $("choices").hidden = !open;
  // A combobox only while the list is open: it is an ordinary field of many lines otherwise.
  composer.role = open ? "combobox" : null;
  composer.ariaExpanded = open ? "true" : null;
  if (active < 0) composer.removeAttribute("aria-activedescendant");
  else composer.setAttribute("aria-activedescendant", `choice-${active}`);
  $("choices").children[active]?.scrollIntoView({ block: "nearest" });
}

function close() {
  choices = [];
  active = -1;
  showChoices();
}

function move(step) {
  active = (Math.max(active, step > 0 ? -1 : 0) + step + choices.length) % choices.length;
  showChoices();
}

function take(index) {
  composer.value = choices[Math.max(index, 0)].fill;
  typed();
}

/** Put words into the composer, the first <placeholder> selected, ready to be typed over. */
function compose(words) {
  const text = words.replace(/\s*(\.\.\.|…)$/, "");
  const place = /<[^>]*>/.exec(text);
  choose("chat");
  composer.value = text;
  typed();
  close();
  composer.focus();
  if (place) composer.setSelectionRange(place.index, place.index + place[0].length);
}

function grow() {
  composer.style.height = "auto";
  composer.style.height = `${composer.scrollHeight + 2}px`; // 2: its borders
}

async function submit() {
  const text = composer.value.trim();
  const files = attached;
  if (!text && !files.length) return;
  composer.value = "";
  said = text || said;
  attach([]);
  typed();
  if (await say(text, {}, files)) return;
  if (!attached.length) attach(files);
  if (!composer.value) compose(text);
}

// --- Files --------------------------------------------------------------------------------------

let attached = []; // what goes with the next words

/** Hold these files ready, and no others. */
function attach(files) {
  attached = [...files];
  $("attached").hidden = !attached.length;
  $("attached").replaceChildren(...attached.map((file) => make("li", {}, file.name,
    make("button", { type: "button", class: "quiet", "aria-label": `Leave out ${file.name}`,
      onclick: () => attach(attached.filter((other) => other !== file)) }, "✕"))));
}

/** Take files from wherever they come; they are sent by Enter, as everything else. */
function bring(files) {
  if (!files.length) return;
  choose("chat");
  attach([...attached, ...files]);
  composer.focus();
}

/** A file as a call has it. */
function packed(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done({ name: file.name, type: file.type,
      content: reader.result.slice(reader.result.indexOf(",") + 1) });
    reader.onerror = () => failed(new Error(`${file.name} cannot be read.`));
    reader.readAsDataURL(file);
  });
}

function onDrop(event) {
  const { target, dataTransfer } = event;
  if (!dataTransfer.types.includes("Files") || target.matches("input[type=file]")) return;
  event.preventDefault(); // the browser would leave the page for the file
  if (event.type === "drop") bring(dataTransfer.files);
}

function onComposerKey(event) {
  if (event.isComposing) return;
  const { key, shiftKey } = event;
  const open = choices.length > 0;
  if (open && key === "ArrowDown") move(1);
  else if (open && key === "ArrowUp") move(-1);
  else if (open && key === "Escape") close();
  else if (open && !shiftKey && (key === "Tab" || (key === "Enter" && active >= 0))) take(active);
  else if (key === "Enter" && !shiftKey) submit();
  else if (key === "ArrowUp" && said && !composer.value) compose(said);
  else return;
  event.preventDefault();
}

function showCommands() {
  $("help-list").replaceChildren(...commands.map(({ name, summary, usages }) => make("section", {},
    make("h3", {}, `/${name} `, make("small", {}, summary)),
    ...usages.map(({ words, meaning }) => make("p", {}, idea(words), " ", meaning)))));
}

// --- Letters ------------------------------------------------------------------------------------

let letters = null; // newest first; null until the first answer
let reading = null; // the mail that is open
let shape = "html"; // how mail is shown

function showLetters(fresh) {
  const known = new Set(letters?.map(({ id }) => id));
  const latest = fresh.find(({ id }) => !known.has(id));
  if (letters && latest) $("news").textContent = `New in ${PANES[latest.medium]}: to ${latest.to}`;
  letters = fresh;
  for (const [medium, view] of Object.entries(PANES)) {
    const here = letters.filter((letter) => letter.medium === medium);
    sync($(`${view}-list`), here, medium === "email" ? buildMail : buildText);
    arrived(view, here);
  }
  // Bring a new letter into view, but never take away what somebody is reading or reaching for.
  const idle = !reading && !document.activeElement?.closest("#mail, #phone, .tabs");
  if (latest && idle && !narrow.matches) choose(PANES[latest.medium]);
  if (reading) refreshReader();
}

function buildMail(letter) {
  return make("li", { class: seen.has(`mail/${letter.id}`) ? null : "new" },
    make("button", { type: "button", onclick: () => open(letter.id) },
      make("b", {}, letter.to), moment(letter.at),
      make("span", {}, letter.subject), chip(letter.state)));
}

function buildText(letter) {
  return make("article", { class: "text" },
    make("header", {}, make("b", {}, letter.to), " ", moment(letter.at), chip(letter.state)),
    make("p", { class: "words" }, ...rich(letter.text)),
    buildActions(letter));
}

/** Buttons for what may happen to a letter; each is the same event as a provider's callback. */
function buildActions({ id, medium, link: address }) {
  const group = make("div", { class: "buttons" });
  const report = (event) => () => whileBusy(group, () =>
    post(`letters/${encodeURIComponent(id)}/events`, { event }).catch(warn).then(poll));
  group.append(...[
    address ? link(address, "Open sign-up page", { class: "primary" }) : null,
    ...Object.entries(ACTIONS[medium]).map(([event, label]) =>
      make("button", { type: "button", onclick: report(event) }, label)),
  ].filter(Boolean));
  return group;
}

function warn(error) {
  $("trouble").textContent = error.message;
  setTimeout(() => { $("trouble").textContent = ""; }, READABLE);
}

function open(id) {
  reading = id;
  seen.add(`mail/${id}`);
  $("mail-list").querySelector(`[data-key="${CSS.escape(id)}"]`).classList.remove("new");
  const letter = letters.find((it) => it.id === id);
  $("subject").textContent = letter.subject;
  $("addressed").replaceChildren(`To ${letter.to} · `, moment(letter.at));
  $("mail-actions").replaceChildren(buildActions(letter));
  showShape(letter);
  refreshReader();
  $("subject").focus();
  showBadges();
}

/** The open mail's body, in a frame that can run nothing and reach nothing but new tabs. */
function showShape(letter) {
  const asHtml = Boolean(letter.html) && shape === "html";
  for (const button of $("reader").querySelectorAll("[data-form]")) {
    button.ariaPressed = String((button.dataset.form === "html") === asHtml);
    button.disabled = button.dataset.form === "html" && !letter.html;
  }
  $("body").replaceChildren(asHtml
    ? make("iframe", { src: `/playground/letters/${encodeURIComponent(letter.id)}/html`,
      sandbox: "allow-popups allow-popups-to-escape-sandbox", title: letter.subject })
    : make("p", { class: "words", tabindex: "0" }, ...rich(letter.text)));
}

/** What may change while a mail is open: its state, and that it goes away. */
function refreshReader() {
  const letter = letters.find(({ id }) => id === reading);
  if (!letter) reading = null;
  else $("mail-state").replaceChildren(chip(letter.state));
  $("reader").hidden = !letter;
  $("mailbox").hidden = Boolean(letter);
}

function leave() {
  const row = $("mail-list").querySelector(`[data-key="${CSS.escape(reading)}"] button`);
  reading = null;
  refreshReader();
  row?.focus();
}

// --- Views, badges and scrolling ----------------------------------------------------------------

const ids = { chat: [], channel: [], mail: [], phone: [] };
const seen = new Set(JSON.parse(sessionStorage.getItem("seen") ?? "[]")); // "phone/17"
let view = "chat"; // on a narrow screen, which has room for one
let pane = "mail"; // on a wide one, beside the chat and the channel

/** Take note of what a view holds now, and forget what was seen but is gone. */
function arrived(name, items) {
  const count = ids[name].length;
  ids[name] = items.map((item) => `${name}/${item.id}`);
  const current = new Set(ids[name]);
  const { dataset } = $(name);
  if (dataset.stuck === "false" && count < ids[name].length) dataset.more = "true";
  for (const key of seen) if (key.startsWith(`${name}/`) && !current.has(key)) seen.delete(key);
  showBadges();
}

/** Count what has not been seen: a mail until it is opened, the rest until its pane is in view. */
function showBadges() {
  for (const [name, keys] of Object.entries(ids)) {
    const visible = $(name).offsetParent !== null && !document.hidden;
    if (visible && name !== "mail") keys.forEach((key) => seen.add(key));
    const count = keys.filter((key) => !seen.has(key)).length;
    const badge = $(`tab-${name}`).querySelector(".badge");
    badge.textContent = count > 99 ? "99+" : count || "";
  }
  sessionStorage.setItem("seen", JSON.stringify([...seen]));
}

function choose(name) {
  view = name;
  if (Object.values(PANES).includes(name)) pane = name;
  showView();
}

function showView() {
  Object.assign(document.body.dataset, { view, pane });
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const selected = tab.dataset.view === (narrow.matches ? view : pane);
    tab.ariaSelected = String(selected);
    tab.tabIndex = selected ? 0 : -1;
  }
  showBadges();
}

function onTabKey(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const tabs = [...document.querySelectorAll("[role=tab]")].filter((tab) => tab.offsetParent);
  const next = tabs.at((tabs.indexOf(event.target) + step) % tabs.length);
  choose(next.dataset.view);
  next.focus();
}

/** Go to the end, and stay there while more comes, until the reader scrolls away. */
function stick(scroller) {
  Object.assign(scroller.parentElement.dataset, { stuck: "true", more: "false" });
  scroller.scrollTop = scroller.scrollHeight;
}

function keepAtEnd(scroller) {
  const { dataset } = scroller.parentElement;
  const settle = () => dataset.stuck === "true" && stick(scroller);
  const watcher = new ResizeObserver(settle); // new messages, a growing composer, a tab that opens
  watcher.observe(scroller);
  watcher.observe(scroller.firstElementChild);
  let top = 0;
  scroller.addEventListener("scroll", () => {
    const left = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    const isUp = scroller.scrollTop < top; // only readers go up; news pushes the end down
    top = scroller.scrollTop;
    if (left < NEAR) Object.assign(dataset, { stuck: "true", more: "false" });
    else if (isUp && scroller.clientHeight) dataset.stuck = "false";
  });
  scroller.parentElement.querySelector(".latest").addEventListener("click", () => stick(scroller));
  stick(scroller);
}

// --- Start --------------------------------------------------------------------------------------

function promise({ email, text }) {
  if (email === true && text === true) return "Nothing leaves this computer";
  if (email === true) return "E-mail stays on this computer";
  return text === true ? "Texts stay on this computer" : "Letters may leave this computer";
}

/** Colour the page in the community's colour, with words on it that can be read. */
function paint(colour) {
  if (!/^#[0-9a-f]{6}$/i.test(colour)) return;
  const [red, green, blue] = colour.match(/[0-9a-f]{2}/gi).map((pair) => parseInt(pair, 16) / 255);
  const luminance = 0.2126 * red ** 2.2 + 0.7152 * green ** 2.2 + 0.0722 * blue ** 2.2; // WCAG's
  const { style } = document.documentElement;
  style.setProperty("--accent", colour);
  style.setProperty("--on-accent", luminance > 0.18 ? "#1b1a17" : "#ffffff"); // equal contrast
}

/** Ask for the names and colours, which any call may have changed. */
async function learnState() {
  const state = await (await ask("state")).json();
  leader = state.leader;
  paint(state.colour);
  document.title = `${state.community} – Porchlight playground`;
  $("community").textContent = state.community;
  $("leader").textContent = `. You are ${leader}.`;
  $("promise").textContent = promise(state.outbox);
  $("promise").hidden = false;
  for (const node of document.querySelectorAll("[data-channel]")) node.textContent = state.channel;
  for (const [medium, name] of Object.entries(PANES)) {
    const shown = state.outbox[medium];
    const absent = $(name).querySelector(".absent");
    absent.textContent = typeof shown === "string" ? shown : ABSENT[medium];
    absent.hidden = shown === true;
    $(name).classList.toggle("off", shown !== true);
  }
}

/** Learn who and where we are; keep trying while the server is not there yet. */
async function begin() {
  try {
    const [known] = await Promise.all([ask("commands"), learnState()]);
    commands = await known.json();
  } catch (error) {
    $("trouble").textContent = error.message;
    setTimeout(begin, PATIENCE);
    return;
  }
  showCommands();
  typed();
  poll();
}

function listen() {
  composer.addEventListener("input", typed);
  composer.addEventListener("keydown", onComposerKey);
  composer.addEventListener("blur", close);
  $("compose").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  $("clip").addEventListener("click", () => $("files").click());
  $("files").addEventListener("change", ({ target }) => {
    bring(target.files);
    target.value = ""; // the same file can be chosen again
  });
  composer.addEventListener("paste", ({ clipboardData }) => bring(clipboardData.files));
  for (const kind of ["dragover", "drop"]) document.addEventListener(kind, onDrop);
  $("picture").addEventListener("click", () => $("picture").close());
  $("help-open").addEventListener("click", () => $("help").showModal());
  $("back").addEventListener("click", leave);
  $("reader").addEventListener("keydown", (event) => { if (event.key === "Escape") leave(); });
  document.querySelector(".tabs").addEventListener("keydown", onTabKey);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
  document.addEventListener("visibilitychange", showBadges);
  narrow.addEventListener("change", showView);
  document.addEventListener("click", onClick);
}

/** Clicks on the things that may be anywhere: suggestions, tabs, Message and Text. */
function onClick({ target }) {
  const words = target.closest(".idea")?.textContent;
  if (words) $("help").close();
  if (words) compose(words);
  const tab = target.closest("[role=tab]");
  if (tab) choose(tab.dataset.view);
  shape = target.dataset?.form ?? shape;
  if (target.dataset?.form) showShape(letters.find(({ id }) => id === reading));
}

$("ideas").append(...IDEAS.map(idea));
document.querySelectorAll("#chat .scroll, #channel .scroll").forEach(keepAtEnd);
listen();
showView();
begin();
if (!narrow.matches) composer.focus();
