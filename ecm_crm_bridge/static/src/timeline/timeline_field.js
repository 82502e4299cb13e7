import { deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

const ICONS = { voice: "fa-phone", sms: "fa-comment", email: "fa-envelope" };

/** What campaigns have done on a customer or lead: the latest attempts, one below the other. */
export class TimelineField extends Component {
    static template = "ecm_crm_bridge.TimelineField";
    static props = { ...standardFieldProps };

    get attempts() {
        return this.props.record.data[this.props.name] || [];
    }

    icon(attempt) {
        return ICONS[attempt.channel] || "fa-bullhorn";
    }

    when(attempt) {
        const { DateTime } = luxon;
        return deserializeDateTime(attempt.time).toLocaleString(DateTime.DATETIME_MED);
    }

    talked(attempt) {
        const minutes = Math.floor(attempt.seconds / 60);
        const seconds = String(attempt.seconds % 60).padStart(2, "0");
        return `${minutes}:${seconds}`;
    }
}

export const timelineField = {
    component: TimelineField,
    displayName: _t("Attempts of campaigns"),
    supportedTypes: ["json"],
};

registry.category("fields").add("ecm_timeline", timelineField);
