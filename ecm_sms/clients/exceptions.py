"""What is wrong with the settings of a gateway."""


class SettingsError(Exception):
    """A setting cannot be used.

    :param code: which fault; the model has a sentence for each
    :param word: what of the setting is at fault
    """

    def __init__(self, code: str, word: str = "") -> None:
        super().__init__(f"{code}: {word}")
        self.code, self.word = code, word
