import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { X2ManyField, x2ManyField } from "@web/views/fields/x2many/x2many_field";

const PHONES = 5;

/**
 * The attempts of a strategy as cards in their order. A card opens its rules; they name other attempts, so the strategy
 * is saved first. A new card takes the next phone.
 */
export class AttemptPathField extends X2ManyField {
    async openRecord(record) {
        const { record: strategy, readonly } = this.props;
        const place = this.list.records.findIndex(({ id }) => id === record.id);
        if (!readonly && !(await strategy.save())) {
            return;
        }
        const { resModel, resId } = this.list.records[place];
        await this.action.doActionButton({
            type: "object",
            name: "action_open_rules",
            resModel,
            resId,
            onClose: () => strategy.load(),
        });
    }

    async onAdd() {
        const { records } = this.list;
        const last = Math.max(0, ...records.map((record) => record.data.sequence));
        const phone = Math.min(records.length + 1, PHONES);
        await this.list.addNewRecord({
            context: {
                ...this.props.context,
                default_sequence: last + 10,
                default_phone_index: String(phone),
            },
            position: "bottom",
            mode: "readonly",
        });
    }
}

export const attemptPathField = {
    ...x2ManyField,
    component: AttemptPathField,
    displayName: _t("Path of attempts"),
    supportedTypes: ["one2many"],
};

registry.category("fields").add("ecm_attempt_path", attemptPathField);
