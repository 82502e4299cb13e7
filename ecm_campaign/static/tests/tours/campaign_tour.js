import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { patient } from "./clicks";

const FILE = `Phone;First name;Last name;Contract
+1 202 555 0143;Olivia;Brooks;CT-20410
+1 202 555 0144;Ethan;Ramirez;CT-20447
not a number;Sophia;Nguyen;CT-20484
`;

/** Drop a text file, as from the desktop. */
export function dropFile(zone, name, text) {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], name, { type: "text/csv" }));
    for (const type of ["dragenter", "dragover", "drop"]) {
        zone.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
    }
}

// A supervisor creates a campaign from the kanban, uploads a file and sees the list that it became.
registry.category("web_tour.tours").add("ecm_campaign_upload", {
    url: "/odoo/outbound-campaigns",
    steps: () =>
        patient([
            {
                content: "New campaign",
                trigger: ".o_control_panel .o-kanban-button-new",
                run: "click",
            },
            {
                content: "Name it",
                trigger: ".o_field_widget[name=name] input",
                run: "edit Tour renewals",
            },
            {
                content: "Name a business parameter",
                trigger: ".o_notebook .nav-link[name=advanced]",
                run: "click",
            },
            {
                trigger: ".o_notebook .nav-link[name=business_parameters]",
                run: "click",
            },
            {
                trigger: "[data-name=business_parameter_1] input",
                run: "edit Contract && press Tab",
            },
            {
                content: "Uploading saves the campaign first",
                trigger: "button[name=action_upload_contacts]",
                run: "click",
            },
            {
                content: "Drop the file",
                trigger: ".modal .o_ecm_drop_zone",
                run: ({ anchor }) => dropFile(anchor, "renewals.csv", FILE),
            },
            {
                content: "The delimiter was detected, and the preview names the bad row",
                trigger:
                    ".modal .o_ecm_column_preview:has(tr:contains('+12025550143')) .o_ecm_rejected .o_ecm_bad:contains('not a number'):contains('not a phone number')",
            },
            {
                content: "Choose a wrong delimiter",
                trigger:
                    ".modal .o_field_widget[name=delimiter] .o_select_menu_input, .modal .o_field_widget[name=delimiter] input",
                run: "click",
            },
            {
                trigger: ".o_select_menu_item:contains('Comma')",
                run: "click",
            },
            {
                content: "The form says what is wrong",
                trigger:
                    ".modal .alert-warning:contains('Only one column was found'), .modal .alert-danger:contains('Choose the column that holds phone 1')",
            },
            {
                content: "Choose the right one again",
                trigger:
                    ".modal .o_field_widget[name=delimiter] .o_select_menu_input, .modal .o_field_widget[name=delimiter] input",
                run: "click",
            },
            {
                trigger: ".o_select_menu_item:contains('Semicolon')",
                run: "click",
            },
            {
                content: "The preview is right again",
                trigger:
                    ".modal .o_ecm_column_preview tr:contains('+12025550143'):contains('Olivia')",
            },
            {
                content:
                    "The campaign's name of a parameter is among the choices: leave the column out, and take it back",
                trigger:
                    ".modal .o_ecm_column_preview th:nth-child(5) select:has(option:contains('Contract (Business Parameter 1)'))",
                run: "select ignore",
            },
            {
                trigger: ".modal .o_ecm_column_preview td.o_ecm_ignored:contains('CT-20410')",
            },
            {
                trigger: ".modal .o_ecm_column_preview th:nth-child(5) select",
                run: "select business_parameter_1",
            },
            {
                trigger: ".modal .o_ecm_column_preview td:not(.o_ecm_ignored):contains('CT-20410')",
            },
            {
                trigger: ".modal button[name=action_import]",
                run: "click",
            },
            {
                content: "The list is queued",
                trigger: ".o_form_view .o_field_widget[name=name] input:value(renewals.csv)",
            },
            {
                trigger: ".o_statusbar_status .o_arrow_button_current:contains('Queued')",
            },
            {
                content: "Back to the campaign",
                trigger: ".o_breadcrumb a:contains('Tour renewals'), .o_breadcrumb .o_back_button",
                run: "click",
            },
            {
                trigger: ".o_notebook .nav-link[name=lists]",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=list_ids] .o_data_row:contains('renewals.csv')",
            },
        ]),
});

// A supervisor looks at what became of a list, and at the rows that were not stored.
registry.category("web_tour.tours").add("ecm_campaign_rejects", {
    url: "/odoo/outbound-lists",
    steps: () =>
        patient([
            {
                content: "The list is imported and active",
                trigger:
                    ".o_data_row:contains('renewals.csv'):contains('Active') .o_data_cell[name=name]",
                run: "click",
            },
            {
                trigger: ".o_form_view .o_field_widget[name=uploaded_count]:contains('2')",
            },
            {
                content: "Rejected rows",
                trigger: ".oe_stat_button:contains('Rejected rows')",
                run: "click",
            },
            {
                content: "The row, the file's name of the column, and the reason",
                trigger: ".o_list_view .o_data_row:contains('Phone'):contains('not a number')",
            },
            {
                trigger: ".o_breadcrumb a:contains('renewals.csv'), .o_breadcrumb .o_back_button",
                run: "click",
            },
            {
                content: "Open the reject file",
                trigger: ".o_form_view button[name=action_download_rejects]",
                run: async (actions) => {
                    browser.open = (url) => fetch(url); // a window opens only when a person clicks
                    await actions.click();
                },
            },
            {
                content: "Stop the list",
                trigger: ".o_form_view button[name=action_stop]",
                run: "click",
            },
            {
                trigger: ".o_form_view .o_field_widget[name=status]:contains('Stopped')",
            },
            {
                trigger: ".o_form_view button[name=action_restart]",
                run: "click",
            },
            {
                trigger: ".o_form_view .o_field_widget[name=status]:contains('Active')",
            },
        ]),
});
