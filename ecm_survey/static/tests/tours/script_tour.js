import { telephone } from "@ecm_agent/desk/telephone";
import { registry } from "@web/core/registry";
import { patch } from "@web/core/utils/patch";

const NEXT = ".o_ecm_desk button[name=request]:focus";
const CALL = ".o_ecm_desk button[name=call]:focus";
const SAVE = ".o_ecm_desk button[name=save]:focus";
// A frame that has the focus is no `:focus` of its page.
const FRAME = ".o_ecm_desk_survey:focus-within iframe";

function see(trigger) {
    return { trigger };
}

/** A click in the frame, as its own document sees it. */
function click(trigger) {
    return { trigger, run: ({ anchor }) => anchor.click() };
}

/** A key as a keyboard sends it, to what has the focus in the page or in its frame. */
function press(key, within = document) {
    const target = within.activeElement || within.body;
    const code = /^\d$/.test(key) ? `Digit${key}` : undefined;
    const event = { key, code, bubbles: true, cancelable: true };
    const { KeyboardEvent } = within.defaultView;
    const goesOn = target.dispatchEvent(new KeyboardEvent("keydown", event));
    target.dispatchEvent(new KeyboardEvent("keyup", event));
    if (goesOn && key === "Enter" && target.tagName === "BUTTON") {
        target.click();
    }
}

function keyboard(trigger, key) {
    return { trigger, run: () => press(key) };
}

/** A key for the questions, which have the focus. */
function answer(trigger, key) {
    return {
        trigger: `:iframe ${trigger}`,
        run() {
            const frame = document.querySelector("iframe");
            if (document.activeElement !== frame) {
                throw new Error("The questions do not have the focus.");
            }
            press(key, frame.contentDocument);
        },
    };
}

const QUESTIONS = [
    {
        trigger: NEXT,
        run() {
            // No program for `tel:` links opens on the machine that tests run on.
            patch(telephone, { dial() {} });
            press("n");
        },
    },
    see(".o_ecm_desk h1:contains('Ada One')"),
    keyboard(CALL, "c"),
    see(FRAME),
    // A letter answers, and goes on to the next question.
    see(":iframe h3:contains('Does Ada buy?')"),
    answer(".o_survey_form_content button[value=next]:not(.disabled)", "a"),
    answer("h3:contains('How content?')", "e"),
    answer("label.o_survey_selected", "Enter"),
    see(":iframe .o_ecm_script_done:contains('Sold')"),
    see(".o_ecm_desk_survey .badge:contains('All is answered')"),
    see(".o_ecm_desk_choice.active:contains('Sold')"),
    see(".o_ecm_desk_call:contains('The answers have set the wrap-up')"),
];

registry.category("web_tour.tours").add("ecm_survey_card", {
    steps: () => [...QUESTIONS, keyboard(SAVE, "Enter"), see(NEXT)],
});

registry.category("web_tour.tours").add("ecm_survey_card_changed", {
    steps: () => [
        ...QUESTIONS,
        // Back to the questions and away from them.
        keyboard(SAVE, "q"),
        see(FRAME),
        answer(".o_ecm_script_done", "Escape"),
        keyboard(SAVE, "3"),
        see(".o_ecm_desk_choice.active:contains('Never again')"),
        keyboard(SAVE, "Enter"),
        see(NEXT),
    ],
});

registry.category("web_tour.tours").add("ecm_survey_pop", {
    steps: () => [
        see(".o_form_view"),
        see(".o_ecm_script_panel"),
        see(":iframe .o_survey_form_content button[value=next]:not(.disabled)"),
        click(":iframe label:contains('Yes')"),
        see(":iframe h3:contains('How content?')"),
        click(":iframe label:contains('4')"),
        click(":iframe .o_survey_form_content button[value=finish]:not(.disabled)"),
        click(":iframe .modal .btn-primary"),
        see(".o_ecm_script_panel .badge:contains('All is answered')"),
        { trigger: ".o_ecm_script_panel button[name=toggle]", run: "click" },
        see(".o_ecm_script_panel iframe.d-none:not(:visible)"),
        { trigger: ".o_ecm_script_panel button[name=close]", run: "click" },
        see("body:not(:has(.o_ecm_script_panel))"),
    ],
});
