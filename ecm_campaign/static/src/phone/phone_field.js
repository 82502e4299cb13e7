import { registry } from "@web/core/registry";
import { useInputField } from "@web/views/fields/input_field_hook";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

/**
 * A number of a contact. Odoo's own field links to a call and an SMS, past the campaign and its do-not-contact lists:
 * this one links to a call only while the contact is open and the number is on no list, and never to an SMS.
 */
export class ContactPhoneField extends Component {
    static template = "ecm_campaign.ContactPhoneField";
    static props = { ...standardFieldProps, placeholder: { type: String, optional: true } };

    setup() {
        useInputField({ getValue: () => this.value });
    }

    get value() {
        return this.props.record.data[this.props.name] || "";
    }

    get isListed() {
        return (this.props.record.data.dnc_numbers || []).includes(this.value);
    }

    get isCallable() {
        return Boolean(this.value && this.props.record.data.is_open && !this.isListed);
    }

    get href() {
        return `tel:${this.value.replace(/\s+/g, "")}`;
    }
}

export const contactPhoneField = {
    component: ContactPhoneField,
    supportedTypes: ["char"],
    fieldDependencies: [
        { name: "is_open", type: "boolean" },
        { name: "dnc_numbers", type: "json" },
    ],
    extractProps: ({ placeholder }) => ({ placeholder }),
};

registry.category("fields").add("ecm_contact_phone", contactPhoneField);
