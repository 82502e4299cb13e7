import { registry } from "@web/core/registry";
import { PivotModel } from "@web/views/pivot/pivot_model";
import { pivotView } from "@web/views/pivot/pivot_view";

/** Hours of the day as a clock shows them, and days of the week by name: 09:00 and Mon, where Odoo says 9 and 1. */
export class AttemptPivotModel extends PivotModel {
    _sanitizeLabel(value, groupBy, config) {
        if (Number.isInteger(value) && groupBy.endsWith(":hour_number")) {
            return `${String(value).padStart(2, "0")}:00`;
        }
        if (Number.isInteger(value) && groupBy.endsWith(":day_of_week")) {
            // Sunday is 0 there, and the last in luxon.
            return luxon.Info.weekdays("short")[(value + 6) % 7];
        }
        return super._sanitizeLabel(value, groupBy, config);
    }
}

registry.category("views").add("ecm_attempt_pivot", { ...pivotView, Model: AttemptPivotModel });
