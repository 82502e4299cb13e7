import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component, xml } from "@odoo/owl";

/** @param {number} seconds */
export function formatDuration(seconds) {
    if (!seconds) {
        return "";
    }
    const minutes = Math.floor(seconds / 60);
    const tail = String(seconds % 60).padStart(2, "0");
    if (minutes < 60) {
        return `${minutes}:${tail}`;
    }
    return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${tail}`;
}

/** Seconds as 6:11 or 1:02:05; empty for none. */
export class DurationField extends Component {
    static template = xml`<span class="o_ecm_duration" t-esc="text"/>`;
    static props = { ...standardFieldProps };

    get text() {
        return formatDuration(this.props.record.data[this.props.name]);
    }
}

export const durationField = {
    component: DurationField,
    displayName: _t("Duration"),
    supportedTypes: ["integer"],
};

registry.category("fields").add("ecm_duration", durationField);
