// SPDX-License-Identifier: GPL-2.0
/*
 * smallbms wiring [PRODUCT]: what can be connected to the board, and how.
 *
 * There is no other table of this: that of the documents is printed from it,
 * with --rst.
 */
#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "smallbms.h"

/**
 * struct product - a row
 * @output: of the board: "load", "charge"; NULL: it cannot be connected
 * @name: of one product or a family, for people
 * @cable: what is needed between; NULL: nothing
 * @terminal: where at the product; NULL: as the cable's own manual says
 */
struct product {
	const char *output;
	const char *name;
	const char *cable;
	const char *terminal;
};

#define INVERTING "inverting remote on-off cable (ASS030550100 or -120)"
#define VE_DIRECT "VE.Direct non-inverting remote on-off cable (ASS030550320)"
#define NON_INVERTING "non-inverting remote on-off cable (ASS030550200)"
#define SKYLLA_I "Skylla-i remote on-off cable (ASS030550400)"

static const struct product products[] = {
	{ "load", "Phoenix Inverter VE.Direct",
	  NULL, "H of the 2-pole connector" },
	{ "load", "Phoenix Inverter Smart",
	  NULL, "H of the 2-pole connector" },
	{ "load", "Orion-Tr DC-DC converter with remote on/off connector",
	  NULL, "right-hand one of the 2-pole connector" },
	{ "load", "Orion 12/24-20 DC-DC converter",
	  NULL, "right-hand one of the 2-pole connector" },
	{ "load", "BatteryProtect",
	  NULL, "2.1, the right-hand one" },
	{ "load", "Smart BatteryProtect",
	  NULL, "H of the 2-pole connector" },
	{ "load", "Cyrix-Li-Load",
	  NULL, "control input" },
	{ "load", "Phoenix inverter with VE.Bus, 1200 VA and more",
	  INVERTING, NULL },
	{ "load", "Phoenix Inverter Compact with VE.Bus, 1200 VA and more",
	  INVERTING, NULL },
	{ "charge", "BlueSolar MPPT 150/70 and 150/80 with CAN-bus",
	  NULL, "B+, the left-hand one of the 2-pole connector" },
	{ "charge", "BlueSolar MPPT, all others",
	  VE_DIRECT, NULL },
	{ "charge", "SmartSolar MPPT 150/45 and up, 250/60 and up",
	  NULL, "right-hand one (+) or left-hand one (H) of the 2-pole connector" },
	{ "charge", "SmartSolar MPPT up to 150/35",
	  VE_DIRECT, NULL },
	{ "charge", "Phoenix Smart IP43 Charger",
	  NULL, "H of the 2-pole connector" },
	{ "charge", "Skylla TG charger",
	  NON_INVERTING, NULL },
	{ "charge", "Skylla-i charger",
	  SKYLLA_I, NULL },
	{ "charge", "Any other charger",
	  "Cyrix-Li-Charge", "control terminal of the Cyrix-Li-Charge" },
	{ "charge", "Cyrix-Li-ct battery combiner",
	  NULL, "85, its charge disconnect input" },
	{ NULL, "MultiPlus, MultiPlus-II, Quattro and Quattro-II inverter/chargers",
	  NULL, NULL },
};

#define NOT_POSSIBLE "not possible: it needs a VE.Bus interface"

/* Letters and digits alone, in lower case, so that "Smart Solar" is SmartSolar */
static void squeeze(char *to, size_t size, const char *from)
{
	size_t used = strlen(to);

	for (; from && *from && used < size - 1; from++)
		if (isalnum((unsigned char)*from))
			to[used++] = tolower((unsigned char)*from);
	to[used] = '\0';
}

/*
 * Return: whether the row has all words of what was asked for. A size is not
 * looked for, because a row is for many: the person sees which ones.
 */
static bool matches(const struct product *product, const char *asked)
{
	char row[VALUE_MAX] = "", text[VALUE_MAX], word[VALUE_MAX];
	bool any = false;

	squeeze(row, sizeof(row), "Victron Energy");
	squeeze(row, sizeof(row), product->name);
	squeeze(row, sizeof(row), product->cable);
	squeeze(row, sizeof(row), product->terminal);
	snprintf(text, sizeof(text), "%s", asked);
	for (char *each = strtok(text, " ,"); each; each = strtok(NULL, " ,")) {
		*word = '\0';
		squeeze(word, sizeof(word), each);
		if (isdigit((unsigned char)*each) || !*word)
			continue;
		if (!strstr(row, word))
			return false;
		any = true;
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
	complain("wiring",
		 "no product in the table has all words of '%s'; without any, all are shown",
		 argument);
	return FAILED;
}

void wiring_help(void)
{
	puts("\nPRODUCT is words of a name, large or small: smart solar. The rows that have\n"
	     "all of them are shown, whatever the size; without any, all rows.\n"
	     "\nOption:\n  --rst                As a table in reStructuredText");
}
