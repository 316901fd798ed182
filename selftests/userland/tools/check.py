# SPDX-License-Identifier: GPL-2.0
"""Run the cases on each tool given as NAME=FILE, and print KTAP.

Started by ./run. Words after "--" select the cases by their titles.
"""

import sys
import traceback

import bench
import cases_commands
import cases_live
import cases_robust
import cases_status
import cases_tell

# To be imported is all that they need: that registers their cases.
CASES = (cases_commands, cases_live, cases_robust, cases_status,
         cases_tell)


def run_case(tool, function):
    """Return None, or why it failed."""
    desk = bench.Bench(tool)
    try:
        with bench.Alarm():
            function(desk)
    except Exception:  # pylint: disable=broad-except
        return traceback.format_exc()
    finally:
        desk.close()
    return None


def run_cases(tool, cases):
    """Print the subtest of one tool; return whether all passed."""
    passed = True
    print("  KTAP version 1")
    print(f"  1..{len(cases)}")
    for number, (title, function) in enumerate(cases, 1):
        why = run_case(tool, function)
        if why:
            passed = False
            for line in why.splitlines():
                print(f"  # {line}")
        print(f"  {'not ok' if why else 'ok'} {number} - {title}",
              flush=True)
    return passed


def main(arguments):
    split = arguments.index("--") if "--" in arguments else len(arguments)
    tools = [argument.split("=", 1) for argument in arguments[:split]]
    words = arguments[split + 1:]
    cases = [entry for entry in bench.CASES
             if not words or any(word in entry[0] for word in words)]
    passed = True

    if not tools or not cases:
        sys.exit("smallbms: check: no tool, or no such case")
    print("KTAP version 1")
    print(f"1..{len(tools)}")
    for number, (name, tool) in enumerate(tools, 1):
        print(f"  # Subtest: the tool, {name}")
        good = run_cases(tool, cases)
        print(f"{'ok' if good else 'not ok'} {number} - the tool, {name}",
              flush=True)
        passed = passed and good
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
