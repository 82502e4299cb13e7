import { registry } from "@web/core/registry";
import { PivotModel } from "@web/views/pivot/pivot_model";
import { pivotView } from "@web/views/pivot/pivot_view";

/** Hours of the day as a clock shows them: 09:00, where Odoo says 9. */
export class AttemptPivotModel extends PivotModel {
    _sanitizeLabel(value, groupBy, config) {
        if (Number.isInteger(value) && groupBy.endsWith(":hour_number")) {
            return `${String(value).padStart(2, "0")}:00`;
        }
        return super._sanitizeLabel(value, groupBy, config);
    }
}

registry.category("views").add("ecm_attempt_pivot", { ...pivotView, Model: AttemptPivotModel });
