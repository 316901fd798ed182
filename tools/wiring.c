// SPDX-License-Identifier: GPL-2.0
/*
 * smallbms wiring [PRODUCT]: what can be connected to the board, and how.
 *
 * There is no other table of this: that of the documents is printed from it,
 * with --rst.
 */
#include <ctype.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "smallbms.h"

/**
 * struct product - a row
 * @output: of the board: "load", "charge"; NULL: it cannot be connected
 * @name: of one product or a family, for people
 * @keywords: what may be said of it, in lower case; wiring PRODUCT finds a row
 *	that has all words of PRODUCT
 * @sizes: which of a family, where a name has numbers like 150/35
 * @cable: what is needed between; NULL: nothing
 * @terminal: where at the product; NULL: as the cable's own manual says
 */
struct product {
	const char *output;
	const char *name;
	const char *keywords;
	struct sizes {
		int first_from, first_to, second_from, second_to;
	} sizes[2];
	const char *cable;
	const char *terminal;
};

#define INVERTING "inverting remote on-off cable (ASS030550100 or -120)"
#define VE_DIRECT "VE.Direct non-inverting remote on-off cable (ASS030550320)"
#define NON_INVERTING "non-inverting remote on-off cable (ASS030550200)"
#define SKYLLA_I "Skylla-i remote on-off cable (ASS030550400)"
#define MOST INT_MAX
#define EVERY { { 0, MOST, 0, MOST } }
#define BUS_WORDS "phoenix inverter inverters ve.bus ve bus "

static const struct product products[] = {
	{ "load", "Phoenix Inverter VE.Direct",
	  "phoenix inverter inverters ve.direct ve direct", EVERY,
	  NULL, "H of the 2-pole connector" },
	{ "load", "Phoenix Inverter Smart",
	  "phoenix inverter inverters smart", EVERY,
	  NULL, "H of the 2-pole connector" },
	{ "load", "Orion-Tr DC-DC converter with remote on/off connector",
	  "orion tr dc converter isolated non", EVERY,
	  NULL, "right-hand one of the 2-pole connector" },
	{ "load", "Orion 12/24-20 DC-DC converter",
	  "orion dc converter", { { 12, 12, 24, 24 } },
	  NULL, "right-hand one of the 2-pole connector" },
	{ "load", "BatteryProtect",
	  "batteryprotect battery protect bp", EVERY,
	  NULL, "2.1, the right-hand one" },
	{ "load", "Smart BatteryProtect",
	  "smart batteryprotect battery protect bp", EVERY,
	  NULL, "H of the 2-pole connector" },
	{ "load", "Cyrix-Li-Load",
	  "cyrix li load", EVERY,
	  NULL, "control input" },
	{ "load", "Phoenix inverter with VE.Bus, 1200 VA and more",
	  BUS_WORDS, { { 0, MOST, 1200, MOST } },
	  INVERTING, NULL },
	{ "load", "Phoenix Inverter Compact with VE.Bus, 1200 VA and more",
	  BUS_WORDS "compact", { { 0, MOST, 1200, MOST } },
	  INVERTING, NULL },
	{ "charge", "BlueSolar MPPT 150/70 and 150/80 with CAN-bus",
	  "bluesolar mppt can bus", { { 150, 150, 70, 70 },
				      { 150, 150, 80, 80 } },
	  NULL, "B+, the left-hand one of the 2-pole connector" },
	{ "charge", "BlueSolar MPPT, all others",
	  "bluesolar mppt ve.direct ve direct", EVERY,
	  VE_DIRECT, NULL },
	{ "charge", "SmartSolar MPPT 150/45 and up, 250/60 and up",
	  "smartsolar mppt ve.can ve can ve.direct direct",
	  { { 150, 150, 45, MOST }, { 250, 250, 60, MOST } },
	  NULL, "right-hand one (+) or left-hand one (H) of the 2-pole connector" },
	{ "charge", "SmartSolar MPPT up to 150/35",
	  "smartsolar mppt ve.direct ve direct",
	  { { 0, 149, 0, MOST }, { 150, 150, 0, 35 } },
	  VE_DIRECT, NULL },
	{ "charge", "Phoenix Smart IP43 Charger",
	  "phoenix smart ip43 charger", EVERY,
	  NULL, "H of the 2-pole connector" },
	{ "charge", "Skylla TG charger",
	  "skylla tg charger", EVERY,
	  NON_INVERTING, NULL },
	{ "charge", "Skylla-i charger",
	  "skylla i charger", EVERY,
	  SKYLLA_I, NULL },
	{ "charge", "Any other charger",
	  "other charger cyrix li charge", EVERY,
	  "Cyrix-Li-Charge", "control terminal of the Cyrix-Li-Charge" },
	{ "charge", "Cyrix-Li-ct battery combiner",
	  "cyrix li ct battery combiner", EVERY,
	  NULL, "85, its charge disconnect input" },
	{ NULL, "MultiPlus and Quattro inverter/chargers",
	  "multiplus quattro inverter/charger inverter charger ve.bus ve bus",
	  EVERY, NULL, NULL },
};

#define NOT_POSSIBLE "not possible: it needs a VE.Bus interface"

/* Read "150/35" or "12/24V"; Return: whether it is such a pair */
static bool parse_pair(const char *word, int *first, int *second)
{
	int used = 0;

	return sscanf(word, "%9d/%9d%n", first, second, &used) == 2 && used;
}

static bool fits(const struct product *product, int first, int second)
{
	for (size_t i = 0; i < ARRAY_SIZE(product->sizes); i++) {
		const struct sizes *sizes = &product->sizes[i];

		if (first >= sizes->first_from && first <= sizes->first_to &&
		    second >= sizes->second_from &&
		    second <= sizes->second_to)
			return true;
	}
	return false;
}

static bool has_keyword(const struct product *product, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = product->keywords; *at;) {
		if (!strncmp(at, word, length))
			return true;
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	return false;
}

/* Return: whether the row has all words of what was asked for */
static bool matches(const struct product *product, const char *asked)
{
	char text[VALUE_MAX];
	bool any = false;
	int first, second;

	snprintf(text, sizeof(text), "%s", asked);
	for (char *c = text; *c; c++)
		*c = tolower((unsigned char)*c);
	for (char *word = strtok(text, " -,_"); word;
	     word = strtok(NULL, " -,_")) {
		if (parse_pair(word, &first, &second)) {
			if (!fits(product, first, second))
				return false;
			any = true;
		} else if (!isdigit((unsigned char)*word)) {
			if (!has_keyword(product, word))
				return false;
			any = true;
		}
	}
	return any;
}

static const char *output_name(const struct product *product)
{
	if (!product->output)
		return "none";
	return !strcmp(product->output, "load") ? "load disconnect" :
						  "charge disconnect";
}

static const char *through(const struct product *product)
{
	if (!product->output)
		return NOT_POSSIBLE;
	return product->cable ? product->cable : "nothing: directly";
}

static void print_person(const struct product *product)
{
	print_wrapped("", 0, product->name);
	if (product->output)
		print_wrapped("  from     ", 11, output_name(product));
	print_wrapped("  through  ", 11, through(product));
	if (product->output)
		print_wrapped("  to       ", 11, product->terminal ?
			      product->terminal : "where the cable's manual says");
}

static struct json_object *text_or_null(const char *text)
{
	return text ? json_object_new_string(text) : NULL;
}

static struct json_object *json_from_product(const struct product *product)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "product",
			       json_object_new_string(product->name));
	json_object_object_add(object, "output", text_or_null(product->output));
	json_object_object_add(object, "cable", text_or_null(product->cable));
	json_object_object_add(object, "terminal",
			       text_or_null(product->terminal));
	return object;
}

static void print_rst(const struct product *product)
{
	printf("   * - %s\n     - %s\n     - %s\n     - %s\n", product->name,
	       output_name(product), through(product),
	       product->terminal ? product->terminal :
	       product->output ? "as the cable's manual says" : "none");
}

enum result command_wiring(const struct config *config, const char *argument)
{
	struct json_object *array = json_object_new_array();
	size_t found = 0;

	if (config->rst)
		puts(".. list-table::\n"
		     "   :header-rows: 1\n"
		     "   :widths: 30 15 30 25\n\n"
		     "   * - Product\n"
		     "     - Output of the board\n"
		     "     - Through\n"
		     "     - To its terminal");
	for (size_t i = 0; i < ARRAY_SIZE(products); i++) {
		const struct product *product = &products[i];

		if (argument && !matches(product, argument))
			continue;
		if (config->rst)
			print_rst(product);
		else if (config->json)
			json_object_array_add(array, json_from_product(product));
		else if (found)
			putchar('\n');
		if (!config->rst && !config->json)
			print_person(product);
		found++;
	}
	if (config->json && !config->rst)
		json_print(array);
	else
		json_object_put(array);
	if (found)
		return DONE;
	complain(argument,
		 "not in the table ('smallbms wiring' shows it); what is on while its remote terminal is high, and off while that floats, can be connected directly");
	return FAILED;
}

void wiring_help(void)
{
	puts("\nPRODUCT is a part of a name, with the numbers of the size: smartsolar 75/15.\n"
	     "Without it, all are shown.\n"
	     "\nOption:\n  --rst                As a table in reStructuredText");
}
