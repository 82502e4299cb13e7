import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useInputField } from "@web/views/fields/input_field_hook";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component, useRef } from "@odoo/owl";

// What the server sends in place of a stored secret; sent back, it changes nothing.
const MASK = "••••••••";

/**
 * A password that is stored and never shown: the input is empty, what is typed replaces the stored one, and leaving
 * it empty keeps it. Odoo's own password field shows dots to which people append.
 */
export class SecretField extends Component {
    static template = "ecm_campaign.SecretField";
    static props = { ...standardFieldProps, placeholder: { type: String, optional: true } };

    setup() {
        this.input = useRef("input");
        this.untyped = false;
        useRecordObserver((record) => {
            const value = record.data[this.props.name];
            if (value === MASK || !value) {
                this.untyped = value;
            }
        });
        useInputField({
            getValue: () => (this.isStored ? "" : this.value || ""),
            parse: (text) => text || this.untyped,
        });
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    get isStored() {
        return this.value === MASK;
    }

    get placeholder() {
        return this.isStored ? _t("Stored: type to replace it") : this.props.placeholder;
    }

    onForget() {
        return this.props.record.update({ [this.props.name]: false });
    }
}

export const secretField = {
    component: SecretField,
    displayName: _t("Secret"),
    supportedTypes: ["char"],
    extractProps: ({ placeholder }) => ({ placeholder }),
};

registry.category("fields").add("ecm_secret", secretField);
