import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { humanSize } from "@web/core/utils/binary";
import { session } from "@web/session";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component, onWillDestroy, useRef, useState } from "@odoo/owl";

/**
 * A file that is dropped here, or chosen after a click, goes to the server as it is read from the disk: a large one
 * costs the browser no memory. The field gets the attachment that it became.
 */
export class DropZoneField extends Component {
    static template = "ecm_campaign.DropZoneField";
    static props = { ...standardFieldProps, formats: { type: String, optional: true } };

    setup() {
        this.notification = useService("notification");
        this.fileUpload = useService("file_upload");
        this.input = useRef("input");
        this.state = useState({ dragDepth: 0, upload: null, size: 0 });
        onWillDestroy(() => this.onCancel());
    }

    get formats() {
        return this.props.formats || _t("CSV, text or Excel (.xlsx), also packed as .zip or .gz");
    }

    get limit() {
        return _t("up to %s", showSize(session.ecm_max_upload_size));
    }

    get file() {
        return this.props.record.data[this.props.name];
    }

    get size() {
        return this.state.size ? showSize(this.state.size) : "";
    }

    get percent() {
        return Math.floor(100 * (this.state.upload?.progress || 0));
    }

    get isSent() {
        return this.percent === 100;
    }

    onClick() {
        if (!this.state.upload && !this.props.readonly) {
            this.input.el.click();
        }
    }

    onDrag(step) {
        this.state.dragDepth = Math.max(0, this.state.dragDepth + step);
    }

    onDrop(ev) {
        this.state.dragDepth = 0;
        this.send(ev.dataTransfer.files);
    }

    onChosen() {
        this.send(this.input.el.files);
        this.input.el.value = ""; // choosing the same file again is a change
    }

    onCancel() {
        this.state.upload?.xhr.abort();
        this.state.upload = null;
    }

    async send(files) {
        if (!files.length || this.state.upload || this.props.readonly) {
            return;
        }
        const problem = this.check(files);
        if (problem) {
            this.notification.add(problem, { type: "danger" });
            return;
        }
        const upload = await this.fileUpload.upload("/ecm/upload", files, {
            displayErrorNotification: false,
        });
        this.state.upload = upload;
        upload.xhr.addEventListener("loadend", () => this.onSent(upload.xhr));
    }

    check(files) {
        if (files.length > 1) {
            return _t("Upload one file at a time.");
        }
        return files[0].size > session.ecm_max_upload_size && this.tooLarge;
    }

    get tooLarge() {
        return _t(
            "The file is larger than %s. Split it, or pack it as .zip or .gz.",
            showSize(session.ecm_max_upload_size)
        );
    }

    onSent(xhr) {
        if (!this.state.upload) {
            return; // cancelled
        }
        this.state.upload = null;
        const answer = readAnswer(xhr);
        if (!answer.id) {
            const lost =
                xhr.status === 413
                    ? this.tooLarge
                    : _t("The file could not be uploaded. Try again.");
            this.notification.add(answer.error || lost, { type: "danger" });
            return;
        }
        this.state.size = answer.size;
        return this.props.record.update({
            [this.props.name]: { id: answer.id, display_name: answer.name },
        });
    }
}

/** Without decimals that say nothing, and in bytes, not bits: 512 MB. */
function showSize(bytes) {
    return humanSize(bytes)
        .replace(/[.,]00/, "")
        .replace(/([KMGT])b$/, "$1B");
}

/** The server's answer, or nothing where it is not ours: a proxy's page, a lost connection. */
function readAnswer(xhr) {
    try {
        return JSON.parse(xhr.responseText) || {};
    } catch {
        return {};
    }
}

export const dropZoneField = {
    component: DropZoneField,
    displayName: _t("Drop zone"),
    supportedTypes: ["many2one"],
    extractProps: ({ options }) => ({ formats: options.formats }),
};

registry.category("fields").add("ecm_drop_zone", dropZoneField);
