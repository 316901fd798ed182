# SPDX-License-Identifier: GPL-2.0
"""What can be wrong in a C file: each operator, constant and branch of it.

Works on tokens.  A mutant differs from the file in one place.  It is known by
the function that it is in and by the line of source before and after, not by
the number of a line, so that it keeps its name while other things change.
"""

import collections
import re

Token = collections.namedtuple("Token", "kind text start end")
Mutant = collections.namedtuple("Mutant", "name text")

TOKEN = re.compile(r"""
    (?P<blank>\s+|\\\n|/\*.*?\*/|//[^\n]*)
  | (?P<directive>^[ \t]*\#[ \t]*(?!define)\w+(?:\\\n|[^\n])*)
  | (?P<define>^\#[ \t]*define[ \t]+\w+(?:\([^)]*\))?)
  | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<number>\d\w*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<sign>->|\+\+|--|<<=|>>=|\.\.\.|[-+*/%&|^=!<>]=|&&|\|\||<<|>>|.)
""", re.VERBOSE | re.DOTALL | re.MULTILINE)

BINARY = {
    "<": ("<=", ">="), ">": (">=", "<="), "<=": ("<", ">"), ">=": (">", "<"),
    "==": ("!=",), "!=": ("==",), "&&": ("||",), "||": ("&&",),
    "&": ("|", "^"), "|": ("&", "^"), "^": ("|", "&"), "+": ("-",),
    "-": ("+",), "*": ("+",), "/": ("*",), "%": ("/",),
    "<<": (">>",), ">>": ("<<",),
    "|=": ("&=", "="), "&=": ("|=", "="), "^=": ("|=", "="),
    "+=": ("-=", "="), "-=": ("+=", "="), "++": ("--",), "--": ("++",),
}
UNARY = ("!", "~", "-")
# Where what is asked for by "&&", "||" and "?" can begin or end
LIMITS = {"&&", "||", "?", ":", ",", ";", "=", "{", "}", "return", "|=", "&="}
TYPES = {"u8", "u16", "u32", "u64", "s64", "int", "bool", "long", "struct",
         "enum", "const", "static", "unsigned", "void", "char", "irqreturn_t"}
NO_STATEMENT = TYPES | {"if", "else", "for", "while", "do", "return", "case",
                        "default", "switch", "goto", "break", "DECLARE_BITMAP",
                        ";", "{", "}"}
OPEN, CLOSE = "([{", ")]}"


def read(text):
    """The tokens of a C file without blanks, comments and directives."""
    return [Token(m.lastgroup, m.group(), m.start(), m.end())
            for m in TOKEN.finditer(text)
            if m.lastgroup not in ("blank", "directive")]


class File:
    """A C file and all its mutants."""

    def __init__(self, path):
        self.source = path.read_text(encoding="ascii")
        self.tokens = read(self.source)
        self.partner = self.pair()
        self.mutants = {}
        self.function = ""
        self.mutate()

    def pair(self):
        """For each bracket that of the other end."""
        partner, stack = {}, []
        for n, token in enumerate(self.tokens):
            if token.kind == "sign" and token.text in OPEN:
                stack.append(n)
            elif token.kind == "sign" and token.text in CLOSE:
                partner[n] = stack.pop()
                partner[partner[n]] = n
        return partner

    def replace(self, first, last, new):
        """Adds the mutant that has @new instead of some tokens."""
        start, end = self.tokens[first].start, self.tokens[last].end
        text = self.source[:start] + new + self.source[end:]
        begin = self.source.rfind("\n", 0, start) + 1
        rest = len(self.source) - self.source.find("\n", end)
        old_line = " ".join(self.source[begin:len(self.source) - rest].split())
        new_line = " ".join(text[begin:len(text) - rest].split())
        name = f"{self.function}: {old_line} -> {new_line}"
        number = 1
        while name in self.mutants:     # the same line twice in a function
            number += 1
            name = f"{self.function}: {old_line} -> {new_line} ({number})"
        self.mutants[name] = Mutant(name, text)

    def is_operand(self, n):
        """Whether what stands there ends an operand."""
        token = self.tokens[n]
        if token.kind in ("number", "string"):
            return True
        if token.kind == "word":
            return token.text not in ("return", "case")
        if token.text == ")":           # of a cast, or not
            return not any(t.text in TYPES
                           for t in self.tokens[self.partner[n] + 1:n])
        return token.text == "]"

    def condition(self, n, step):
        """The last token of the condition that ends before token @n, or, with
        @step 1, begins behind it."""
        n += step
        inside = CLOSE if step < 0 else OPEN
        outside = OPEN if step < 0 else CLOSE
        while True:
            text = self.tokens[n].text
            if text in LIMITS or text in outside:
                return n - step
            n = self.partner[n] if text in inside else n
            n += step

    def branch(self, first, last):
        """A condition that always, or never, holds."""
        for new in ("1", "0"):
            self.replace(first, last, new)

    def mutate_sign(self, n):
        """An operator."""
        text = self.tokens[n].text
        after_operand = self.is_operand(n - 1)
        if text in ("++", "--") or (text in BINARY and after_operand):
            for new in BINARY[text]:
                self.replace(n, n, new)
        elif text in UNARY and not after_operand:
            self.replace(n, n, "")
        if text in ("&&", "||", "?"):
            self.branch(self.condition(n, -1), n - 1)
        if text in ("&&", "||"):
            # what follows is a condition that no other operator ends
            last = self.condition(n, 1)
            if self.tokens[last + 1].text not in ("&&", "||", "?"):
                self.branch(n + 1, last)

    def mutate_word(self, n):
        """A constant, or what a condition hangs on."""
        token = self.tokens[n]
        follows = self.tokens[n + 1].text
        if token.text in ("true", "false"):
            self.replace(n, n, "false" if token.text == "true" else "true")
        elif token.text in ("if", "while"):
            self.branch(n + 2, self.partner[n + 1] - 1)
        elif token.text == "for":
            semicolons = [i for i in range(n, self.partner[n + 1])
                          if self.tokens[i].text == ";"]
            # a loop without an end shows nothing; one that is not run does
            self.replace(semicolons[0] + 1, semicolons[1] - 1, "0")
        elif token.text.isupper() and follows != "(" and \
                self.tokens[n - 1].text not in ("struct", "enum"):
            self.mutate_number(n)

    def mutate_number(self, n):
        """A number: one more, one less."""
        text = self.tokens[n].text
        if not self.is_length(n):       # an array too long shows nothing
            self.replace(n, n, f"({text} + 1)")
        self.replace(n, n, f"({text} - 1)")

    def is_length(self, n):
        """Whether it alone tells how long an array is."""
        if self.tokens[n - 1].text != "[" or self.tokens[n + 1].text != "]":
            return False
        begin = n
        while self.tokens[begin - 1].text not in ("=", ";", "{", "}"):
            begin -= 1
        return self.tokens[begin].text in TYPES

    def mutate_statement(self, n):
        """A statement that begins here and is left out."""
        if self.tokens[n].text in NO_STATEMENT or \
                self.tokens[n].kind not in ("word", "sign"):
            return
        last = n
        while self.tokens[last].text != ";":
            if self.tokens[last].text in CLOSE:
                return
            last = self.partner.get(last, last) + 1
        self.replace(n, last, ";")

    def begins_statement(self, n):
        before = self.tokens[n - 1].text
        if before == ")":
            head = self.partner[n - 1] - 1
            return self.tokens[head].text in ("if", "for", "while",
                                              "for_each_set_bit")
        opening = self.opening(n)
        return before in (";", "{", "}", "else") and \
            self.tokens[opening].text == "{" and \
            self.tokens[opening - 1].text != "="

    def mutate(self):
        """Finds all mutants, in functions and in what macros stand for."""
        depth, define_end = 0, -1
        for n, token in enumerate(self.tokens):
            if token.kind == "define":
                self.function = token.text.split("define")[1].strip()
                define_end = self.end_of_line(token.end)
                continue
            in_macro = token.start < define_end
            if token.kind == "sign" and token.text in "{}" and not in_macro:
                if token.text == "{":
                    if not depth:
                        self.function = self.name_before(n)
                    depth += 1
                else:
                    depth -= 1
                continue
            if not in_macro and (not depth or not self.function):
                continue
            if not in_macro and self.begins_statement(n):
                self.mutate_statement(n)
            if token.kind == "sign":
                self.mutate_sign(n)
            elif token.kind == "word":
                self.mutate_word(n)
            elif token.kind == "number":
                self.mutate_number(n)

    def opening(self, n):
        """The bracket that is open at token @n."""
        n -= 1
        while self.tokens[n].text not in OPEN or \
                self.tokens[n].kind == "string":
            n = self.partner[n] - 1 if self.tokens[n].text in CLOSE else n - 1
        return n

    def end_of_line(self, position):
        """Where the line ends, whatever it is continued on."""
        while True:
            position = self.source.find("\n", position)
            if self.source[position - 1] != "\\":
                return position
            position += 1

    def name_before(self, n):
        """The function whose body begins there, or ""."""
        if self.tokens[n - 1].text != ")":
            return ""
        return self.tokens[self.partner[n - 1] - 1].text
