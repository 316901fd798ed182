# SPDX-License-Identifier: GPL-2.0
"""Somebody who is led through `smallbms commission`, by its plain output.

    person = Person(hands, reboot="y")
    answer = person.hear("ask cell-low: ...")       what to type, or None

Whatever the hands are, they have act(line), mend(line), pull(), plug(), open() and close(), of the
switch at the terminals. A keyword is another answer than usual to the questions of a step, or a
list of them, one after the other; None is that nothing is typed.
"""

import re

LINES = ("cell-low", "cell-undervoltage", "cell-overvoltage", "over-temperature",
         "under-temperature", "charge-inhibit")
USUAL = {"supply": "bank", "reboot": "s", "power": "s", "run": "y"}
OUTCOMES = ("passed", "failed", "skipped", "unwired")


class Person:
    """See above; @chain: how many cables there are."""

    def __init__(self, hands, chain=2, **answers):
        self.hands = hands
        self.chain = chain
        self.answers = {step.replace("_", "-"): list(given) if isinstance(given, (list, tuple))
                        else [given] for step, given in answers.items()}
        self.heard = []
        self.outcomes = {}      # step -> (outcome, text)

    def outcome(self, step):
        return self.outcomes[step][0]

    def text(self, step):
        return self.outcomes[step][1]

    def hear(self, line):
        """Do what a line asks for; return what to type, or None."""
        self.heard.append(line)
        found = re.fullmatch(r"(\w+) ([a-z-]+): (.*)", line)
        if not found:
            return None
        word, step, text = found.groups()
        if word in OUTCOMES:
            self.outcomes[step] = (word, text)
        elif word == "do":
            self.do(step, text)
        elif word == "ask":
            return self.asked(step, text)
        return None

    def do(self, step, text):
        if step in LINES and "Connect the wire again" in text:
            self.hands.mend(step)
        elif "Plug the cable in again" in text:
            self.hands.plug()
        elif "Close the switch" in text:
            self.hands.close()
        elif "Open the switch" in text:
            self.hands.open()

    def asked(self, step, text):
        given = self.answers.get(step)
        answer = given.pop(0) if given else USUAL.get(step, "y")
        if "How many cables" in text and given is None:
            answer = str(self.chain)
        if answer != "y":
            return answer
        if step in LINES and "Begin?" in text:
            self.hands.act(step)
        elif step == "cables" and "Begin?" in text:
            self.hands.pull()
        elif step == "remote" and "Open the switch" in text:
            self.hands.open()
        return answer
