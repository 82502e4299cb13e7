import { formatDuration } from "@ecm_campaign/duration/duration_field";
import { telephone } from "@ecm_agent/desk/telephone";
import { browser } from "@web/core/browser/browser";
import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
import { deserializeDateTime, toLocaleDateTimeString } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import {
    Component,
    markup,
    onMounted,
    onWillStart,
    onWillUnmount,
    useEffect,
    useRef,
    useState,
} from "@odoo/owl";

const { DateTime } = luxon;

// Without a card the desk looks so often whether a callback is due.
const IDLE_SECONDS = 60;
const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
const PREVIEW = ["offered", "accepted"];
const NOTHING_SAID = {
    choice: "",
    note: "",
    date: "",
    time: "",
    isPersonal: true,
    isSkipping: false,
    reason: false,
    seconds: false,
};

/**
 * The agent's desk: home with own callbacks and numbers, or the card in hand. All of it goes by keyboard: N takes a
 * card, C calls, E ends the call, a digit says what it came to, Ctrl+Enter saves. The focus is where the next step is.
 */
export class Desk extends Component {
    static template = "ecm_agent.Desk";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.lease = useService("ecm_agent_lease");
        this.root = useRef("root");
        this.display = { controlPanel: {} };
        this.state = useState({
            desk: false,
            isBusy: false,
            notice: "",
            isHeard: true,
            now: DateTime.now(),
            digits: 0,
            ...NOTHING_SAID,
        });
        useBus(this.lease.bus, "change", ({ detail }) => this.onGone(detail));
        useBus(this.lease.bus, "beat", ({ detail }) => (this.state.isHeard = detail.isHeard));
        onWillStart(() => this.load());
        onMounted(() => {
            this.clock = browser.setInterval(() => this.tick(), 1000);
        });
        onWillUnmount(() => browser.clearInterval(this.clock));
        this.useKeys();

        // Where the next step is; what the agent is typing in is left alone.
        useEffect(
            () => this.focusNext(),
            () => [this.card?.id, this.card?.state, this.state.isSkipping, this.state.isBusy]
        );
        useEffect(
            (digits) => digits && this.focusAfterChoice(),
            () => [this.state.digits]
        );
    }

    useKeys() {
        const when = (isAvailable, callback) => [callback, { isAvailable }];
        const isFree = () => !this.state.isBusy;
        useHotkey(
            "n",
            ...when(
                () => isFree() && !this.card,
                () => this.request()
            )
        );
        useHotkey(
            "a",
            ...when(
                () => isFree() && this.card?.state === "offered",
                () => this.accept()
            )
        );
        useHotkey(
            "c",
            ...when(
                () => isFree() && this.isPreview,
                () => this.call()
            )
        );
        useHotkey(
            "s",
            ...when(
                () => isFree() && this.isPreview,
                () => this.toggleSkip()
            )
        );
        useHotkey(
            "e",
            ...when(
                () => this.isTalking,
                () => this.hangUp()
            )
        );
        for (const [place, digit] of DIGITS.entries()) {
            useHotkey(
                digit,
                ...when(
                    () => isFree() && Boolean(this.card),
                    () => this.chooseAt(place)
                )
            );
        }
        useHotkey("control+enter", () => this.save(), {
            bypassEditableProtection: true,
            isAvailable: () => isFree() && Boolean(this.card),
        });
        useHotkey("escape", () => this.toggleSkip(), {
            bypassEditableProtection: true,
            isAvailable: () => this.state.isSkipping,
        });
    }

    // -- what is shown ------------------------------------------------------------------------------------------------

    get card() {
        return this.state.desk.card;
    }

    get isPreview() {
        return PREVIEW.includes(this.card?.state);
    }

    get isTalking() {
        return this.card?.state === "calling" && this.state.seconds === false;
    }

    get canWrapUp() {
        return Boolean(this.card) && this.card.state !== "offered";
    }

    get script() {
        return markup(this.card.script);
    }

    get choice() {
        return this.card.choices.find((choice) => choice.code === this.state.choice);
    }

    get seconds() {
        if (this.state.seconds !== false) {
            return this.state.seconds;
        }
        const since = this.card?.called_at && deserializeDateTime(this.card.called_at);
        return since ? Math.max(Math.round(this.state.now.diff(since).as("seconds")), 0) : 0;
    }

    get talkTime() {
        return formatDuration(this.seconds) || "0:00";
    }

    get localTime() {
        return this.state.now.setZone(this.card.zone).toFormat("HH:mm");
    }

    get today() {
        const { calls, reached, success, seconds } = this.state.desk.today;
        return [
            { label: _t("Calls"), value: calls },
            { label: _t("Reached"), value: reached },
            { label: _t("Success"), value: success },
            { label: _t("Talk time"), value: formatDuration(seconds) || "0:00" },
        ];
    }

    get stateText() {
        return {
            offered: _t("New card"),
            accepted: _t("Accepted"),
            calling: _t("On the phone"),
            unfinished: _t("Wrap up your last call"),
        }[this.card.state];
    }

    get stepText() {
        return _t("Call no. %s", this.card.step);
    }

    digit(place) {
        return DIGITS[place] || "";
    }

    format(moment) {
        return moment ? toLocaleDateTimeString(deserializeDateTime(moment)) : "";
    }

    formatSeconds(seconds) {
        return formatDuration(seconds);
    }

    tick() {
        this.state.now = DateTime.now();
        this.idle = this.card ? 0 : (this.idle || 0) + 1;
        if (this.idle >= IDLE_SECONDS) {
            this.idle = 0;
            this.load(true);
        }
    }

    focusNext() {
        // The answer decides what the next step is.
        if (this.state.isBusy) {
            return;
        }
        const within = this.root.el;
        const target = within?.querySelector("[data-next]:not([disabled])");
        if (target && !within.querySelector("textarea:focus, input:not([type=radio]):focus")) {
            target.focus();
        }
    }

    focusAfterChoice() {
        const name = this.choice?.asks_callback ? "callback_date" : "save";
        this.root.el.querySelector(`[name=${name}]`)?.focus();
    }

    // -- what the server says -----------------------------------------------------------------------------------------

    async load(isSilent = false) {
        const orm = isSilent ? this.orm.silent : this.orm;
        this.show(await orm.call("ecm.card", "get_desk", []));
    }

    show(desk) {
        if (desk.card?.id !== this.card?.id) {
            Object.assign(this.state, NOTHING_SAID);
        }
        this.state.desk = desk;
        this.state.notice = desk.notice || "";
        this.lease.hold(desk.card && desk.card.id, desk.beat_seconds);
    }

    /** Ask the server something that changes the desk; what it refuses is said where the agent looks. */
    async ask(method, args, kwargs = {}) {
        if (this.state.isBusy) {
            return false;
        }
        this.state.isBusy = true;
        try {
            this.show(await this.orm.call("ecm.card", method, args, kwargs));
            return true;
        } catch (error) {
            const message = error.data?.message;
            if (!message || error.data.name === "builtins.Exception") {
                throw error;
            }
            this.state.notice = message;
            return false;
        } finally {
            this.state.isBusy = false;
        }
    }

    async onGone({ notice }) {
        await this.load(true);
        this.state.notice = notice;
    }

    // -- what the agent does ------------------------------------------------------------------------------------------

    request() {
        return this.ask("request_card", []);
    }

    accept() {
        return this.ask("accept", [[this.card.id]]);
    }

    async call() {
        const { id, number } = this.card;
        const isAllowed = await this.ask("call", [[id]]);
        if (isAllowed && this.card?.id === id) {
            telephone.dial(number);
        }
    }

    hangUp() {
        this.state.seconds = this.seconds;
    }

    toggleSkip() {
        this.state.isSkipping = !this.state.isSkipping;
    }

    async skip(reason) {
        await this.ask("skip", [[this.card.id], reason.id, this.state.note]);
    }

    /** A digit means what it stands beside. */
    chooseAt(place) {
        if (this.state.isSkipping) {
            const reason = this.state.desk.skip_reasons[place];
            return reason && this.skip(reason);
        }
        const choice = this.canWrapUp && this.card.choices[place];
        if (choice) {
            this.choose(choice);
            // What is to be focused may have to be drawn first.
            this.state.digits++;
        }
    }

    choose(choice) {
        this.state.choice = choice.code;
        if (choice.asks_callback && !this.state.date) {
            // An hour from now on the customer's clock, to begin with.
            const soon = DateTime.now()
                .setZone(this.card.zone)
                .plus({ hours: 1 })
                // The fields read these digits alone, whatever the language's are.
                .reconfigure({ numberingSystem: "latn" });
            this.state.date = soon.toFormat("yyyy-MM-dd");
            this.state.time = soon.set({ minute: 0 }).toFormat("HH:mm");
        }
    }

    async save() {
        if (!this.choice) {
            this.state.notice = _t("Choose what the call came to.");
            return;
        }
        const values = {
            choice: this.state.choice,
            duration_seconds: this.seconds,
            note: this.state.note,
        };
        if (this.choice.asks_callback) {
            values.callback_at = `${this.state.date}T${this.state.time}`;
            values.is_personal = this.state.isPersonal;
        }
        await this.ask("wrap_up", [[this.card.id]], values);
    }
}

registry.category("actions").add("ecm_agent_desk", Desk);
