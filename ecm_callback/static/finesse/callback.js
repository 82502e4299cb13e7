/* The callback gadget of Cisco Finesse (requirement B9).
 *
 * Runs in the desktop's frame, without any library but Finesse's own. Numbers are texts throughout;
 * what a call or the server says goes into the page as text. Calls go through gadgets.io.makeRequest,
 * which knows GET and POST everywhere.
 */
/* global finesse, gadgets */
(function (root) {
    "use strict";

    const ROOT = "/ecm/api/v1";
    const TIMEOUT_SECONDS = 15;
    // How dialers and gateways write a caller who hides the number.
    const HIDDEN = /^(anonymous|restricted|private|unknown|unavailable|null|undefined)$/i;
    const NUMBER = /^\+?[0-9 ()/.-]{3,28}$/;

    const state = { agent: "", call: "", editing: null, skills: [], known: "" };

    function find(id) {
        return document.getElementById("ecm-" + id);
    }

    function say(text, kind) {
        const status = find("status");
        status.textContent = text;
        status.setAttribute("data-kind", kind || "");
        adjust();
    }

    function adjust() {
        if (root.gadgets && gadgets.window && gadgets.window.adjustHeight) {
            gadgets.window.adjustHeight();
        }
    }

    function settings() {
        return root.ecmCallbackConfig || {};
    }

    // -- the desktop's key -------------------------------------------------------------------------

    // A browser that keeps nothing asks for a code with each login.
    let held = "";

    function place() {
        return "ecm-callback-key-" + state.agent;
    }

    function getKey() {
        if (settings().key || held) {
            return settings().key || held;
        }
        try {
            return root.localStorage.getItem(place()) || "";
        } catch {
            return "";
        }
    }

    function keepKey(key) {
        held = key;
        try {
            if (key) {
                root.localStorage.setItem(place(), key);
            } else {
                root.localStorage.removeItem(place());
            }
        } catch {
            return;
        }
    }

    function askForCode(sentence) {
        find("form").hidden = find("mine").hidden = true;
        find("pair").hidden = false;
        say(sentence);
        find("code").focus();
    }

    function pair(event) {
        event.preventDefault();
        const code = find("code").value.trim();
        if (!code) {
            say("Type the code that your supervisor sees.", "error");
            return;
        }
        request(
            "POST",
            "/callbacks/desktop",
            { agent: state.agent, code: code },
            function (answer) {
                keepKey(answer.key);
                find("code").value = "";
                find("pair").hidden = true;
                loadSkills();
            },
            function (sentence) {
                say(sentence, "error");
            }
        );
    }

    // -- the server --------------------------------------------------------------------------------

    function parse(text) {
        try {
            return JSON.parse(text);
        } catch {
            return null;
        }
    }

    /** done(answer), failed(sentence, answer) */
    function request(method, path, body, done, failed) {
        const parameters = {};
        parameters[gadgets.io.RequestParameters.METHOD] = gadgets.io.MethodType[method];
        parameters[gadgets.io.RequestParameters.CONTENT_TYPE] = gadgets.io.ContentType.TEXT;
        parameters[gadgets.io.RequestParameters.REFRESH_INTERVAL] = 0;
        const headers = { "Content-Type": "application/json" };
        const key = getKey();
        if (key) {
            headers.Authorization = "Bearer " + key;
        }
        parameters[gadgets.io.RequestParameters.HEADERS] = headers;
        if (body) {
            parameters[gadgets.io.RequestParameters.POST_DATA] = JSON.stringify(body);
        }
        let over = false;
        function end(work) {
            if (!over) {
                over = true;
                root.clearTimeout(timer);
                work();
            }
        }
        const timer = root.setTimeout(function () {
            end(function () {
                failed("The server does not answer. Try again, or note the callback by hand.");
            });
        }, TIMEOUT_SECONDS * 1000);
        gadgets.io.makeRequest(
            settings().server + ROOT + path,
            function (response) {
                end(function () {
                    const status = Number(response.rc || response.status || 0);
                    const answer = parse(response.text);
                    if (status >= 200 && status < 300 && answer) {
                        done(answer);
                    } else if (status === 401 && key && !settings().key) {
                        // Revoked, or over: another code gives another key.
                        keepKey("");
                        askForCode("This desktop needs a new code: ask your supervisor.");
                    } else {
                        failed(explain(status, answer), answer);
                    }
                });
            },
            parameters
        );
    }

    function explain(status, answer) {
        if (answer && answer.detail) {
            return answer.detail;
        }
        if (!status) {
            return "The server cannot be reached: " + settings().server;
        }
        return "The server answers " + status + ". Ask your administrator.";
    }

    // -- the call ----------------------------------------------------------------------------------

    /** The customer's number as it is known; empty for who hides it. */
    function numberOf(dialog) {
        const properties = dialog.getMediaProperties() || {};
        let known = properties.BACustomerNumber;
        if (!known) {
            const isOut = /^(OUT|OUTBOUND)/.test(properties.callType || "");
            known = isOut ? dialog.getToAddress() : dialog.getFromAddress();
        }
        known = String(known === undefined || known === null ? "" : known).trim();
        return HIDDEN.test(known) ? "" : known;
    }

    function onCall(dialog) {
        const properties = dialog.getMediaProperties() || {};
        state.call = String(properties.BAAccountNumber || "").trim();
        state.known = numberOf(dialog);
        // What somebody is typing stays.
        if (!state.editing && !find("number").value) {
            find("number").value = state.known;
        }
        if (!state.known) {
            say("The caller hides the number: ask for it.");
        }
        checkNumber();
        find("guidance").hidden = true;
        if (state.call) {
            greet();
            guide();
        }
    }

    function onCallEnd() {
        state.call = "";
        find("guidance").hidden = true;
    }

    /** The campaign's script for this call, where there is one. */
    function guide() {
        const call = state.call;
        request(
            "GET",
            "/ivr/calls/" + encodeURIComponent(call) + "/guidance",
            null,
            function (found) {
                if (found.path && call === state.call) {
                    find("script").href = settings().server + found.path;
                    find("guidance").hidden = false;
                    adjust();
                }
            },
            function () {}
        );
    }

    /** A callback has arrived: its note is shown, and the server is told. */
    function greet() {
        request(
            "GET",
            "/ivr/calls/" + encodeURIComponent(state.call),
            null,
            function (found) {
                fillName("first-name", found.customer.first_name);
                fillName("last-name", found.customer.last_name);
                if (!found.callback) {
                    return;
                }
                say("This is a callback. " + (found.callback.note || ""));
                const path = "/callbacks/" + found.callback.id + "/arrived";
                request("POST", path, {}, refresh, function () {});
            },
            function () {}
        );
    }

    function fillName(id, text) {
        if (text && !find(id).value) {
            find(id).value = text;
        }
    }

    // -- the form ----------------------------------------------------------------------------------

    function checkNumber() {
        const number = find("number").value.trim();
        const fits = !number || NUMBER.test(number);
        const hint = fits ? "" : "Digits only, with the country code: +49 30 123456";
        find("number-hint").textContent = hint;
        find("number").setAttribute("aria-invalid", String(!fits));
        adjust();
        return Boolean(number) && fits;
    }

    function isPersonal() {
        return find("personal").checked;
    }

    function offer() {
        if (!checkNumber() || !find("skill").value) {
            return;
        }
        let query = "number=" + encodeURIComponent(find("number").value.trim());
        query += "&skill=" + encodeURIComponent(find("skill").value);
        if (isPersonal()) {
            query += "&agent=" + encodeURIComponent(state.agent);
        }
        request(
            "GET",
            "/callbacks/slots?" + query,
            null,
            function (found) {
                find("zone").textContent = "(" + found.tz + ")";
                showSlots(found.slots);
            },
            function (sentence) {
                say(sentence, "error");
            }
        );
    }

    function showSlots(slots) {
        const place = find("slots");
        place.textContent = "";
        slots.forEach(function (slot) {
            const button = document.createElement("button");
            button.type = "button";
            // As the customer's clock shows it.
            button.textContent = slot.slice(0, 16).replace("T", " ");
            button.addEventListener("click", function () {
                find("due").value = slot.slice(0, 16);
                find("due").focus();
            });
            place.appendChild(button);
        });
        adjust();
    }

    function read() {
        const wanted = { due_at: find("due").value, skill: find("skill").value };
        wanted.number = find("number").value.trim();
        wanted.note = find("note").value.trim() || null;
        if (state.editing) {
            wanted.agent = isPersonal() ? state.agent : "";
            return wanted;
        }
        wanted.agent = isPersonal() ? state.agent : null;
        wanted.first_name = find("first-name").value.trim() || null;
        wanted.last_name = find("last-name").value.trim() || null;
        wanted.call = state.call || null;
        wanted.source = "gadget";
        return wanted;
    }

    function submit(event) {
        event.preventDefault();
        if (!checkNumber()) {
            say("Write the number that is to be called.", "error");
            find("number").focus();
            return;
        }
        if (!find("due").value) {
            say("Choose when the customer is to be called.", "error");
            find("due").focus();
            return;
        }
        find("submit").disabled = true;
        const path = state.editing ? "/callbacks/" + state.editing + "/change" : "/callbacks";
        request(
            "POST",
            path,
            read(),
            function (callback) {
                find("submit").disabled = false;
                reset();
                say("Promised for " + callback.due_at.slice(0, 16).replace("T", " "), "done");
                refresh();
            },
            function (sentence, answer) {
                find("submit").disabled = false;
                say(sentence, "error");
                if (answer && answer.slots) {
                    showSlots(answer.slots);
                }
            }
        );
    }

    function reset() {
        state.editing = null;
        ["number", "first-name", "last-name", "due", "note"].forEach(function (id) {
            find(id).value = "";
        });
        find("title").textContent = "New callback";
        find("submit").textContent = "Promise the callback";
        find("slots").textContent = "";
        find("number-hint").textContent = "";
        say("");
    }

    // -- my callbacks ------------------------------------------------------------------------------

    function refresh() {
        const query = "is_open=true&agent=" + encodeURIComponent(state.agent);
        request(
            "GET",
            "/callbacks?" + query,
            null,
            function (found) {
                showMine(found.items);
            },
            function (sentence) {
                say(sentence, "error");
            }
        );
    }

    function showMine(callbacks) {
        const list = find("list");
        list.textContent = "";
        callbacks.forEach(function (callback) {
            list.appendChild(describe(callback));
        });
        if (!callbacks.length) {
            const none = document.createElement("li");
            none.textContent = "None";
            list.appendChild(none);
        }
        find("mine").hidden = false;
        adjust();
    }

    function describe(callback) {
        const item = document.createElement("li");
        const names = [callback.first_name, callback.last_name].filter(Boolean).join(" ");
        const when = callback.due_at.slice(0, 16).replace("T", " ") + " (" + callback.tz + ")";
        const text = document.createElement("span");
        text.textContent = [when, names, callback.number].filter(Boolean).join(", ") + " ";
        item.appendChild(text);
        addButton(item, "Move", names || callback.number, function () {
            edit(callback);
        });
        addButton(item, "Cancel", names || callback.number, function () {
            cancel(callback);
        });
        return item;
    }

    function addButton(item, label, whom, work) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = label;
        button.setAttribute("aria-label", label + " the callback of " + whom);
        button.addEventListener("click", work);
        item.appendChild(button);
    }

    function edit(callback) {
        reset();
        state.editing = callback.id;
        find("title").textContent = "Move the callback";
        find("submit").textContent = "Move it";
        find("number").value = callback.number;
        find("skill").value = callback.skill;
        find("personal").checked = true;
        find("due").value = callback.due_at.slice(0, 16);
        find("note").value = callback.note || "";
        find("due").focus();
        offer();
    }

    function cancel(callback) {
        request(
            "POST",
            "/callbacks/" + callback.id + "/cancel",
            { reason: "Cancelled by " + state.agent },
            function () {
                say("Cancelled", "done");
                refresh();
            },
            function (sentence) {
                say(sentence, "error");
            }
        );
    }

    // -- begin -------------------------------------------------------------------------------------

    function loadSkills() {
        request(
            "GET",
            "/callbacks/skills",
            null,
            function (skills) {
                state.skills = skills;
                find("skill").textContent = "";
                skills.forEach(function (skill) {
                    const option = document.createElement("option");
                    option.value = option.textContent = skill.name;
                    find("skill").appendChild(option);
                });
                say(skills.length ? "" : "No skill takes callbacks: ask your administrator.");
                find("form").hidden = false;
                refresh();
            },
            function (sentence) {
                say(sentence, "error");
            }
        );
    }

    function listen() {
        find("form").addEventListener("submit", submit);
        find("pair").addEventListener("submit", pair);
        find("reset").addEventListener("click", reset);
        find("number").addEventListener("input", checkNumber);
        ["number", "skill", "personal", "normal"].forEach(function (id) {
            find(id).addEventListener("change", offer);
        });
    }

    function init() {
        // Never blank: whatever is missing is said.
        if (!settings().server) {
            say("config.js has no server: ask your administrator.", "error");
            return;
        }
        try {
            const config = finesse.gadget.Config;
            state.agent = String(config.id);
            listen();
            finesse.clientservices.ClientServices.init(config, false);
            const user = new finesse.restservices.User({
                id: config.id,
                onLoad: function () {
                    user.getDialogs({ onCollectionAdd: onCall, onCollectionDelete: onCallEnd });
                },
            });
            if (getKey()) {
                loadSkills();
            } else {
                askForCode("This desktop needs a code: ask your supervisor.");
            }
        } catch (error) {
            say("The gadget cannot start: " + error.message, "error");
        }
    }

    root.ecmCallback = { init: init };
})(window);
