import { telephone } from "@ecm_agent/desk/telephone";
import { registry } from "@web/core/registry";
import { patch } from "@web/core/utils/patch";

// What the desk has had the telephone dial.
const dialled = [];

// No program for `tel:` links opens on the machine that tests run on.
patch(telephone, {
    dial(number) {
        dialled.push(number);
    },
});

/** Keys as a keyboard sends them, to what has the focus. */
function press(key, options = {}) {
    const target = document.activeElement || document.body;
    const code = /^\d$/.test(key) ? `Digit${key}` : undefined;
    const event = { key, code, bubbles: true, cancelable: true, ...options };
    const goesOn = target.dispatchEvent(new KeyboardEvent("keydown", event));
    target.dispatchEvent(new KeyboardEvent("keyup", event));
    // What a browser does for a focused button by itself.
    if (goesOn && key === "Enter" && target.tagName === "BUTTON") {
        target.click();
    }
}

function keyboard(trigger, ...keys) {
    return {
        trigger,
        run: () => keys.forEach((each) => (Array.isArray(each) ? press(...each) : press(each))),
    };
}

function see(trigger) {
    return { trigger };
}

const NEXT = ".o_ecm_desk button[name=request]:focus";
const CALL = ".o_ecm_desk button[name=call]:focus";
const FIRST_CHOICE = ".o_ecm_desk input[name=choice]:focus";
const SAVE = ".o_ecm_desk button[name=save]:focus";
const CONTROL_ENTER = ["Enter", { ctrlKey: true }];

/** A whole call: the focus says each time that the desk is ready. */
function workOne(name, digit) {
    return [
        keyboard(NEXT, "n"),
        see(`.o_ecm_desk h1:contains('${name}')`),
        keyboard(CALL, "c"),
        keyboard(FIRST_CHOICE, digit),
        keyboard(SAVE, "Enter"),
    ];
}

registry.category("web_tour.tours").add("ecm_agent_five_cards", {
    steps: () => [
        {
            trigger: NEXT,
            run: () => (dialled.length = 0),
        },
        ...workOne("Ada One", "1"),
        ...workOne("Bela Two", "5"),
        // Accepted, talked, ended; saved from within the note.
        keyboard(NEXT, "Enter"),
        see(".o_ecm_desk h1:contains('Cleo Three')"),
        see(".o_ecm_desk_script:contains('Good day Cleo')"),
        keyboard(CALL, "a"),
        see(".o_ecm_desk .badge:contains('Accepted')"),
        keyboard(CALL, "Enter"),
        keyboard(FIRST_CHOICE, "e"),
        see(".o_ecm_desk_call:contains('Call ended')"),
        keyboard(".o_ecm_desk", "3"),
        {
            trigger: ".o_ecm_desk #o_ecm_desk_note",
            run: "edit Has 3 children",
        },
        keyboard("#o_ecm_desk_note", CONTROL_ENTER),
        // Skipped: Escape closes the reasons, a digit takes one.
        keyboard(NEXT, "n"),
        keyboard(CALL, "s"),
        see(".o_ecm_desk fieldset:contains('Why do you skip it?')"),
        keyboard(".o_ecm_desk", "Escape"),
        keyboard(CALL, "s"),
        see(".o_ecm_desk fieldset:contains('Why do you skip it?')"),
        keyboard(".o_ecm_desk", "1"),
        // A callback, whose day and time are asked for.
        keyboard(NEXT, "n"),
        see(".o_ecm_desk h1:contains('Egon Five')"),
        keyboard(CALL, "c"),
        keyboard(FIRST_CHOICE, "2"),
        see(".o_ecm_desk input[name=callback_date]:focus"),
        keyboard(".o_ecm_desk", CONTROL_ENTER),
        see(".o_ecm_desk_callbacks:contains('Egon Five')"),
        see(".o_ecm_desk_numbers:contains('4')"),
        // Nothing is left.
        keyboard(NEXT, "n"),
        see(".o_ecm_desk_notices .alert:contains('No card is due now')"),
        {
            trigger: ".o_ecm_desk",
            run() {
                if (dialled.length !== 4) {
                    throw new Error(`dialled: ${dialled.join(", ")}`);
                }
            },
        },
    ],
});

registry.category("web_tour.tours").add("ecm_agent_take_card", {
    steps: () => [keyboard(NEXT, "n"), see(".o_ecm_desk h1:contains('Ada One')")],
});

registry.category("web_tour.tours").add("ecm_agent_card_gone", {
    steps: () => [
        { trigger: CALL, run: "click" },
        see(".o_ecm_desk_notices .alert:contains('do-not-contact')"),
        see(NEXT),
    ],
});

registry.category("web_tour.tours").add("ecm_agent_take_back", {
    steps: () => [
        see(".o_data_row:contains('Ada One'):contains('Anna')"),
        { trigger: ".o_data_row button[name=take_back]", run: "click" },
        { trigger: ".modal .btn-primary", run: "click" },
        see(".o_view_nocontent:contains('Nobody has a card in hand')"),
    ],
});
