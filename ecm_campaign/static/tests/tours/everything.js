import { browser } from "@web/core/browser/browser";
import { rpcBus } from "@web/core/network/rpc";

// Long for a busy machine; nothing waits for it where all goes well.
const PATIENCE_MS = 60000;
const LOOK_EVERY_MS = 20;
const WIDEST_PX = 1366;
// A list has its columns before a scroll bar stands beside it, and keeps them.
const SCROLL_BAR_PX = 16;
// WCAG AA, for text of this size.
const LEAST_CONTRAST = 4.5;
const OPENED_BY = ["/web/dataset/call_button", "/web/action/load", "/web/action/run"];

/** Requests that are not answered yet, by their id. */
const pending = new Map();
let requestCount = 0;
/** What the server answered to the last button: an action, or nothing. */
let answer = false;
let isRefused = false;
let where = "";

/** Python collects what is in the console, and the walk goes on. */
function report(fault) {
    console.error(`${where}: ${fault}`);
}

function onRequest({ detail }) {
    pending.set(detail.data.id, detail.url);
    requestCount += 1;
}

function onResponse({ detail }) {
    const url = pending.get(detail.data.id) || "";
    pending.delete(detail.data.id);
    if (detail.error?.data?.debug) {
        checkError(detail.error.data);
    }
    if (OPENED_BY.some((path) => url.startsWith(path))) {
        answer = detail.result;
        isRefused = Boolean(detail.error);
    }
}

/** What goes wrong is said by a sentence of ours, and not by one of Odoo's. */
function checkError({ name, message, debug }) {
    const raisedIn = debug.split('File "').pop();
    if (!name.startsWith("odoo.exceptions.") || !/\/(test_)?ecm_/.test(raisedIn)) {
        report(`${name}: ${message}`);
    }
}

function getServices() {
    return odoo.__WOWL_DEBUG__.root.env.services;
}

function getController() {
    return getServices().action.currentController;
}

/** A moment, and what was to be drawn until then is: a busy machine draws late. */
function pause() {
    return new Promise((resolve) => {
        browser.setTimeout(() => browser.requestAnimationFrame(resolve), LOOK_EVERY_MS);
    });
}

/** Wait until something is so, and the screen asks the server nothing more. */
async function waitFor(isSo) {
    const end = browser.performance.now() + PATIENCE_MS;
    while (!isSo() || pending.size) {
        if (browser.performance.now() > end) {
            const answered = JSON.stringify(answer);
            report(`nothing came of it: ${requestCount} requests, ${answered?.slice(0, 200)}`);
            return;
        }
        await pause();
    }
    // What has come is drawn.
    await pause();
}

/** Wait until something is so, or a dialog says why it will not come. */
async function waitUntil(isSo) {
    await waitFor(() => isSo() || findAll(".modal .o_error_dialog").length);
}

function findAll(selector, root = document) {
    return [...root.querySelectorAll(selector)];
}

function findVisible(selector) {
    return findAll(selector).filter((element) => element.checkVisibility());
}

/** Whether assistive technology has a name for a field. */
function isLabelled(element) {
    const named = ["aria-label", "aria-labelledby", "title", "placeholder", "data-tooltip"];
    return named.some((name) => element.getAttribute(name)) || element.labels?.length;
}

function isButtonLabelled(button) {
    const inside = button.querySelector("[title], [aria-label], img[alt]");
    return button.textContent.trim() || inside || isLabelled(button);
}

/** What the field or the button is called in the view. */
function describe(element) {
    const holder = element.closest("[name]");
    return `${element.localName} in ${holder ? holder.getAttribute("name") : element.className}`;
}

function checkLabels() {
    // A cell that is edited has its column's heading; other buttons of a list are Odoo's own.
    const screens = ":is(.o_form_view, .modal)";
    const fields = findVisible(`${screens} :is(input, select, textarea):not(.o_list_renderer *)`);
    const buttons = findVisible(`${screens} button:is([name], :not(.o_list_renderer *))`);
    const nameless = [
        ...fields.filter((field) => !isLabelled(field)),
        ...buttons.filter((button) => !isButtonLabelled(button)),
    ];
    nameless.forEach((element) => report(`without a label: ${describe(element)}`));
}

function checkWidth() {
    if (document.scrollingElement.scrollWidth > WIDEST_PX) {
        report(`${document.scrollingElement.scrollWidth} px wide`);
    }
    for (const box of findVisible(".o_list_view .o_list_renderer, .o_form_sheet, .modal-content")) {
        if (box.scrollWidth > box.clientWidth + SCROLL_BAR_PX) {
            report(`${box.className}: ${box.scrollWidth} of ${box.clientWidth} px`);
        }
    }
}

/** @returns {number[]} red, green and blue from 0 to 255 */
function parseColor(color) {
    return color
        .match(/[\d.]+/g)
        .slice(0, 3)
        .map(Number);
}

/** How bright a color is, as WCAG has it. */
function getLuminance(color) {
    const [red, green, blue] = parseColor(color).map((value) => {
        const part = value / 255;
        return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function getContrast(element) {
    const { color, backgroundColor } = window.getComputedStyle(element);
    const [dark, light] = [color, backgroundColor].map(getLuminance).sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
}

/** A state is read from a badge. */
function checkBadges() {
    const badges = findVisible(".o_field_badge .badge").filter((badge) => badge.textContent);
    const pale = badges.filter((badge) => getContrast(badge) < LEAST_CONTRAST);
    pale.forEach((badge) => report(`hard to read: ${badge.textContent}`));
}

function checkScreen() {
    checkLabels();
    checkWidth();
    checkBadges();
}

/** @param {HTMLElement} door "More", or the tab of a page */
function isOpen(door) {
    if (door.matches(".o_button_more")) {
        return findVisible(".o_dropdown_more").length > 0;
    }
    return door.classList.contains("active");
}

async function openDoor(door) {
    door.click();
    await waitUntil(() => isOpen(door));
}

/** Show each page of the form's notebooks, and look at it. */
async function checkForm() {
    checkScreen();
    for (const tab of findVisible(".o_form_view .o_notebook .nav-link:not(.active)")) {
        await openDoor(tab);
        checkScreen();
    }
}

async function closeDialogs() {
    getServices().dialog.closeAll();
    await waitFor(() => !document.querySelector(".modal"));
}

async function open(action, options) {
    answer = false;
    await closeDialogs();
    const before = getController()?.jsId;
    await getServices().action.doAction(action, { clearBreadcrumbs: true, ...options });
    await waitUntil(() => document.querySelector(".modal") || getController().jsId !== before);
}

/** @param {Object} form `model`, and `id` of a record, or none for a new one */
async function openForm({ model, id }) {
    await open({
        type: "ir.actions.act_window",
        res_model: model,
        res_id: id,
        views: [[false, "form"]],
    });
    await waitUntil(() => document.querySelector(".o_form_view .o_form_renderer"));
}

/** The button, wherever the form has it: behind "More", or on a page of a notebook. */
async function findButton(name) {
    const selector = `.o_form_view button[name="${name}"]`;
    const isThere = () => findVisible(`${selector}, .o_dropdown_more button[name="${name}"]`)[0];
    const doors = findVisible(
        ".o_form_view .o_button_more, .o_form_view .o_notebook .nav-link:not(.active)"
    );
    for (const door of doors) {
        if (isThere()) {
            break;
        }
        await openDoor(door);
    }
    return isThere();
}

/** Whether what the server answered is to be seen. */
function hasCome(before, requestsBefore) {
    const isDialog = Boolean(document.querySelector(".modal"));
    if (isRefused) {
        // Said in a dialog, which comes a moment later than the answer.
        return isDialog;
    }
    if (answer?.type === "ir.actions.act_window" && answer.target !== "new") {
        return getController().jsId !== before;
    }
    return isDialog || (requestCount > requestsBefore && !isDialogAwaited());
}

function isDialogAwaited() {
    return answer?.type === "ir.actions.act_window" || answer?.tag === "ecm_explain";
}

/** Press a button, look at what it opens, and discard it. */
async function press(button) {
    const before = getController().jsId;
    const requestsBefore = requestCount;
    answer = isRefused = false;
    button.click();
    await waitUntil(() => hasCome(before, requestsBefore));
    checkScreen();
    await closeDialogs();
    return getController().jsId !== before;
}

/** @param {Object} form `model`, `id`, and `names` of the buttons to press */
async function walkForm(form) {
    where = `${form.model} ${form.id || "new"}`;
    await openForm(form);
    await checkForm();
    for (const name of form.names) {
        where = `${form.model} ${form.id}, ${name}`;
        const button = await findButton(name);
        if (!button) {
            report("no such button");
        } else if (await press(button)) {
            await openForm(form);
        }
    }
}

/** Buttons above a list and in its rows; those of made-up rows nobody can press. */
function findListButtons(name = "[name]") {
    const places = ":is(.o_control_panel, .o_data_row)";
    const buttons = findVisible(`.o_list_view ${places} button${name}:not([disabled])`);
    return buttons.filter((button) => !button.closest(".o_view_sample_data .o_data_row"));
}

async function pressInList(menu, name, reopen) {
    const [button] = findListButtons(`[name="${name}"]`);
    where = `${menu.xmlid} list, ${name}`;
    if (button && (await press(button))) {
        await reopen();
    }
}

async function walkList(menu) {
    const reopen = () => open(menu.actionID, { viewType: "list" });
    // One of each: its place in the list may have changed when its turn comes.
    const names = findListButtons().map((button) => button.getAttribute("name"));
    for (const name of new Set(names)) {
        await pressInList(menu, name, reopen);
    }
}

async function walkView(menu, type) {
    where = `${menu.xmlid} ${type}`;
    if (getController()?.view?.type !== type) {
        await open(menu.actionID, { viewType: type });
    }
    checkScreen();
    if (type === "list") {
        await walkList(menu);
    }
}

async function walkMenu(menu) {
    where = menu.xmlid;
    await open(menu.actionID);
    checkScreen();
    const isDialog = document.querySelector(".modal");
    const views = isDialog ? [] : getController().action.views || [];
    const types = views.map(([_id, type]) => type);
    for (const type of types.filter((one) => !["form", "search"].includes(one))) {
        await walkView(menu, type);
    }
}

function getMenus(root) {
    const app = getServices()
        .menu.getAll()
        .find((menu) => menu.xmlid === root);
    const menus = [];
    const collect = (menu) => {
        menus.push(menu);
        menu.children.map((id) => getServices().menu.getMenu(id)).forEach(collect);
    };
    collect(app);
    return menus.filter((menu) => menu.actionID);
}

/**
 * Open every menu of an app, every view of it, and forms; press their buttons.
 *
 * Faults are written to the console, where they do not end the walk.
 *
 * @param {string} root of the menus
 * @param {number[]} seen ids of menus that need not be opened again
 * @param {Object[]} forms `model`, `id` or none for a new record, `names` of buttons
 */
export function walk(root, seen, forms) {
    walkAll(root, seen, forms)
        .catch((error) => report(error.stack))
        .then(() => console.log("everything was opened"));
}

async function walkAll(root, seen, forms) {
    rpcBus.addEventListener("RPC:REQUEST", onRequest);
    rpcBus.addEventListener("RPC:RESPONSE", onResponse);
    for (const menu of getMenus(root).filter(({ id }) => !seen.includes(id))) {
        await walkMenu(menu);
    }
    for (const form of forms) {
        await walkForm(form);
    }
}
