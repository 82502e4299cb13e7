import { registry } from "@web/core/registry";
import { patient } from "./clicks";

const CARDS =
    ".o_field_widget[name=attempt_ids] .o_kanban_record:not(.o_kanban_ghost, .o-kanban-button-new)";
const ADD = ".o_field_widget[name=attempt_ids] .o-kanban-button-new";

const addAttempt = (count) => [
    { trigger: ADD, run: "click" },
    {
        content: `The path has ${count} attempts`,
        trigger: `${CARDS}:contains('Phone ${count}')`,
    },
];

const openTab = (name) => [{ trigger: `.o_notebook .nav-link[name=${name}]`, run: "click" }];

const chooseKind = (label) => [
    {
        trigger: `.o_field_widget[name=kind] .o_radio_item:contains('${label}') input`,
        run: "click",
    },
];

/** Choose a value of a selection in the selected row of a list. */
const select = (row, name, label) => [
    { trigger: `${row} .o_field_widget[name=${name}] input`, run: "click" },
    { trigger: `.o_select_menu_item:contains('${label}')`, run: "click" },
];

const save = () => [
    { trigger: ".o_form_button_save", run: "click" },
    { trigger: ".o_form_saved, .o_form_status_indicator_buttons.invisible" },
];

// A supervisor builds a simple strategy from nothing: two phones, rules, a second cycle, a limit.
registry.category("web_tour.tours").add("ecm_campaign_strategy_simple", {
    url: "/odoo/outbound-strategies",
    steps: () =>
        patient([
            { trigger: ".o_list_button_add", run: "click" },
            { trigger: ".o_field_widget[name=name] input", run: "edit Tour simple" },
            ...chooseKind("Simple"),
            ...addAttempt(1),
            ...addAttempt(2),
            ...openTab("rules"),
            {
                content: "A rule without end",
                trigger: ".o_field_widget[name=simple_rule_ids] .o_field_x2many_list_row_add a",
                run: "click",
            },
            {
                trigger: ".o_selected_row .o_field_widget[name=outcome_id] input",
                run: "edit Busy",
            },
            { trigger: ".o-autocomplete--dropdown-item:contains('Busy')", run: "click" },
            {
                trigger:
                    ".o_selected_row .o_field_widget[name=delay_days] input[data-name=delay_minutes]",
                run: "edit 20",
            },
            { trigger: ".o_selected_row .o_field_widget[name=max_retry] input", run: "edit 0" },
            { trigger: ".o_field_widget[name=name] input", run: "click" },
            {
                content: "The form warns before anything is saved",
                trigger:
                    ".alert-warning .o_field_widget[name=warnings]:contains('goes round without end')",
            },
            {
                trigger:
                    ".o_field_widget[name=simple_rule_ids] .o_data_row .o_data_cell[name=max_retry]",
                run: "click",
            },
            { trigger: ".o_selected_row .o_field_widget[name=max_retry] input", run: "edit 2" },
            { trigger: ".o_field_widget[name=name] input", run: "click" },
            {
                content: "The warning vanishes",
                trigger: ".o_form_view:not(:has(.o_field_widget[name=warnings]:visible))",
            },
            {
                content: "The usual rules for the other outcomes",
                trigger: ".o_notebook .tab-pane.active button[name=action_add_default_rules]",
                run: "click",
            },
            {
                trigger:
                    ".o_field_widget[name=simple_rule_ids] .o_data_row:contains('No answer'):contains('2 h')",
            },
            ...openTab("cycles"),
            { trigger: ".o_field_widget[name=max_cycles] input", run: "edit 2 && press Tab" },
            {
                trigger: ".o_field_widget[name=cycle_days] input[data-name=cycle_days]",
                run: "edit 1",
            },
            ...openTab("limits"),
            {
                trigger: ".o_field_widget[name=limit_ids] .o_field_x2many_list_row_add a",
                run: "click",
            },
            { trigger: ".o_selected_row .o_field_widget[name=count] input", run: "edit 3" },
            ...select(".o_selected_row", "subject", "attempts on a number"),
            ...select(".o_selected_row", "period", "in any 24 hours"),
            ...select(".o_selected_row", "scope", "in all campaigns"),
            ...save(),
            {
                trigger:
                    ".o_data_row:contains('At most 3 attempts on a number in any 24 hours, in all campaigns')",
            },
        ]),
});

// An advanced strategy: a rule with retries and a branch, a warning that comes and goes, the usual rules.
registry.category("web_tour.tours").add("ecm_campaign_strategy", {
    url: "/odoo/outbound-strategies",
    steps: () =>
        patient([
            { trigger: ".o_list_button_add", run: "click" },
            { trigger: ".o_field_widget[name=name] input", run: "edit Tour strategy" },
            ...addAttempt(1),
            ...addAttempt(2),
            {
                content: "Nothing leads to the second attempt yet",
                trigger:
                    ".alert-warning .o_field_widget[name=warnings]:contains('No rule leads to step 2')",
            },
            ...addAttempt(3),
            {
                content: "A card opens its rules; the strategy is saved before",
                trigger: `${CARDS}:contains('Phone 1')`,
                run: "click",
            },
            {
                trigger: ".modal .o_field_widget[name=rule_ids] .o_field_x2many_list_row_add a",
                run: "click",
            },
            {
                trigger: ".modal .o_selected_row .o_field_widget[name=outcome_id] input",
                run: "edit Busy",
            },
            { trigger: ".o-autocomplete--dropdown-item:contains('Busy')", run: "click" },
            ...select(".modal .o_selected_row", "action", "Try the same again"),
            {
                trigger:
                    ".modal .o_selected_row .o_field_widget[name=delay_days] input[data-name=delay_minutes]",
                run: "edit 15",
            },
            {
                trigger: ".modal .o_selected_row .o_field_widget[name=max_retry] input",
                run: "edit 2 && press Tab",
            },
            {
                trigger: ".modal .o_selected_row .o_field_widget[name=branch_attempt_id] input",
                run: "click",
            },
            { trigger: ".o-autocomplete--dropdown-item:contains('Step 3')", run: "click" },
            { trigger: ".modal footer .o_form_button_save", run: "click" },
            {
                content: "The strategy says what follows",
                trigger: `body:not(:has(.modal)) ${CARDS}:contains('Busy → the same step after 15 min (2 × at most, then step 3)')`,
            },
            {
                trigger:
                    ".alert-warning .o_field_widget[name=warnings]:contains('No rule leads to step 2')",
            },
            {
                content: "The usual rules of the first attempt lead to the second",
                trigger: `${CARDS}:contains('Phone 1')`,
                run: "click",
            },
            { trigger: ".modal button[name=action_add_default_rules]", run: "click" },
            { trigger: ".modal .o_data_row:contains('No answer'):contains('Step 2')" },
            { trigger: ".modal footer .o_form_button_save", run: "click" },
            {
                content: "The other attempts that have none take those of the one before",
                trigger:
                    "body:not(:has(.modal)) .o_notebook .tab-pane.active button[name=action_add_default_rules]",
                run: "click",
            },
            { trigger: `${CARDS}:contains('No answer → step 3 after 2 h')` },
            {
                content: "Every attempt is reached now",
                trigger: ".o_form_view:not(:has(.o_field_widget[name=warnings]:visible))",
            },
        ]),
});
