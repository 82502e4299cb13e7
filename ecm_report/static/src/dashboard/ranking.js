import { formatInteger } from "@web/views/fields/formatters";

import { Component } from "@odoo/owl";

/** Lines of a name, a bar and a number that opens what it counts. */
export class Ranking extends Component {
    static template = "ecm_report.Ranking";
    static props = {
        lines: Array,
        what: String,
        open: Function,
        mark: { type: Function, optional: true },
    };

    number(count) {
        return formatInteger(count);
    }

    get longest() {
        return Math.max(1, ...this.props.lines.map((line) => line.count));
    }

    width(line) {
        return (100 * line.count) / this.longest;
    }

    color(line) {
        return this.props.mark?.(line) || "o_ecm_dashboard_bar_plain";
    }
}
