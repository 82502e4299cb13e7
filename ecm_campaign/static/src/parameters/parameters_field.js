import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { PropertiesField, propertiesField } from "@web/views/fields/properties/properties_field";

/**
 * Business parameters of a contact: those that the campaign has named, and those with a value. Twelve empty ones would
 * take the room of what whoever takes the call looks for.
 */
export class ParametersField extends PropertiesField {
    get groupedPropertiesList() {
        const columns = super.groupedPropertiesList;
        const shown = columns.flatMap((column) => column.elements).filter(isShown);
        const height = Math.ceil(shown.length / columns.length);
        return columns.map((column, index) => ({
            ...column,
            elements: shown.slice(index * height, (index + 1) * height),
        }));
    }
}

function isShown({ name, string, value }) {
    const number = name.split("_").pop();
    const isNamed = string && string !== _t("Business Parameter %s", number);
    return Boolean(value) || isNamed;
}

registry.category("fields").add("ecm_parameters", {
    ...propertiesField,
    component: ParametersField,
});
