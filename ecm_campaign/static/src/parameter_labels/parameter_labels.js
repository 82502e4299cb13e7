import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

/**
 * Names of the business parameters: edits a PropertiesDefinition on its own record. Odoo edits definitions on the
 * records that use them only, but a campaign is set up before it has any contact.
 */
export class ParameterLabelsField extends Component {
    static template = "ecm_campaign.ParameterLabelsField";
    static props = { ...standardFieldProps };

    get parameters() {
        return this.props.record.data[this.props.name] || [];
    }

    onLabelChange(name, label) {
        const parameters = this.parameters.map((parameter) =>
            parameter.name === name
                ? { ...parameter, string: label.trim() || parameter.string }
                : parameter
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
