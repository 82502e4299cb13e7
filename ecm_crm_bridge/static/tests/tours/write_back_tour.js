import { patient } from "@ecm_campaign/../tests/tours/clicks";
import { registry } from "@web/core/registry";

/** Type a text as it is: `run: "edit …"` reads && and braces. */
function type(text) {
    return (actions) => actions.edit(text);
}

/** Choose a record by a part of its name. */
function choose(field, text) {
    return [
        {
            trigger: `.o_field_widget[name=${field}] input`,
            run: `edit ${text}`,
        },
        {
            trigger: `.o-autocomplete--dropdown-item a:contains('${text}')`,
            run: "click",
        },
    ];
}

// A supervisor says what a busy line leaves behind on a lead.
registry.category("web_tour.tours").add("ecm_crm_bridge_write_back", {
    url: "/odoo/outbound-write-back",
    steps: () =>
        patient([
            {
                trigger: ".o_list_button_add",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=name] input",
                run: "edit Busy: try later",
            },
            ...choose("outcome_ids", "Busy"),
            {
                trigger: ".o_field_widget[name=note] textarea",
                run: type("{campaign}: {outcome}"),
            },
            ...choose("activity_type_id", "Call"),
            {
                trigger: ".o_field_widget[name=activity_summary] input",
                run: type("Ring {first_name}"),
            },
            {
                trigger: ".o_notebook a[name=lead]",
                run: "click",
            },
            ...choose("stage_id", "Stage of the tour"),
            {
                trigger: ".o_notebook a[name=fields]",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=value_ids] .o_field_x2many_list_row_add a",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=value_ids] .o_field_widget[name=field_key] input",
                run: "edit Priority",
            },
            {
                trigger:
                    ".o_select_menu_item:contains('Priority'), .o-autocomplete--dropdown-item:contains('Priority')",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=value_ids] .o_field_widget[name=value] input",
                run: "edit High",
            },
            {
                trigger: ".o_form_button_save",
                run: "click",
            },
            {
                trigger: ".o_form_saved .o_field_widget[name=name]",
            },
        ]),
});
