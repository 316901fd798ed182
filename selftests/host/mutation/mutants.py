# SPDX-License-Identifier: GPL-2.0
"""Mutants of a C file, made by operators on its tokens.

A mutant differs from its file in one place. Its name is the function, the
operator and the number of the place among those of this operator in the
function: "left: < 1 to <=" is the first "<" of left(). So a name quotes no
source, and lasts while other things change. Macros count as functions.

    < 1 to <=               any binary operator, by its neighbours
    element 1 dropped       of a mask, "A | B"
    ! 1 dropped             a unary operator
    condition 1 always      ... never, negated; of if, while, ?:, && and ||
    loop 1 never
    constant 1 + 1          ... - 1; numbers and names in capitals
    true 1 to false
    mask 1 less one         a named mask loses its lowest element
    mask 1 to another       ... or becomes the next one of its family
    member 1 to another     a member, the next one of its type in the structure
    index 1 to 0
    delay 1 + 1 ns          ... - 1 ns, + 1 ms, - 1 ms
    min 1 to max
    u64 1 to u32
    difference 1 as a sum   "now - since < span", written "now < since + span"
    statement 1 deleted
    statement 1 delayed     swapped with the next one, where one needs the other
"""

import collections
import re

Token = collections.namedtuple("Token", "kind text start end")
# From the token @first to @last, both included, @new instead
Edit = collections.namedtuple("Edit", "function kind first last new what")
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
    "&": ("|", "^"), "|": ("&",), "^": ("|", "&"), "+": ("-",),
    "-": ("+",), "*": ("+",), "/": ("*",), "%": ("/",),
    "<<": (">>",), ">>": ("<<",),
    "|=": ("&=", "="), "&=": ("|=", "="), "^=": ("|=", "="),
    "+=": ("-=", "="), "-=": ("+=", "="), "++": ("--",), "--": ("++",),
}
UNARY = ("!", "~", "-")
ASSIGNMENTS = {"=", "|=", "&=", "^=", "+=", "-="}
# Where an operand of "&&", "||" and "?" can begin or end
LIMITS = {"&&", "||", "?", ":", ",", ";", "{", "}", "return"} | ASSIGNMENTS
TYPES = {"u8", "u16", "u32", "u64", "s64", "int", "bool", "long", "struct",
         "enum", "const", "static", "unsigned", "void", "char", "irqreturn_t"}
JUMPS = {"return", "goto", "break", "continue", "case", "default"}
LOOPS = {"for", "while", "for_each_set_bit"}
NO_STATEMENT = TYPES | JUMPS | LOOPS | {"if", "else", "do", "switch", ";", "{",
                                        "}", "DECLARE_BITMAP"}
# What makes ns of a delay in ms
DELAYS = {"ms_to_ns"}
# Of a function, between its parameters and its body
ANNOTATIONS = {"__must_hold", "__acquires", "__releases"}
OPEN, CLOSE = "([{", ")]}"


def read(text):
    """The tokens of a C file without blanks, comments and directives."""
    return [Token(m.lastgroup, m.group(), m.start(), m.end())
            for m in TOKEN.finditer(text)
            if m.lastgroup not in ("blank", "directive")]


class Names:
    """What a file and the headers that it includes declare."""

    def __init__(self, path):
        self.masks = {}
        self.members = collections.defaultdict(dict)
        self.seen = set()
        self.read(path)

    def read(self, path):
        """What is nearer to the file comes first."""
        if path in self.seen or not path.exists():
            return
        self.seen.add(path)
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="ascii"),
                      flags=re.DOTALL)
        self.read_masks(text.replace("\\\n", ""))
        self.read_members(text)
        for name in re.findall(r'#include "(.*)"', text):
            self.read(path.with_name(name))

    @staticmethod
    def chain(names):
        """Each name with the next one, the last with the first."""
        return zip(names, names[1:] + names[:1]) if len(names) > 1 else ()

    def read_masks(self, text):
        """Macros that stand for bits; INPUTS_* and OUTPUT_* are families."""
        families = collections.defaultdict(list)
        for name, value in re.findall(r"#define\s+([A-Z]\w+)[ \t]+(.+)", text):
            if re.search(r"\b(BIT|GENMASK)\(", value) or any(
                    word in self.masks for word in re.findall(r"\w+", value)):
                families[name.split("_")[0]].append(name)
                self.masks[name] = None
        for names in families.values():
            self.masks.update(self.chain(names))

    def read_members(self, text):
        """Members by type; times, delays in ms and others apart."""
        for body in re.findall(r"struct \w+ \{(.*?)\n\}", text, re.DOTALL):
            types = collections.defaultdict(list)
            for kind, names in re.findall(r"([\w ]+?)\s(\w+(?:\[\w+\])?);",
                                          body):
                name, _, size = names.partition("[")
                unit = re.search(r"(_ms|_ns|_since|_at|)$", name)[1]
                types[kind.strip(), size, unit].append(name)
            # a name may be that of members of several structures
            for names in types.values():
                for name, following in self.chain(names):
                    self.members[name][following] = True


class File:
    """A C file and all its mutants."""

    def __init__(self, path):
        self.names = Names(path)
        self.source = path.read_text(encoding="ascii")
        self.tokens = read(self.source)
        self.partner = self.pair()
        self.edits = []
        self.function = ""
        self.mutate()
        self.mutants = self.named()

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

    def text(self, first, last):
        """The source of some tokens."""
        return self.source[self.tokens[first].start:self.tokens[last].end]

    def replace(self, kind, first, last, new, what):
        """Adds the mutant that has @new instead of some tokens."""
        self.edits.append(Edit(self.function, kind, first, last, new, what))

    def named(self):
        """All mutants, by their names."""
        places = collections.defaultdict(set)
        for edit in self.edits:
            places[edit.function, edit.kind].add((edit.first, -edit.last))
        numbers = {key: {place: number for number, place
                         in enumerate(sorted(found), 1)}
                   for key, found in places.items()}
        mutants = {}
        for edit in self.edits:
            number = numbers[edit.function, edit.kind][edit.first, -edit.last]
            name = f"{edit.function}: {edit.kind} {number} {edit.what}"
            start = self.tokens[edit.first].start
            end = self.tokens[edit.last].end
            mutants.setdefault(name, Mutant(
                name, self.source[:start] + edit.new + self.source[end:]))
        return mutants

    # ---- finding places

    def is_operand(self, n):
        """Whether the token ends an operand."""
        token = self.tokens[n]
        if token.kind in ("number", "string"):
            return True
        if token.kind == "word":
            return token.text not in ("return", "case")
        if token.text == ")":           # of a cast, or not
            return not any(t.text in TYPES
                           for t in self.tokens[self.partner[n] + 1:n])
        return token.text == "]"

    def operand(self, n, step, limits):
        """The last token of the operand that ends before token @n, or, with
        @step 1, begins after it; @limits end it."""
        n += step
        inside = CLOSE if step < 0 else OPEN
        outside = OPEN if step < 0 else CLOSE
        while True:
            token = self.tokens[n]
            if token.kind != "string" and (token.text in limits or
                                           token.text in outside):
                return n - step
            if token.kind == "define":
                return n - step
            n = self.partner[n] if token.text in inside else n
            n += step
            if n == len(self.tokens):
                return n - 1

    def opening(self, n):
        """The bracket that is open at token @n."""
        n -= 1
        while self.tokens[n].text not in OPEN or \
                self.tokens[n].kind == "string":
            n = self.partner[n] - 1 if self.tokens[n].text in CLOSE else n - 1
        return n

    def begins_statement(self, n):
        before = self.tokens[n - 1].text
        if before == ")":
            head = self.partner[n - 1] - 1
            return self.tokens[head].text in LOOPS | {"if"}
        opening = self.opening(n)
        return before in (";", "{", "}", "else") and \
            self.tokens[opening].text == "{" and \
            self.tokens[opening - 1].text != "="

    def simple_end(self, n):
        """The semicolon of the statement that begins at token @n."""
        while self.tokens[n].text != ";":
            if self.tokens[n].text in CLOSE:
                return None
            n = self.partner.get(n, n) + 1
        return n

    def statement_end(self, n):
        """The last token of any statement that begins at token @n."""
        token = self.tokens[n].text
        if token == "{":
            return self.partner[n]
        if token not in LOOPS | {"if"}:
            return self.simple_end(n)
        end = self.statement_end(self.partner[n + 1] + 1)
        if token == "if" and end and self.tokens[end + 1].text == "else":
            end = self.statement_end(end + 2)
        return end

    def is_length(self, n):
        """Whether it alone says how long an array is."""
        if self.tokens[n - 1].text != "[" or self.tokens[n + 1].text != "]":
            return False
        begin = n
        while self.tokens[begin - 1].text not in ("=", ";", "{", "}"):
            begin -= 1
        return self.tokens[begin].text in TYPES

    def end_of_line(self, position):
        """The end of the line, with those that continue it."""
        while True:
            position = self.source.find("\n", position)
            if self.source[position - 1] != "\\":
                return position
            position += 1

    def name_before(self, n):
        """The function whose body begins there, or ""."""
        while self.tokens[n - 1].text == ")":
            n = self.partner[n - 1] - 1
            # sparse's annotations come between the function and its body
            if not self.tokens[n].text.startswith("__"):
                return self.tokens[n].text
        return ""

    # ---- operators

    def condition(self, first, last):
        old = self.text(first, last)
        self.replace("condition", first, last, "1", "always")
        self.replace("condition", first, last, "0", "never")
        self.replace("condition", first, last, f"!({old})", "negated")

    def mutate_sign(self, n):
        """An operator, or an index."""
        text = self.tokens[n].text
        after_operand = self.is_operand(n - 1)
        if text in ("++", "--") or (text in BINARY and after_operand):
            for new in BINARY[text]:
                self.replace(text, n, n, new, f"to {new}")
        elif text in UNARY and not after_operand:
            self.replace(text, n, n, "", "dropped")
        if text in ("&&", "||", "?"):
            self.condition(self.operand(n, -1, LIMITS), n - 1)
        if text in ("&&", "||"):
            last = self.operand(n, 1, LIMITS)
            # otherwise the other operator has it on its left
            if self.tokens[last + 1].text not in ("&&", "||", "?"):
                self.condition(n + 1, last)
        if text == "|" and after_operand:
            first = self.operand(n, -1, LIMITS | {"|"})
            last = self.operand(n, 1, LIMITS | {"|"})
            if self.tokens[first - 1].text != "|":
                self.replace("element", first, n, "", "dropped")
            self.replace("element", n, last, "", "dropped")
        if text == "[" and after_operand and not self.is_length(n + 1) and \
                self.tokens[n + 1].kind == "word":
            self.replace("index", n + 1, self.partner[n] - 1, "0", "to 0")
        if text in ("<", "<=", ">", ">="):
            self.mutate_difference(n)

    def mutate_difference(self, n):
        """A comparison with a variable that was set to a difference."""
        variable = self.tokens[n - 1].text
        if self.tokens[n - 2].text not in (";", "return", "(", "&&", "||"):
            return
        for i in range(n - 2, 1, -1):
            if self.tokens[i].kind == "define" or i == self.partner.get(n):
                return
            if self.tokens[i].text != "=" or \
                    self.tokens[i - 1].text != variable:
                continue
            found = re.fullmatch(r"\s*(\S+) - (\S+)", self.text(
                i + 1, self.simple_end(i) - 1))
            if found:
                last = self.operand(n, 1, LIMITS)
                self.replace(
                    "difference", n - 1, last,
                    f"{found[1]} {self.tokens[n].text} {found[2]} + "
                    f"{self.text(n + 1, last)}", "as a sum")
            return

    def mutate_word(self, n):
        """A name of any kind."""
        text = self.tokens[n].text
        before, follows = self.tokens[n - 1].text, self.tokens[n + 1].text
        if text in ("true", "false"):
            other = "false" if text == "true" else "true"
            self.replace(text, n, n, other, f"to {other}")
        elif text in ("if", "while"):
            self.condition(n + 2, self.partner[n + 1] - 1)
        elif text == "for":
            semicolons = [i for i in range(n, self.partner[n + 1])
                          if self.tokens[i].text == ";"]
            # a loop without an end shows nothing; one that is not run does
            self.replace("loop", semicolons[0] + 1, semicolons[1] - 1, "0",
                         "never")
        elif text in ("min", "max") and follows == "(":
            other = "max" if text == "min" else "min"
            self.replace(text, n, n, other, f"to {other}")
        elif text == "u64":
            self.replace(text, n, n, "u32", "to u32")
        elif text in DELAYS and follows == "(":
            self.mutate_delay(n)
        elif before in (".", "->") and text in self.names.members:
            for number, other in enumerate(self.names.members[text], 1):
                self.replace("member", n, n, other, "to another" +
                             (f" ({number})" if number > 1 else ""))
        elif text in self.names.masks:
            self.replace("mask", n, n, f"({text} & ({text} - 1))", "less one")
            if self.names.masks[text]:
                self.replace("mask", n, n, self.names.masks[text],
                             "to another")
        elif text.isupper() and follows != "(" and \
                before not in ("struct", "enum"):
            self.mutate_number(n)

    def mutate_delay(self, n):
        """ms_to_ns(DELAY): a bit more, a bit less."""
        last = self.partner[n + 1]
        whole, inner = self.text(n, last), self.text(n + 2, last - 1)
        for sign in "+-":
            self.replace("delay", n, last, f"({whole} {sign} 1)",
                         f"{sign} 1 ns")
            self.replace("delay", n, last, f"{self.tokens[n].text}({inner} {sign} 1)",
                         f"{sign} 1 ms")

    def mutate_number(self, n):
        """A number: one more, one less."""
        text = self.tokens[n].text
        if not self.is_length(n):       # an array too long shows nothing
            self.replace("constant", n, n, f"({text} + 1)", "+ 1")
        self.replace("constant", n, n, f"({text} - 1)", "- 1")

    def mutate_statement(self, n):
        """A statement that begins here: left out, or after the next one."""
        end = self.statement_end(n)
        if self.tokens[n].text in TYPES | JUMPS | {";", "{", "else", "do"} or \
                not end:
            return
        if self.tokens[n].text not in NO_STATEMENT:
            self.replace("statement", n, end, ";", "deleted")
        following = end + 1
        if self.tokens[n - 1].text in (")", "else") or \
                self.tokens[following].text in TYPES | JUMPS | {"}", "else"}:
            return
        last = self.statement_end(following)
        if last and (self.needs(following, last, n, end) or
                     self.needs(n, end, following, last)):
            self.replace("statement", n, last, self.text(following, last) +
                         self.source[self.tokens[end].end:
                                     self.tokens[following].start] +
                         self.text(n, end), "delayed")

    def needs(self, first, last, other, other_last):
        """Whether a statement uses what the other one sets, or is left by it."""
        words = {t.text for t in self.tokens[first:last + 1]
                 if t.kind == "word"}
        for n in range(other, other_last + 1):
            text = self.tokens[n].text
            if text in ("return", "goto", "break", "continue"):
                return True
            if text in ASSIGNMENTS:
                n = self.partner[n - 1] if self.tokens[n - 1].text == "]" \
                    else n
                if self.tokens[n - 1].text in words:
                    return True
        # a call may do anything to what it is given
        return self.tokens[other + 1].text == "(" and \
            self.tokens[other].text not in LOOPS | {"if"} and \
            any(t.text in words for t in self.tokens[other + 2:other_last])

    def mutate(self):
        """Finds all mutants, in functions and in the values of macros."""
        depth, define_end = 0, -1
        for n, token in enumerate(self.tokens):
            if token.kind == "define":
                self.function = re.split(r"define\s+|\(", token.text)[1]
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
