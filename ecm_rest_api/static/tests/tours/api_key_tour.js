import { registry } from "@web/core/registry";
import { click, edit, patient, see } from "@ecm_campaign/../tests/tours/clicks";

registry.category("web_tour.tours").add("ecm_api_key_create", {
    steps: () =>
        patient([
            click(
                ".o_list_view button:contains('New API key'), .o_control_panel button:contains('New API key')"
            ),
            edit(".modal .o_field_widget[name=name] input", "Voice script"),
            edit(".modal .o_field_widget[name=user_id] input", "ecm_key_user"),
            click(".o-autocomplete--dropdown-item a:contains('ecm_key_user')"),
            click(".modal .o_field_widget[name=scope_ids] .form-check-input:first"),
            click(".modal button[name=action_create]"),
            // Whoever makes a key says again who it is.
            edit(".modal .o_field_widget[name=password] input", "ecm_key_maker"),
            click(".modal button[name=run_check]"),
            see(".modal :contains('API key is ready')"),
            see(".modal .o_field_widget[name=key]"),
            click(".modal button[special=cancel]"),
            see(".o_list_view .o_data_row:contains('Voice script')"),
        ]),
});
