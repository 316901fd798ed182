// SPDX-License-Identifier: GPL-2.0
/*
 * A board as JSON. The keys are the names of the attributes. What the board
 * does not have is left out; what it has and does not tell is null.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "smallbms.h"

static struct json_object *json_from_list(const char *words)
{
	struct json_object *array = json_object_new_array();

	if (!strcmp(words, "none"))
		return array;
	while (*words) {
		size_t length = strcspn(words, " ");

		json_object_array_add(array, json_object_new_string_len(words,
									length));
		words += length;
		words += strspn(words, " ");
	}
	return array;
}

/** json_from_value - Return: the value of one attribute, NULL is null */
struct json_object *json_from_value(const struct board *board,
				    enum attribute_id id)
{
	const struct value *value = &board->values[id];

	if (value->error)
		return NULL;
	switch (attributes[id].kind) {
	case KIND_NUMBER:
		return json_object_new_int64(value->number);
	case KIND_SWITCH:
		return json_object_new_boolean(value->number);
	case KIND_LIST:
		return json_from_list(value->text);
	case KIND_TEXT:
	case KIND_CHOICE:
		break;
	}
	return json_object_new_string(value->text);
}

/* "stats/..." and its like are in an object of their own. */
static void add(struct json_object *object, const char *name,
		struct json_object *value)
{
	const char *slash = strchr(name, '/');
	struct json_object *inner;
	char folder[VALUE_MAX];

	if (!slash) {
		json_object_object_add(object, name, value);
		return;
	}
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - name), name);
	if (!json_object_object_get_ex(object, folder, &inner)) {
		inner = json_object_new_object();
		json_object_object_add(object, folder, inner);
	}
	json_object_object_add(inner, slash + 1, value);
}

/** json_add_value - add what the board has, under its own name */
void json_add_value(struct json_object *object, const struct board *board,
		    enum attribute_id id)
{
	if (board->values[id].error != ENOENT)
		add(object, attributes[id].name, json_from_value(board, id));
}

/** json_from_board - a board's name and its attributes before @end */
struct json_object *json_from_board(const struct board *board,
				    enum attribute_id end)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "name",
			       json_object_new_string(board->name));
	for (enum attribute_id id = 0; id < end; id++)
		json_add_value(object, board, id);
	return object;
}

static void print_with(struct json_object *object, int flags)
{
	puts(json_object_to_json_string_ext(object, flags |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

/** json_print - print and free it */
void json_print(struct json_object *object)
{
	print_with(object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
}

/** json_print_line - print it in one line, for streams, and free it */
void json_print_line(struct json_object *object)
{
	print_with(object, JSON_C_TO_STRING_PLAIN);
}
