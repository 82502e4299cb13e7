/**
 * How an agent's telephone is told to call: by the program that the computer has for `tel:` links. A module of a
 * telephone system patches this.
 */
export const telephone = {
    /** @param {string} number in E.164 */
    dial(number) {
        const link = document.createElement("a");
        link.href = `tel:${number}`;
        link.click();
    },
};
