import { click, edit, patient, see } from "@ecm_campaign/../tests/tours/clicks";
import { registry } from "@web/core/registry";

const ROOT = "/ecm/api/v1";

/** What the guide's first page does with curl: is the key good, and what may it do? */
async function followTheGuide(key) {
    const headers = { Authorization: `Bearer ${key}` };
    const answer = await fetch(`${ROOT}/whoami`, { headers });
    const caller = await answer.json();
    if (answer.status !== 200 || caller.key !== "CRM of the tour") {
        throw new Error(`${answer.status}: ${JSON.stringify(caller)}`);
    }
    const campaigns = await fetch(`${ROOT}/campaigns`, { headers });
    if (campaigns.status !== 200) {
        throw new Error(`${campaigns.status}: the key opens no campaigns`);
    }
    const refused = await fetch(`${ROOT}/dnc/lists`, { headers });
    if (refused.status !== 403) {
        throw new Error(`${refused.status}: the key opens what it is not for`);
    }
}

// An administrator makes another user's key for one scope, sees its secret once, and follows the developer guide's
// first page with it.
registry.category("web_tour.tours").add("ecm_api_key", {
    url: "/odoo/ecm-api-keys",
    steps: () =>
        patient([
            click(".o_list_view button:contains('New API key')"),
            edit(".modal .o_field_widget[name=name] input", "CRM of the tour"),
            edit(".modal .o_field_widget[name=user_id] input", "ecm_api_machine"),
            click(".modal .o-autocomplete--dropdown-item:contains('ecm_api_machine')"),
            click(
                ".modal .o_field_widget[name=scope_ids] .form-check:contains('campaigns:read') input"
            ),
            click(".modal footer button[name=action_create]"),
            edit(".modal .o_field_widget[name=password] input", "ecm_api_tour"),
            click(".modal footer button[name=run_check]"),
            {
                content: "The secret is shown, and is good",
                trigger: ".modal .o_field_widget[name=key]:not(:empty)",
                run: ({ anchor }) =>
                    followTheGuide(anchor.querySelector("span").textContent.trim()),
            },
            click(".modal footer button"),
            see(".o_data_row:contains('CRM of the tour') .o_field_badge:contains('Valid')"),
        ]),
});
