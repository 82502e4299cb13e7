import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

const NOT_STORED = "ignore";

/**
 * The first rows of a file as they will be stored: above each column, what it is stored as, to choose from; in each
 * cell, what is wrong with it. The rows come from the server, in the field `preview` of the same record.
 */
export class ColumnPreview extends Component {
    static template = "ecm_campaign.ColumnPreview";
    static props = { ...standardFieldProps };

    get columns() {
        return this.props.record.data[this.props.name].records;
    }

    get preview() {
        return this.props.record.data.preview || { choices: [], rows: [], summary: "" };
    }

    /** Rows that are broken before they have cells are shown as one wide cell. */
    isBroken(row) {
        return !row.stored && row.cells.length === 1 && this.columns.length > 1;
    }

    isIgnored(column) {
        return column.data.target === NOT_STORED;
    }

    isDouble(column) {
        const { target } = column.data;
        return (
            target !== NOT_STORED &&
            this.columns.filter((other) => other.data.target === target).length > 1
        );
    }

    getCell(row, index) {
        return row.cells[index] || { text: "", raw: "", reason: "" };
    }

    /** A value that was brought into another form says what the file has. */
    getTitle(cell) {
        return cell.text && cell.text !== cell.raw ? _t("In the file: %s", cell.raw) : cell.raw;
    }

    onChoose(column, ev) {
        return column.update({ target: ev.target.value });
    }
}

export const columnPreview = {
    component: ColumnPreview,
    displayName: _t("Columns with a preview"),
    supportedTypes: ["one2many"],
    // Related fields are taken for read-only, and not saved, unless they say otherwise.
    relatedFields: [
        { name: "position", type: "integer", readonly: false },
        { name: "header", type: "char", readonly: false },
        { name: "target", type: "selection", selection: [], readonly: false },
    ],
};

registry.category("fields").add("ecm_column_preview", columnPreview);
