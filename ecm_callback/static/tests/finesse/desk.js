/* What Finesse documents for gadgets, and nothing else (reference: FJS, FDG): configuration, client
 * services, user, dialogs, makeRequest, adjustHeight. */
(function () {
    "use strict";
    const query = new URLSearchParams(location.search);
    window.ecmCallbackConfig = { server: location.origin, key: query.get("key") };
    window.desk = { heights: 0, methods: [], dialogs: null, isReady: false };

    window.gadgets = {
        HubSettings: {},
        window: {
            adjustHeight() {
                window.desk.heights += 1;
            },
        },
        io: {
            RequestParameters: {
                METHOD: "METHOD",
                CONTENT_TYPE: "CONTENT_TYPE",
                REFRESH_INTERVAL: "REFRESH_INTERVAL",
                HEADERS: "HEADERS",
                POST_DATA: "POST_DATA",
            },
            MethodType: { GET: "GET", POST: "POST", PUT: "PUT", DELETE: "DELETE", HEAD: "HEAD" },
            ContentType: { TEXT: "TEXT", DOM: "DOM", JSON: "JSON", FEED: "FEED" },
            async makeRequest(url, done, parameters) {
                window.desk.methods.push(parameters.METHOD);
                const response = await fetch(url, {
                    method: parameters.METHOD,
                    headers: parameters.HEADERS,
                    body: parameters.POST_DATA,
                });
                const text = await response.text();
                done({ rc: response.status, text, data: text, errors: [] });
            },
        },
    };
    window.finesse = {
        gadget: { Config: { id: query.get("agent"), restHost: "finesse.example.com" } },
        clientservices: { ClientServices: { init() {} } },
        restservices: {
            User: class {
                constructor(options) {
                    setTimeout(() => options.onLoad(this));
                }
                getDialogs(handlers) {
                    window.desk.dialogs = handlers;
                }
            },
        },
    };

    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

    Object.assign(window.desk, {
        /** A call comes; `properties` are the flat map of getMediaProperties(). */
        ring(properties, from, to) {
            window.desk.dialogs.onCollectionAdd({
                getMediaProperties: () => properties,
                getFromAddress: () => from,
                getToAddress: () => to,
                getState: () => "ACTIVE",
            });
        },
        async until(what, condition) {
            for (let tries = 0; tries < 200; tries++) {
                if (condition()) {
                    return;
                }
                await wait(100);
            }
            const status = document.getElementById("ecm-status").textContent;
            throw new Error(`Waited in vain: ${what}. The gadget says: ${status}`);
        },
        type(id, text) {
            const field = document.getElementById(`ecm-${id}`);
            field.value = text;
            field.dispatchEvent(new Event("input", { bubbles: true }));
            field.dispatchEvent(new Event("change", { bubbles: true }));
        },
        click(selector) {
            document.querySelector(selector).click();
        },
        read(id) {
            const field = document.getElementById(`ecm-${id}`);
            return "value" in field ? field.value : field.textContent;
        },
        expect(what, found, wanted) {
            if (found !== wanted) {
                throw new Error(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
            }
        },
        async run(work) {
            try {
                await work(window.desk);
                console.log("gadget works");
            } catch (error) {
                console.error(error.message);
            }
        },
    });

    document.addEventListener("DOMContentLoaded", async () => {
        // The gadget's own markup, as the desktop renders it.
        const file = await (await fetch("../../finesse/callback.xml")).text();
        const module = new window.DOMParser().parseFromString(file, "text/xml");
        const content = module.querySelector("Content").textContent;
        const page = new window.DOMParser().parseFromString(content, "text/html");
        document.body.append(page.getElementById("ecm-callback"));
        const starter = page.querySelector("script:not([src])").textContent;
        new Function(starter)();
        window.gadgets.HubSettings.onConnect();
        window.desk.isReady = true;
    });
})();
