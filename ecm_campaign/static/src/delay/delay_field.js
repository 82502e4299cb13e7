import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

const UNITS = ["days", "hours", "minutes"];

/** Names of the three fields that a delay is kept in: delay_days stands for delay_hours and delay_minutes too. */
function getNames(name) {
    const prefix = name.replace(/days$/, "");
    return UNITS.map((unit) => prefix + unit);
}

/** Days, hours and minutes as one: `1 d 4 h 15 min` to read, three small boxes to write. */
export class DelayField extends Component {
    static template = "ecm_campaign.DelayField";
    static props = { ...standardFieldProps };

    get parts() {
        const signs = [_t("d"), _t("h"), _t("min")];
        const labels = [_t("Days"), _t("Hours"), _t("Minutes")];
        return getNames(this.props.name).map((name, index) => ({
            name,
            sign: signs[index],
            label: labels[index],
            value: this.props.record.data[name],
        }));
    }

    get text() {
        const parts = this.parts.filter((part) => part.value);
        return parts.map((part) => `${part.value} ${part.sign}`).join(" ") || _t("at once");
    }

    /** A text that is no number counts as none. */
    onChange(name, event) {
        const value = Math.max(0, Number.parseInt(event.target.value, 10) || 0);
        event.target.value = value;
        return this.props.record.update({ [name]: value });
    }
}

export const delayField = {
    component: DelayField,
    displayName: _t("Days, hours and minutes"),
    supportedTypes: ["integer"],
    fieldDependencies: ({ name }) =>
        getNames(name).map((dependency) => ({
            name: dependency,
            type: "integer",
            readonly: false,
        })),
};

registry.category("fields").add("ecm_delay", delayField);
