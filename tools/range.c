// SPDX-License-Identifier: GPL-2.0
/*
 * Thresholds as the guidelines for monitoring plugins write them: what is
 * outside START:END alerts, after "@" what is inside. START is 0 if it is left
 * out, "~" is minus infinity, and an END that is left out is infinity.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "smallbms.h"

/* No "inf", "nan" or "0x1", which strtod() knows as well */
static bool parse_number(const char **text, double *number)
{
	const char *digits = *text + (**text == '-');
	char *end;

	if (!isdigit((unsigned char)*digits))
		return false;
	*number = strtod(*text, &end);
	if (end != digits + strspn(digits, "0123456789.") || !isfinite(*number))
		return false;
	*text = end;
	return true;
}

/**
 * range_parse - Return: whether @text is a range
 * @text: as of -w and -c; NULL: none was given, and nothing alerts
 */
bool range_parse(const char *text, struct range *range)
{
	*range = (struct range){ .text = text, .to = INFINITY };
	if (!text)
		return true;
	if (*text == '@') {
		range->inside = true;
		text++;
	}
	if (*text == '~' && text[1] == ':') {
		range->from = -INFINITY;
		text += 2;
	} else if (strchr(text, ':')) {
		if (*text != ':' && !parse_number(&text, &range->from))
			return false;
		if (*text++ != ':')
			return false;
	} else if (!*text) {
		return false;
	}
	if (*text && !parse_number(&text, &range->to))
		return false;
	return !*text && range->from <= range->to;
}

/** range_alerts - Return: whether the number calls for an alert */
bool range_alerts(const struct range *range, double number)
{
	bool inside = number >= range->from && number <= range->to;

	return range->text && inside == range->inside;
}
