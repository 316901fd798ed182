// SPDX-License-Identifier: GPL-2.0
/*
 * The boards of this computer, live.
 *
 * "smallbms monitor" says when something changes, and "smallbms status" then says how
 * everything is, with the words for it: there is no second opinion in this page. What
 * changes without an event, as measurements do, is read every POLL_MS. What was read
 * longer than STALE_MS ago is not shown as current; it is replaced by "unknown".
 */
"use strict";

/* global cockpit */

const POLL_MS = 5000;
const STALE_MS = 12000;
const TICK_MS = 250;
const RESTART_MS = 1000;
const HISTORY_LINES = "30";
/* It is recorded by another program, which waits for the disk. */
const HISTORY_AFTER_MS = [1000, 8000];
/* As of the tool: a measurement that is older says nothing of now. */
const MEASURED_STALE_S = 35;
/* A margin from which the tool says "known from the signal lines only" */
const MARGIN_OF_LINES = 50;

const SPAWN = { err: "message", environ: ["LC_ALL=C.UTF-8"] };

const COUNTDOWNS = [
	["disconnect_in_ms", "until the load is cut"],
	["shed_in_ms", "until the load is shed"],
	["reconnect_in_ms", "until the load may come back, at the earliest"],
];

const OUTPUTS = [
	["load", "Load"],
	["charge", "Charge"],
	["pre_alarm", "Pre-alarm"],
	["remote", "Remote"],
	["terminals", "Terminals"],
];

/* Whatever is less may be noise, as the driver has it */
const NOISE_UA = 50000;

const MEASURED = [
	["voltage_now", "Voltage", "voltage_age_s", uv => number(uv / 1e6, 2) + " V"],
	["current_now", "Current", "current_age_s", ua => number(Math.abs(ua) / 1e6, 2) + " A" +
		(ua < -NOISE_UA ? " discharging" : ua > NOISE_UA ? " charging" : "")],
	["temp", "Temperature", "temperature_age_s", dc => number(dc / 10, 1) + " °C"],
];

const LEVELS = { Normal: "Normal", Low: "Low", Critical: "Empty", Full: "Full" };

/* The exit status of smallbms where there is no board */
const NO_BOARD = 3;

const NO_CONNECTION = "no connection to this computer";
const NO_ANSWER = "no answer from this computer";
const UNPLUGGED = "unplugged, or its driver was unloaded";

/* What is asked before the load may be disconnected */
const QUESTIONS = {
	"remote-off": {
		title: name => `Switch ${name} off?`,
		text: () => "The load and charging are disconnected at once.",
		yes: "Switch off",
	},
	"load-off": {
		title: name => `Disconnect the load of ${name}?`,
		text: () => "The load is disconnected at once. Charging goes on.",
		yes: "Disconnect the load",
	},
	"load-shed": {
		title: name => `Shed the load of ${name}?`,
		text: state => "The load is disconnected after a pre-alarm of " +
			seconds(state.pre_alarm_delay_ms || 30000) + ". Charging goes on.",
		yes: "Shed the load",
	},
	"floor": {
		title: (name, words) => `Shed the load of ${name} at ${words[1]} %?`,
		text: (state, words) => "The load is disconnected, after a pre-alarm, when two reports in a row " +
			`say that the state of charge is at or below ${words[1]} %. ` +
			(state.words.gauge ? `The last one: ${state.words.gauge}.` : "No gauge reports now."),
		yes: "Set the floor",
	},
};
const SUPPLY = " If this computer hangs on the load output, it loses its power, and this page with it.";

const page = {
	boards: new Map(),	/* name: { card, state, read_at, gone_at } */
	answered_at: 0,		/* when the last answer of "status" was asked for */
	lost_at: 0,		/* since when nothing is known, 0: it is */
	lost_why: "",
	reading: false,
	again: false,
	admin: false,
	trouble: "",
};

/* ---- small helpers */

function by_id(id)
{
	return document.getElementById(id);
}

function element(tag, text, name)
{
	const made = document.createElement(tag);

	if (text !== undefined)
		made.textContent = text;
	if (name)
		made.className = name;
	return made;
}

/* Only what differs is touched, so that a screen reader is not told it again. */
function put_text(node, text)
{
	if (node.textContent !== text)
		node.textContent = text;
}

function put_list(list, texts)
{
	while (list.children.length > texts.length)
		list.lastElementChild.remove();
	texts.forEach((text, i) => {
		if (!list.children[i])
			list.append(element("li"));
		put_text(list.children[i], text);
	});
	list.hidden = !texts.length;
}

function put_attribute(node, name, value)
{
	if (node.getAttribute(name) !== String(value))
		node.setAttribute(name, value);
}

function number(value, digits)
{
	return value.toFixed(digits);
}

/* As the tool says it: "23 s" or "3 min 20 s", rounded up */
function seconds(ms)
{
	const s = Math.ceil(ms / 1000);

	return s < 120 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`;
}

/* As the tool says it: "40 s", "12 min", "3 h 56 min" or "4 days" */
function duration(s)
{
	const minutes = Math.floor(s / 60), hours = Math.floor(s / 3600);

	if (s < 120)
		return `${s} s`;
	if (hours < 2)
		return `${minutes} min`;
	return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

function clock(ms)
{
	const s = Math.ceil(ms / 1000);

	return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

function time_of_day(ms)
{
	return new Date(ms).toLocaleTimeString("en-GB");
}

function elapsed(board)
{
	return Math.max(0, Date.now() - board.read_at);
}

function left(board, key)
{
	const ms = board.state[key];

	return Number.isFinite(ms) && ms >= 0 ? Math.max(0, ms - elapsed(board)) : -1;
}

/* The numbers in the tool's words grow and shrink while nothing new is read. */
function tick_words(board, text)
{
	const age = (board.state.measurements || {}).soc_age_s;

	for (const [key] of COUNTDOWNS)
		if (left(board, key) >= 0)
			text = text.replace(`in ${seconds(board.state[key])}`,
					    `in ${seconds(left(board, key))}`);
	if (age >= 0)
		text = text.replace(`reported ${duration(age)} ago`,
				    `reported ${duration(age + Math.floor(elapsed(board) / 1000))} ago`);
	return text;
}

function complaint(text)
{
	return text.trim().replace(/^smallbms: /gm, "");
}

/* ---- reading */

/* Without permission it runs as root where the user has turned that on. */
function smallbms(words, superuser)
{
	return cockpit.spawn(["smallbms", ...words],
			     superuser ? { ...SPAWN, superuser: "require" } : SPAWN);
}

function is_lost(problem)
{
	return ["disconnected", "terminated", "timeout", "no-cockpit", "no-session",
		"authentication-failed"].includes(problem);
}

function lose(why)
{
	page.lost_at = page.lost_at || page.answered_at || Date.now();
	page.lost_why = why;
	show();
}

function is_stale()
{
	return !page.lost_at && page.answered_at && Math.abs(Date.now() - page.answered_at) > STALE_MS;
}

/* @complete: of all boards; one that is absent then is gone */
function take_boards(text, asked_at, complete)
{
	const there = new Set();

	/* What was long under way says nothing of now. */
	if (Date.now() - asked_at > STALE_MS)
		return;
	/* an object a board, each beginning in a line of its own */
	for (const part of text.split(/^(?=\{)/m)) {
		if (!part.trim())
			continue;
		const state = JSON.parse(part);

		there.add(state.name);
		add_board(state.name);
		Object.assign(page.boards.get(state.name),
			      { state, read_at: asked_at, gone_at: 0 });
	}
	for (const [name, board] of page.boards)
		if (complete && !there.has(name) && !board.gone_at)
			Object.assign(board, { state: null, gone_at: Date.now() });
	if (!complete && !there.size)
		return;
	page.answered_at = asked_at;
	page.lost_at = 0;
}

/* One at a time; what is asked for meanwhile is one more. */
function read()
{
	/* Before it is read: a countdown is rather shown too short than too long. */
	const asked_at = Date.now();

	if (page.reading) {
		page.again = true;
		return;
	}
	page.reading = true;
	smallbms(["--json", "status"]).then(text => {
		page.trouble = "";
		take_boards(text, asked_at, true);
	}, (error, text) => {
		if (is_lost(error.problem)) {
			lose(NO_CONNECTION);
		} else if (error.problem === "not-found") {
			page.trouble = "The program smallbms is not installed. Install the package smallbms-tools.";
		} else {
			page.trouble = complaint(error.message || String(error));
			take_boards(text || "", asked_at, error.exit_status === NO_BOARD);
		}
	}).catch(error => {
		page.trouble = `What smallbms says makes no sense: ${error.message}`;
	}).finally(() => {
		page.reading = false;
		show();
		if (page.again) {
			page.again = false;
			read();
		}
	});
}

function monitor()
{
	let wanted = [];

	smallbms(["--json", "monitor", "--initial"]).stream(() => {
		read();
		wanted.forEach(clearTimeout);
		wanted = HISTORY_AFTER_MS.map(ms => setTimeout(read_history, ms));
	}).then(() => null, error => {
		if (is_lost(error.problem))
			lose(NO_CONNECTION);
	}).finally(() => {
		setTimeout(monitor, RESTART_MS);
	});
}

/* ---- history */

function show_events(text)
{
	const events = text.split("\n").filter(line => line).map(line => JSON.parse(line)).reverse();
	const several = new Set(events.map(event => event.name)).size > 1;
	let day = "";

	by_id("events").replaceChildren(...events.map(event => {
		const item = element("li");
		const when = new Date(event.time);
		const date = when.toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short" });
		const time = element("time", (date === day ? "" : date + " ") + when.toLocaleTimeString("en-GB"));

		day = date;
		time.dateTime = event.time;
		item.append(time, element("span", (several ? event.name + ": " : "") + event.words));
		return item;
	}));
	return events.length ? "" : "Nothing has happened yet.";
}

function read_history()
{
	smallbms(["--json", "history", "--lines", HISTORY_LINES]).then(show_events).catch(error => {
		if (is_lost(error.problem))
			return "";
		by_id("events").replaceChildren();
		return complaint(error.message || String(error));
	}).then(hint => {
		by_id("history").hidden = false;
		by_id("history-hint").hidden = !hint;
		put_text(by_id("history-hint"), hint);
	});
}

/* ---- showing */

function add_board(name)
{
	if (page.boards.has(name))
		return;
	const card = by_id("board").content.firstElementChild.cloneNode(true);
	const of = selector => card.querySelector(selector);
	const id = `board-${page.boards.size}`;

	card.dataset.name = name;
	of(".name").textContent = name;
	of(".name").id = id;
	card.setAttribute("aria-labelledby", id);
	of(".refused").id = `${id}-refused`;
	for (const [key, label] of OUTPUTS) {
		const row = element("div");

		row.dataset.of = key;
		row.append(element("dt", label), element("dd"));
		row.lastChild.append(element("span", "", "switch"), element("span", "", "why"));
		of(".outputs").append(row);
	}
	for (const [key, label] of MEASURED) {
		const tile = element("div");

		tile.dataset.of = key;
		tile.append(element("dt", label), element("dd"));
		of(".tiles").append(tile);
	}
	for (const button of card.querySelectorAll("button[type=button]"))
		button.addEventListener("click", () => press(name, button));
	of("form").addEventListener("submit", event => {
		event.preventDefault();
		press(name, of("button[type=submit]"));
	});
	page.boards.set(name, { card, state: null, read_at: 0, gone_at: 0, said: "" });
	/* by name, as the tool lists them */
	const after = [...by_id("boards").children].find(other => other.dataset.name > name);
	by_id("boards").insertBefore(card, after || null);
}

/* The countdown that runs, the nearest one if several do */
function countdown_of(board)
{
	const running = board.state ? COUNTDOWNS.map(([key, until]) => ({ key, until, ms: left(board, key) }))
		.filter(each => each.ms >= 0) : [];

	return running.sort((a, b) => a.ms - b.ms)[0];
}

function show_countdown(board)
{
	const box = board.card.querySelector(".countdown");
	const running = countdown_of(board);

	box.hidden = !running;
	if (!running)
		return;
	put_text(box.querySelector(".time"), clock(running.ms));
	put_text(box.querySelector(".until"), running.until);
	const whole = running.key === "reconnect_in_ms" ? board.state[running.key] :
		board.state.pre_alarm_delay_ms || 30000;

	box.querySelector("progress").value = Math.min(1, running.ms / Math.max(1, whole));
}

function show_soc(board)
{
	const card = board.card.querySelector(".soc");
	const { state } = board;
	const capacity = state ? state.capacity : undefined;
	const margin = state ? state.capacity_error_margin : undefined;
	const known = Number.isFinite(capacity) && !(margin >= 100);
	const coarse = known && margin >= MARGIN_OF_LINES;
	const range = known && Number.isFinite(margin) ? margin : 0;
	const floor = state && state.soc_floor_percent > 0 ? state.soc_floor_percent : 0;
	const from = Math.max(0, capacity - range), to = Math.min(100, capacity + range);
	const lines = [];
	let figure = "unknown", after = "";

	if (coarse) {
		figure = LEVELS[state.capacity_level] || "unknown";
	} else if (known) {
		figure = `${capacity} %`;
		after = range ? `± ${range}` : "";
	}
	put_text(card.querySelector(".number"), figure);
	put_attribute(card.querySelector(".number"), "data-word", coarse || !known);
	put_text(card.querySelector(".margin"), after);
	put_attribute(card.querySelector(".fill"), "width", known ? capacity : 0);
	put_attribute(card.querySelector(".doubt"), "x", known ? from : 0);
	put_attribute(card.querySelector(".doubt"), "width", known ? to - from : 100);
	put_attribute(card.querySelector(".floor"), "visibility", floor ? "visible" : "hidden");
	put_attribute(card.querySelector(".floor"), "transform", `translate(${floor})`);
	card.querySelector(".bar").toggleAttribute("hidden", coarse || !known);
	put_attribute(card.querySelector(".bar"), "aria-label",
		      `${from} to ${to} %${floor ? `, floor at ${floor} %` : ""}`);
	if (state && state.words.gauge)
		lines.push(`Gauge: ${tick_words(board, state.words.gauge)}`);
	if (state && (coarse || !known) && state.words.capacity)
		lines.push(state.words.capacity);
	if (state && state.words.floor)
		lines.push(`Floor: ${state.words.floor}`);
	put_list(card.querySelector(".lines"), lines);
}

function show_outputs(board)
{
	for (const row of board.card.querySelectorAll(".outputs > div")) {
		const value = board.state ? board.state[row.dataset.of] : null;
		const why = board.state && board.state.words[row.dataset.of] || "";

		row.dataset.is = value === true ? "on" : value === false ? "off" : "unknown";
		put_text(row.querySelector(".switch"), row.dataset.is);
		put_text(row.querySelector(".why"), board.state ? tick_words(board, why) : "");
	}
}

function conditions_of(state)
{
	if (!state || !state.conditions)
		return ["unknown"];
	if (!state.conditions.length)
		return ["none"];
	return state.conditions.map(name => state.words.conditions[name] ?
		`${name}: ${state.words.conditions[name]}` : name);
}

function show_measured(board)
{
	const { state } = board;
	const ages = state && state.measurements || {};
	let any = false;

	for (const tile of board.card.querySelectorAll(".tiles > div")) {
		const [key, , age_key, words] = MEASURED.find(each => each[0] === tile.dataset.of);
		const value = state ? state[key] : undefined;
		const age = ages[age_key];
		const stale = age > MEASURED_STALE_S;

		tile.hidden = state !== null && value === undefined;
		any = any || !tile.hidden;
		tile.dataset.stale = stale;
		if (!Number.isFinite(value))
			put_text(tile.lastChild, "unknown");
		else if (stale)
			put_text(tile.lastChild, `unknown; ${words(value)} was measured ${duration(age)} ago`);
		else
			put_text(tile.lastChild, words(value));
	}
	board.card.querySelector(".measured").hidden = !any;
}

/* What one may not do is disabled, and says why. */
function show_switches(board)
{
	const box = board.card.querySelector(".switches");
	const { state } = board;
	const reasons = new Set();

	for (const group of box.querySelectorAll("fieldset")) {
		const name = group.dataset.attribute;
		const value = state ? state[name] : undefined;
		const why = state ? state.words.refused[name] : "";
		const may = state !== null && (!why || page.admin);

		group.hidden = state !== null && value === undefined;
		if (why && !may && !group.hidden)
			reasons.add(why);
		put_attribute(group, "aria-describedby", box.querySelector(".refused").id);
		for (const control of group.querySelectorAll("button, input"))
			control.disabled = !may;
		for (const button of group.querySelectorAll("button[value]")) {
			const now = value === true ? "on" : value === false ? "off" : String(value);

			put_attribute(button, "aria-pressed", now === button.value);
		}
		const input = group.querySelector("input");

		if (input && document.activeElement !== input && input.dataset.shown !== String(value)) {
			input.dataset.shown = String(value);
			input.value = value > 0 ? value : "";
		}
	}
	const words = state === null ? ["Nothing can be switched: the board cannot be reached."] :
		[...reasons].map(why => `You may not switch this board: ${why}. ` +
			"Or turn on administrative access in Cockpit.");

	put_text(box.querySelector(".refused"), words.join(" "));
	box.querySelector(".refused").hidden = !words.length;
}

/* Return: the severity and the headline; nothing old is said to be so now */
function headline_of(board)
{
	if (board.gone_at)
		return ["unknown", `GONE: ${UNPLUGGED}`, `since ${time_of_day(board.gone_at)}`];
	if (page.lost_at)
		return ["unknown", `UNKNOWN: ${page.lost_why}`,
			board.last ? `At ${time_of_day(board.read_at)} it was: ${board.last}` : ""];
	if (!board.state)
		return ["unknown", "UNKNOWN: not read yet", ""];
	return [board.state.words.severity, tick_words(board, board.state.words.headline), ""];
}

function show_board(board)
{
	if (page.lost_at && board.state) {
		board.last = board.state.words.headline;
		board.state = null;
	}
	const of = selector => board.card.querySelector(selector);
	const [severity, headline, before] = headline_of(board);

	board.card.dataset.severity = severity;
	put_attribute(of("use"), "href", `#icon-${severity}`);
	put_text(of(".headline"), headline);
	put_text(of(".before"), before);
	of(".before").hidden = !before;
	show_countdown(board);
	show_soc(board);
	show_outputs(board);
	put_list(of(".conditions"), conditions_of(board.state));
	show_measured(board);
	put_list(of(".advice ul"), board.state ? board.state.words.advice.map(text => tick_words(board, text)) : []);
	of(".advice").hidden = of(".advice ul").hidden;
	show_switches(board);
	return [severity, headline];
}

/* Said once for each change; the numbers in it go on without a word. */
function announce(changes)
{
	if (changes.length)
		by_id("alarms").textContent = changes.join(". ");
}

function show()
{
	const changes = [];

	for (const [name, board] of page.boards) {
		const [severity, headline] = show_board(board);
		const said = headline.replace(/\d+/g, "");

		if (board.said !== said && (severity === "alarm" || severity === "unknown" || board.said))
			changes.push(`${name}: ${headline}`);
		board.said = said;
	}
	announce(changes);
	const state = page.lost_at ? "lost" : page.answered_at ? "live" : "waiting";

	by_id("link").dataset.state = state;
	put_text(by_id("link-text"), {
		lost: `Not live since ${time_of_day(page.lost_at)}`,
		live: "Live",
		waiting: "Connecting …",
	}[state]);
	by_id("reconnect").hidden = state !== "lost";
	put_text(by_id("trouble"), page.trouble);
	by_id("trouble").hidden = !page.trouble || state === "lost";
}

/* Between two answers, only what moves by itself */
function tick()
{
	if (is_stale()) {
		lose(NO_ANSWER);
		return;
	}
	for (const board of page.boards.values()) {
		const running = countdown_of(board);

		if (!board.state)
			continue;
		put_text(board.card.querySelector(".headline"), headline_of(board)[1]);
		show_countdown(board);
		show_soc(board);
		show_outputs(board);
		if (running && !running.ms && elapsed(board) > RESTART_MS)
			read();
	}
}

/* ---- switching */

/* Return: a promise of whether the person wants it; Cancel has the focus */
function confirmed(question, board, words)
{
	const dialog = by_id("confirm");

	put_text(by_id("confirm-title"), question.title(board.state.name, words));
	put_text(by_id("confirm-text"), question.text(board.state, words) + SUPPLY);
	put_text(by_id("confirm-yes"), question.yes);
	dialog.returnValue = "";
	dialog.showModal();
	by_id("confirm-no").focus();
	return new Promise(resolve => {
		dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
	});
}

function answer(board, text, failed)
{
	const place = board.card.querySelector(".answer");

	place.dataset.failed = failed;
	put_text(place, (failed ? "Not done: " : "") + text);
}

async function press(name, button)
{
	const board = page.boards.get(name);
	const group = button.closest("fieldset");
	const words = button.dataset.command.split(" ");

	if (!board.state || board.busy)
		return;
	if (words[0] === "floor" && words.length === 1)
		words.push(group.querySelector("input").value.trim());
	if (button.dataset.ask && words[1] !== "" &&
	    !await confirmed(QUESTIONS[button.dataset.ask], board, words))
		return;
	if (!board.state) {
		answer(board, "there is no connection any more; nothing was switched.", true);
		return;
	}
	board.busy = true;
	put_attribute(group, "aria-busy", true);
	answer(board, "…", false);
	await smallbms(["--board", name, ...words], board.state.words.refused[group.dataset.attribute]).then(
		text => answer(board, text.trim(), false),
		(error, text) => answer(board, [complaint(error.message || String(error)),
						(text || "").trim()].join("\n").trim(), true));
	board.busy = false;
	group.removeAttribute("aria-busy");
	const input = group.querySelector("input");

	if (input)
		delete input.dataset.shown;
	read();
}

/* ---- */

/* As chosen in Cockpit, or else as the browser is */
function show_theme()
{
	const style = localStorage.getItem("shell:style") || "auto";

	document.documentElement.classList.toggle("dark", style === "dark" ||
		(style === "auto" && matchMedia("(prefers-color-scheme: dark)").matches));
}

function begin()
{
	const permission = cockpit.permission({ admin: true });
	const note_permission = () => {
		page.admin = permission.allowed === true;
		show();
	};

	permission.addEventListener("changed", note_permission);
	note_permission();
	by_id("confirm-no").addEventListener("click", () => by_id("confirm").close("no"));
	by_id("confirm-yes").addEventListener("click", () => by_id("confirm").close("yes"));
	by_id("reconnect").addEventListener("click", () => location.reload());
	document.addEventListener("visibilitychange", () => {
		if (!document.hidden) {
			tick();
			read();
		}
	});
	setInterval(() => document.hidden || read(), POLL_MS);
	setInterval(() => document.hidden || tick(), TICK_MS);
	monitor();
	read();
	read_history();
}

show_theme();
window.addEventListener("storage", show_theme);
window.addEventListener("cockpit-style", show_theme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show_theme);
cockpit.transport.wait(begin);
