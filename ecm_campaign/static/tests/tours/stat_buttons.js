import { browser } from "@web/core/browser/browser";
import { rpcBus } from "@web/core/network/rpc";

const PATIENCE_MS = 30000;
const LOOK_EVERY_MS = 25;

const pending = new Set();

function watchRequests() {
    rpcBus.addEventListener("RPC:REQUEST", ({ detail }) => pending.add(detail.data.id));
    rpcBus.addEventListener("RPC:RESPONSE", ({ detail }) => pending.delete(detail.data.id));
}

function getActionService() {
    return odoo.__WOWL_DEBUG__.root.env.services.action;
}

/** Wait until something is so, and the screen asks the server nothing more. */
async function waitUntil(isSo, what) {
    const end = browser.performance.now() + PATIENCE_MS;
    while (!isSo() || pending.size) {
        const dialog = document.querySelector(".o_error_dialog");
        if (dialog) {
            throw new Error(`${what}: ${dialog.textContent}`);
        }
        if (browser.performance.now() > end) {
            throw new Error(`${what}: nothing came of it`);
        }
        await new Promise((resolve) => browser.setTimeout(resolve, LOOK_EVERY_MS));
    }
}

async function openForm({ model, id }) {
    const action = {
        type: "ir.actions.act_window",
        res_model: model,
        res_id: id,
        views: [[false, "form"]],
    };
    await getActionService().doAction(action, { clearBreadcrumbs: true });
    await waitUntil(() => document.querySelector(".o_form_view .o_form_sheet"), `${model} ${id}`);
}

/** All stat buttons of the form, also those that have no room and stand behind "More". */
async function getButtons() {
    const more = document.querySelector(".o-form-buttonbox .o_button_more");
    if (more) {
        more.click();
        await waitUntil(
            () => document.querySelector(".o_dropdown_more button.oe_stat_button"),
            "More"
        );
    }
    return [...document.querySelectorAll(".o-form-buttonbox button.oe_stat_button")];
}

/** Press one button of a form that was just opened; what it opens has to come. */
async function press(button, form) {
    const what = `${form.model} ${form.id}, ${button.textContent.trim()}`;
    console.log(`Pressing ${what}`);
    const before = getActionService().currentController.jsId;
    button.click();
    await waitUntil(() => getActionService().currentController.jsId !== before, what);
}

/** @returns {Set} names of the buttons that were pressed */
async function pressAll(form) {
    const names = new Set();
    let count = 1;
    for (let place = 0; place < count; place++) {
        await openForm(form);
        const buttons = await getButtons();
        count = buttons.length;
        if (buttons[place]) {
            names.add(buttons[place].getAttribute("name"));
            await press(buttons[place], form);
        }
    }
    return names;
}

/**
 * Press every stat button of some forms, each once.
 *
 * @param {Object} forms the names of its stat buttons and the ids of its records, for each model
 */
export async function pressStatButtons(forms) {
    watchRequests();
    for (const [model, { names, ids }] of Object.entries(forms)) {
        const missing = new Set(names);
        for (const id of ids) {
            const pressed = await pressAll({ model, id });
            pressed.forEach((name) => missing.delete(name));
        }
        if (missing.size) {
            throw new Error(`${model}: no record shows ${[...missing].join(", ")}`);
        }
    }
    console.log("test successful");
}
