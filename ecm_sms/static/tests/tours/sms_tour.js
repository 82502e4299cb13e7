import { patient } from "@ecm_campaign/../tests/tours/clicks";
import { registry } from "@web/core/registry";

/** Where the gateway is: the test leaves its port in a cookie, for it is a free one. */
function readPort() {
    const [, port] = document.cookie.match(/\becm_sms_port=(\d+)/);
    return port;
}

/** Type a text as it is: `run: "edit …"` reads && and parentheses. */
function type(text) {
    return (actions) => actions.edit(text);
}

// An administrator connects a gateway: address, password, a test message, on.
registry.category("web_tour.tours").add("ecm_sms_connect", {
    url: "/odoo/ecm-sms-gateways",
    steps: () =>
        patient([
            {
                trigger: ".o_list_button_add",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=name] input",
                run: "edit Gateway of the tour",
            },
            {
                trigger: ".o_field_widget[name=sender] input",
                run: "edit ACME",
            },
            {
                content: "The kind has filled in the request",
                trigger: ".o_field_widget[name=parameters] textarea:value('to = {number}')",
            },
            {
                trigger: ".o_field_widget[name=url] input",
                run: type(`http://127.0.0.1:${readPort()}/cgi-bin/sendsms`),
            },
            {
                trigger: ".o_field_widget[name=user] input",
                run: "edit campaigns",
            },
            {
                trigger: ".o_field_widget[name=password] input[type=password]",
                run: "edit top-secret",
            },
            {
                trigger: "button[name=action_test]",
                run: "click",
            },
            {
                trigger: ".modal .o_field_widget[name=number] input",
                run: type("+49 30 23125000"),
            },
            {
                trigger: ".modal button[name=action_send]",
                run: "click",
            },
            {
                trigger: ".modal .alert-success:contains('has taken the message')",
            },
            {
                content: "What was asked is shown, and not the password",
                trigger:
                    ".modal:has(.o_field_widget[name=request]:contains('username=campaigns')):not(:contains('top-secret'))",
            },
            {
                trigger: ".modal footer button:contains('Close')",
                run: "click",
            },
            {
                trigger: "body:not(:has(.modal)) .o_field_widget[name=is_enabled] input",
                run: "click",
            },
            {
                trigger:
                    ".o_form_saved:not(:contains('nothing is sent through it')) .o_field_widget[name=name]",
            },
        ]),
});

// A supervisor makes a campaign of messages.
registry.category("web_tour.tours").add("ecm_sms_campaign", {
    url: "/odoo/outbound-campaigns",
    steps: () =>
        patient([
            {
                trigger: ".o_control_panel .o-kanban-button-new",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=name] input",
                run: "edit Tour of texts",
            },
            {
                trigger: ".o_field_widget[name=kind] input",
                run: "click",
            },
            {
                trigger: ".o_select_menu_item:contains('SMS')",
                run: "click",
            },
            {
                content: "The strategy of one message is proposed",
                trigger: ".o_field_widget[name=strategy_id] input:value('Default')",
            },
            {
                trigger: ".o_field_widget[name=sms_gateway_id] input",
                run: "edit Gateway of",
            },
            {
                trigger: ".o-autocomplete--dropdown-item:contains('Gateway of the tour')",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=sms_template_id] input",
                run: "edit Text of",
            },
            {
                trigger: ".o-autocomplete--dropdown-item:contains('Text of the tour')",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=sms_opt_out] input",
                run: "edit Reply STOP to end",
            },
            {
                content: "At any time",
                trigger: ".o_field_widget[name=calling_hours_id] input",
                run: "clear && press Tab",
            },
            {
                trigger: ".o_field_widget[name=keeps_region_rules] input",
                run: "click",
            },
            {
                trigger: ".o_form_button_save",
                run: "click",
            },
            {
                content: "Its first step is a gateway, and that is done",
                trigger:
                    ".o_form_saved .o_ecm_first_steps:not(:contains('Dialer')) [data-step=gateway]:has(.fa-check)",
            },
        ]),
});

// With contacts in it, the message is looked at, and the campaign started.
registry.category("web_tour.tours").add("ecm_sms_start", {
    url: "/odoo/outbound-campaigns",
    steps: () =>
        patient([
            {
                trigger: ".o_kanban_record:contains('Tour of texts')",
                run: "click",
            },
            {
                trigger: ".o_notebook .nav-link:contains('Setup')",
                run: "click",
            },
            {
                trigger: "button[name=action_preview_message]",
                run: "click",
            },
            {
                content: "As one contact gets it, with its parts",
                trigger:
                    ".modal:has(.o_field_widget[name=text]:contains('Hello Cem!')):contains('Parts: 1')",
            },
            {
                trigger: ".modal footer button:contains('Close')",
                run: "click",
            },
            {
                trigger: "body:not(:has(.modal)) .o_ecm_campaign_form button[name=action_start]",
                run: "click",
            },
            {
                trigger: ".o_ecm_campaign_form button[name=action_stop]",
            },
        ]),
});

// What came back: a reply, and a STOP.
registry.category("web_tour.tours").add("ecm_sms_replies", {
    url: "/odoo/outbound-campaigns",
    steps: () =>
        patient([
            {
                trigger: ".o_kanban_record:contains('Tour of texts')",
                run: "click",
            },
            {
                trigger:
                    "button[name=action_view_contacts]:has(.o_field_widget[name=contact_count])",
                run: "click",
            },
            {
                trigger: ".o_list_view .o_data_row:contains('+493023125002'):contains('SMS Sent')",
            },
            {
                trigger:
                    ".o_list_view .o_data_row:contains('+493023125001'):contains('DNC Listed')",
            },
            {
                trigger: ".o_list_view .o_data_row:contains('+493023125000') td[name=phone_1]",
                run: "click",
            },
            {
                trigger: ".o_form_view:contains('SMS Responded')",
            },
            {
                trigger:
                    ".o_field_widget[name=sms_message_ids] .o_data_row:contains('Hello Ann!'):contains('Delivered')",
            },
            {
                trigger: ".o_field_widget[name=sms_reply_ids] .o_data_row:contains('Yes, gladly')",
            },
            {
                trigger: ".o_menu_sections .dropdown-toggle:contains('Reporting')",
                run: "click",
            },
            {
                trigger: ".o-dropdown--menu .dropdown-item:contains('Replies')",
                run: "click",
            },
            {
                trigger: ".o_list_view .o_data_row:contains('STOP please'):contains('Stop')",
            },
            {
                trigger: ".o_menu_sections .dropdown-toggle:contains('Reporting')",
                run: "click",
            },
            {
                content: "The STOP was confirmed",
                trigger: ".o-dropdown--menu .dropdown-item:contains('Other messages')",
                run: "click",
            },
            {
                trigger:
                    ".o_list_view .o_data_row:contains('+493023125001'):contains('no more messages')",
            },
        ]),
});
