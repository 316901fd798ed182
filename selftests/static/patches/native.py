# SPDX-License-Identifier: GPL-2.0
"""The driver's sources as they stand in one kernel: nothing for older ones.

Each helper of compat.h, the driver's and that of the tests' module, becomes what
it stands for in that kernel, and compat.h is gone. A helper that is not known
here, or that was forgotten in a source, is an error.
"""

import re

# Helper and what it is in the kernel, as regular expressions
NATIVE = (
    (r'smallbms_hrtimer_setup\(', 'hrtimer_setup('),
    (r'smallbms_run_worker\((.*)\);', r'kthread_run_worker(0, "%s", \1);'),
    (r'smallbms_(gpiod_set_value(?:_cansleep)?)\(', r'\1('),
    (r'smallbms_gpiod_is_shared\(', 'gpiod_is_shared('),
    (r'smallbms_battery_info\(', 'power_supply_get_battery_info('),
    (r'smallbms_assign_str\((\w+), \w+\)', r'__assign_str(\1)'),
    (r'smallbms_set_behaviours\((\w+)\);',
     r'\1->charge_behaviours = BIT(POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO) |' '\n'
     '\t\t\t\t  BIT(POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE);'),
    (r'bench_hrtimer_setup\((\S+), (\S+)\);',
     r'hrtimer_setup(\1, \2, CLOCK_MONOTONIC,' '\n\t\t      HRTIMER_MODE_REL_HARD);'),
    (r'\bbench_(set(_multiple)?)\b', r'\1'),
    # Modules of the kernel have its version
    (r'MODULE_VERSION\(.*\);\n', ''),
)


# A function that calls another one, which has the type that the kernel wants
WRAPPER = r'SMALLBMS_(?:GPIO_SET|REMOVE)\((\w+), (\w+)\)\n\n'


def width(text):
    return len(text.expandtabs(8))


def renamed(text, old, new):
    """Replace, and keep the arguments on the next lines below the first."""
    result, end = [], 0
    for found in re.finditer(old, text):
        made = found.expand(new)
        result += text[end:found.start()], made
        end = found.end()
        moved = len(made) - len(found[0])
        if not made.endswith('(') or not moved:
            continue
        depth = 1
        while depth > 0:
            line = text[end:text.index('\n', end) + 1]
            depth += line.count('(') - line.count(')')
            result.append(line)
            end += len(line)
            if depth > 0:
                indent = re.match(r'[ \t]*', text[end:])[0]
                columns = width(indent) + moved
                result.append('\t' * (columns // 8) + ' ' * (columns % 8))
                end += len(indent)
    return ''.join(result) + text[end:]


def native(text, version, helpers):
    """@text in the kernel @version, a pair; @helpers: what compat.h defines."""
    for wrapper in re.finditer(WRAPPER, text):
        text = re.sub(rf'\b{wrapper[1]}\b', wrapper[2], text.replace(wrapper[0], ''))
    for old, new in NATIVE:
        text = renamed(text, old, new)
    text = text.replace('SMALLBMS_HEALTH_UNDERVOLTAGE', 'POWER_SUPPLY_HEALTH_UNDERVOLTAGE'
                        if version >= (7, 3) else 'POWER_SUPPLY_HEALTH_DEAD')
    text = text.replace('#include "compat.h"\n', '')
    text = re.sub(r'\n\n\n+', '\n\n', text)
    left = [name for name in helpers if re.search(rf'\b{name}\b', text)]
    if left or re.search(r'LINUX_VERSION_CODE|compat\.h', text):
        raise SystemExit('native.py: for older kernels, and not known here: '
                         + (' '.join(left) or 'a look at the version'))
    return text


def helpers_of(text):
    """The names that a compat.h defines."""
    return set(re.findall(r'^(?:static inline [^(]*?|#define )(\w+)\(', text, re.M)
               + re.findall(r'^smallbms_\w+|^bench_\w+', text, re.M)
               + re.findall(r'^#define ((?!_)\w+)', text, re.M))
