import { patient } from "@ecm_campaign/../tests/tours/clicks";
import { registry } from "@web/core/registry";

/** Where the simulator is: the test leaves it in a cookie, for its ports are free ones. */
function readSimulator() {
    const [, text] = document.cookie.match(/\becm_uccx=([^;]*)/);
    return JSON.parse(decodeURIComponent(text));
}

/** Type a text as it is: `run: "edit …"` reads && and parentheses. */
function type(text) {
    return (actions) => actions.edit(text);
}

/** Put a text file into a file input, as the file chooser would. */
function chooseFile(input, name, text) {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], name, { type: "text/csv" }));
    input.files = transfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
}

// An administrator connects a UCCX: address, test, fetch, switch on.
registry.category("web_tour.tours").add("ecm_dialer_connect", {
    url: "/odoo/ecm-dialers",
    steps: () => {
        const uccx = readSimulator();
        return patient([
            {
                trigger: ".o_list_button_add",
                run: "click",
            },
            {
                content: "The address is the first of four steps",
                trigger: ".o_ecm_step_next:contains('Address')",
            },
            {
                trigger: ".o_field_widget[name=name] input",
                run: type("UCCX of the tour"),
            },
            {
                trigger: ".o_field_widget[name=host] input",
                run: type(uccx.host),
            },
            {
                trigger: ".o_field_widget[name=port] input",
                run: type(String(uccx.port)),
            },
            {
                trigger: ".o_field_widget[name=tls_mode] input",
                run: "click",
            },
            {
                trigger: ".o_select_menu_item:contains('Trust the certificate below')",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=tls_certificate] textarea",
                run: type(uccx.certificate),
            },
            {
                trigger: ".o_field_widget[name=user] input",
                run: type(uccx.user),
            },
            {
                trigger:
                    ".o_field_widget[name=password] input[type=password][autocomplete=new-password]",
                run: type("not the password"),
            },
            {
                trigger: ".o_field_widget[name=results_connection] textarea",
                run: type(uccx.results_connection),
            },
            {
                trigger: ".o_field_widget[name=results_password] input[type=password]",
                run: type(uccx.results_password),
            },
            {
                content: "A wrong password is told",
                trigger: "button[name=action_test_connection].btn-primary",
                run: "click",
            },
            {
                trigger: ".o_notification:has(.o_notification_bar.bg-danger) .o_notification_close",
                run: "click",
            },
            {
                content: "The form is loaded again: buttons are disabled until then",
                trigger: "button[name=action_fetch_campaigns]:not([disabled])",
            },
            {
                content:
                    "No password comes back to the browser: what is typed replaces the stored one",
                trigger: ".o_ecm_step_next:contains('Test connection')",
            },
            {
                trigger:
                    ".o_field_widget[name=password]:has(.o_ecm_forget) input[placeholder^='Stored']:value()",
                run: type(uccx.password),
            },
            {
                content: "The other password is not touched, and stays",
                trigger: "button[name=action_test_connection].btn-primary",
                run: "click",
            },
            {
                trigger:
                    ".o_notification:has(.o_notification_bar.bg-success):contains('call results can be read')",
            },
            {
                trigger: ".o_ecm_step_next:contains('Fetch campaigns')",
            },
            {
                trigger: "button[name=action_fetch_campaigns].btn-primary",
                run: "click",
            },
            {
                trigger: ".o_notification:contains('4 campaigns found')",
            },
            {
                trigger: ".o_ecm_step_next:contains('Switch on')",
            },
            {
                trigger: ".o_notebook .nav-link[name=campaigns]",
                run: "click",
            },
            {
                trigger:
                    ".o_field_widget[name=dialer_campaign_ids] .o_data_row:contains('Outbound Sales')",
            },
            {
                trigger: ".o_field_widget[name=is_enabled] input",
                run: "click",
            },
            {
                content: "All steps are done: they are gone",
                trigger:
                    ".o_form_saved:not(:has(.o_ecm_dialer_steps)) button[name=action_sync_results]",
            },
        ]);
    },
});

// A supervisor runs a campaign on it, from the file to the last closed contact.
registry.category("web_tour.tours").add("ecm_dialer_campaign", {
    url: "/odoo/outbound-campaigns",
    steps: () =>
        patient([
            {
                trigger: ".o_control_panel .o-kanban-button-new",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=name] input",
                run: "edit Tour sales",
            },
            {
                trigger: ".o_field_widget[name=dialer_campaign_id] input",
                run: "edit Outbound Sales",
            },
            {
                trigger:
                    ".o-autocomplete--dropdown-item:contains('Outbound Sales (UCCX of the tour)')",
                run: "click",
            },
            {
                content: "What the dialer's hours mean is known before anything else is typed",
                trigger: ".alert:contains('The dialer also calls')",
            },
            {
                trigger: ".o_field_widget[name=strategy_id] input",
                run: "edit At once",
            },
            {
                trigger: ".o-autocomplete--dropdown-item:contains('At once, three times')",
                run: "click",
            },
            {
                content: "Call at any time",
                trigger: ".o_field_widget[name=calling_hours_id] input",
                run: "clear && press Tab",
            },
            {
                content: "Also in New York's night: the simulator calls nobody",
                trigger: ".o_field_widget[name=keeps_region_rules] input",
                run: "click",
            },
            {
                trigger: "button[name=action_upload_contacts]",
                run: "click",
            },
            {
                trigger: ".modal .o_ecm_drop_zone input[type=file]:not(:visible)",
                run: ({ anchor }) => chooseFile(anchor, "sales.csv", readSimulator().file),
            },
            {
                trigger: ".modal .o_ecm_column_preview:contains('+12025550109')",
            },
            {
                trigger: ".modal button[name=action_import]",
                run: "click",
            },
            {
                content: "The import ends while the page follows it",
                trigger: ".o_statusbar_status .o_arrow_button_current[data-value=done]",
                timeout: 30000,
            },
            {
                trigger: ".o_field_widget[name=uploaded_count]:contains('12')",
            },
            {
                trigger: ".o_breadcrumb a:contains('Tour sales'), .o_breadcrumb .o_back_button",
                run: "click",
            },
            {
                content: "Start",
                trigger: ".o_ecm_campaign_form button[name=action_start]",
                run: "click",
            },
            {
                content: "Everybody was called: the page followed the campaign to its end",
                trigger: ".o_field_widget[name=status]:contains('Finished')",
                timeout: 50000,
            },
            {
                trigger: ".o_form_view:has(.o_field_widget[name=contact_count]:contains('12'))",
            },
            {
                trigger: ".o_form_view:has(.o_field_widget[name=connected_count]:contains('8'))",
            },
            {
                content: "On a laptop the last buttons are in a menu",
                trigger: ".o-form-buttonbox .o_button_more",
                run: "click",
            },
            {
                trigger: ".o-dropdown--menu .o_field_widget[name=closed_count]:contains('12')",
            },
            {
                trigger:
                    "button[name=action_view_contacts]:has(.o_field_widget[name=contact_count])",
                run: "click",
            },
            {
                content: "Busy twice, then somebody answered",
                trigger: ".o_list_view .o_data_row:contains('+12025550119') td[name=phone_1]",
                run: "click",
            },
            {
                trigger:
                    ".o_field_widget[name=attempt_ids]:has(.o_data_row:nth-child(1):contains('Voice'))" +
                    ":has(.o_data_row:nth-child(2):contains('Busy')):has(.o_data_row:nth-child(3):contains('Busy'))",
            },
            {
                content: "Its campaign's ID on the dialer",
                trigger: ".o_form_view .o_field_widget[name=dialer_campaign_key]:contains('1')",
            },
        ]),
});

// A supervisor lists a number of a running campaign, sends, and asks why the number was not called.
registry.category("web_tour.tours").add("ecm_dialer_dnc", {
    url: "/odoo/outbound-dnc-entries",
    steps: () =>
        patient([
            {
                trigger: ".o_list_button_add",
                run: "click",
            },
            {
                trigger: ".o_selected_row .o_field_widget[name=list_id] input",
                run: "edit Fair visitors",
            },
            {
                trigger: ".o-autocomplete--dropdown-item:contains('Fair visitors')",
                run: "click",
            },
            {
                content: "Any usual notation",
                trigger: ".o_selected_row .o_field_widget[name=value] input",
                run: type("+1 (202) 555-0101"),
            },
            {
                trigger: ".o_selected_row .o_field_widget[name=reason] input",
                run: "edit Asked at the fair",
            },
            {
                trigger: ".o_list_button_save",
                run: "click",
            },
            {
                content: "The number is kept as the campaigns have it",
                trigger:
                    ".o_data_row:not(.o_selected_row):contains('+12025550101'):contains('Fair visitors')",
            },
            {
                trigger: ".o_menu_sections [data-menu-xmlid='ecm_campaign.ecm_campaign_menu']",
                run: "click",
            },
            {
                trigger: ".o_kanban_record:contains('Tour of the fair')",
                run: "click",
            },
            {
                content: "Send now",
                trigger: ".o_ecm_campaign_form button[name=action_feed_now]",
                run: "click",
            },
            {
                trigger: ".o_notification:contains('2')",
            },
            {
                trigger:
                    "button[name=action_view_contacts]:has(.o_field_widget[name=contact_count])",
                run: "click",
            },
            {
                trigger:
                    ".o_list_view .o_data_row:contains('+12025550100'):contains('Sent to Dialer')",
            },
            {
                content: "The listed number was not sent",
                trigger: ".o_list_view .o_data_row:contains('+12025550101'):contains('DNC Listed')",
            },
            {
                trigger: ".o_menu_sections .dropdown-toggle:contains('Do not contact')",
                run: "click",
            },
            {
                trigger: ".o-dropdown--menu .dropdown-item:contains('Check a number')",
                run: "click",
            },
            {
                trigger: ".modal .o_field_widget[name=number] input",
                run: type("+1 202 555 0101"),
            },
            {
                trigger: ".modal button[name=action_check]",
                run: "click",
            },
            {
                content:
                    "Where it is listed, since and until when, by whom, why, and what that blocks",
                trigger:
                    ".modal .o_field_widget[name=result_html]:contains('must not be contacted') tr:contains('Fair visitors')" +
                    `:contains('${new Date().toISOString().slice(0, 10)}'):contains('for ever'):contains('Asked at the fair')` +
                    ":contains('Corporate'):contains('Tour of the fair')",
            },
            {
                content: "The check is over: its form is saved, and its buttons work again",
                trigger:
                    ".modal:has(.o_form_saved) footer button:contains('Close'):not([disabled])",
                run: "click",
            },
            {
                trigger: "body:not(:has(.modal))",
            },
        ]),
});
