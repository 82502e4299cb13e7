import { registry } from "@web/core/registry";
import {
    booleanToggleField,
    BooleanToggleField,
} from "@web/views/fields/boolean_toggle/boolean_toggle_field";

/**
 * A toggle that never shows what was refused: when the server does not let the campaign start, it goes back.
 * Odoo's own toggle stays switched, and the form stays dirty.
 */
export class RunningToggleField extends BooleanToggleField {
    async onChange(newValue) {
        const { record, name } = this.props;
        const hadChanges = record.dirty;
        try {
            await super.onChange(newValue);
        } catch (error) {
            if (hadChanges) {
                await record.update({ [name]: !newValue });
            } else {
                await record.discard();
            }
            throw error;
        }
    }
}

export const runningToggleField = {
    ...booleanToggleField,
    component: RunningToggleField,
};

registry.category("fields").add("ecm_running_toggle", runningToggleField);
