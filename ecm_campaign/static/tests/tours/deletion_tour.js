import { registry } from "@web/core/registry";
import { patient } from "./clicks";

const openList = (name) => ({
    trigger: `.o_list_view .o_data_row:contains('${name}') .o_data_cell[name=name]`,
    run: "click",
});

const chooseDelete = () => [
    {
        trigger: ".o_form_view .o_field_widget[name=uploaded_count]",
    },
    {
        trigger: ".o_cp_action_menus .fa-cog",
        run: "click",
    },
    {
        trigger: ".o-dropdown--menu .dropdown-item:contains('Delete')",
        run: "click",
    },
];

// A supervisor deletes a list that nobody was called from, cannot delete another, and undoes it.
registry.category("web_tour.tours").add("ecm_campaign_delete", {
    url: "/odoo/outbound-lists",
    steps: () =>
        patient([
            openList("wrong.csv"),
            ...chooseDelete(),
            {
                content: "How much goes is said before",
                trigger: ".modal:contains('Contacts that were never called: 2')",
            },
            {
                trigger: ".modal button[name=action_delete]",
                run: "click",
            },
            {
                trigger: ".o_list_view:not(:has(.o_data_row:contains('wrong.csv')))",
            },
            openList("called.csv"),
            ...chooseDelete(),
            {
                content: "It must stay, and the way out is named",
                trigger:
                    ".modal .alert-warning:contains('history must stay'):contains('Undo this upload')",
            },
            {
                trigger: ".modal .btn-secondary:contains('Keep')",
                run: "click",
            },
            {
                trigger: "body:not(:has(.modal)) .o_form_view button[name=action_ask_undo]",
                run: "click",
            },
            {
                content: "What would become of them is said before",
                trigger:
                    ".modal:has(.o_field_widget[name=deleted_count]:contains('1')):has(.o_field_widget[name=called_count]:contains('1'))",
            },
            {
                trigger: ".modal button[name=action_undo]",
                run: "click",
            },
            {
                content: "What became of them is said afterwards",
                trigger:
                    ".o_notification:contains('1 contacts that were not called'):contains('1 that were called stay')",
            },
            {
                trigger: ".o_statusbar_status .o_arrow_button_current:contains('Cancelled')",
            },
        ]),
});
