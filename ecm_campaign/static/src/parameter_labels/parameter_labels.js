import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

const TYPES = [
    ["char", _t("Text")],
    ["integer", _t("Whole number")],
    ["float", _t("Decimal number")],
    ["boolean", _t("Yes or no")],
    ["date", _t("Date")],
];

/**
 * Names and types of the business parameters: edits a PropertiesDefinition on its own record. Odoo edits
 * definitions on the records that use them only, but a campaign is set up before it has any contact.
 */
export class ParameterLabelsField extends Component {
    static template = "ecm_campaign.ParameterLabelsField";
    static props = { ...standardFieldProps };

    get parameters() {
        return this.props.record.data[this.props.name] || [];
    }

    getTypes(parameter) {
        const isKnown = TYPES.some(([type]) => type === parameter.type);
        return isKnown ? TYPES : [...TYPES, [parameter.type, parameter.type]];
    }

    getTypeLabel(parameter) {
        return this.getTypes(parameter).find(([type]) => type === parameter.type)[1];
    }

    onLabelChange(name, label) {
        return this.change(name, (parameter) => ({ ...parameter, string: label.trim() || parameter.string }));
    }

    onTypeChange(name, type) {
        // What belongs to the old type (a default, options) would be refused with the new one.
        return this.change(name, ({ string }) => ({ name, string, type }));
    }

    change(name, update) {
        const parameters = this.parameters.map((parameter) =>
            parameter.name === name ? update(parameter) : parameter
        );
        return this.props.record.update({ [this.props.name]: parameters });
    }
}

export const parameterLabelsField = {
    component: ParameterLabelsField,
    displayName: _t("Business parameters"),
    supportedTypes: ["properties_definition"],
    isEmpty: () => false,
};

registry.category("fields").add("ecm_parameter_labels", parameterLabelsField);
