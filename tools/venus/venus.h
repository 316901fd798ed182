/* SPDX-License-Identifier: GPL-2.0 */
/*
 * smallbms-venus - boards as batteries on the D-Bus of Venus OS
 *
 * items.c makes of a struct board what a battery shows there, service.c puts that
 * on the bus, with a connection for each board, and main.c keeps both up to date.
 * config.c reads the file that configures it.
 */
#ifndef VENUS_H
#define VENUS_H

#include "../conf.h"

#define VENUS_CONFIG "/etc/smallbms/venus.conf"
#define VENUS_STATE "/var/lib/smallbms/venus"

/**
 * struct venus_board - what is configured for one board, a section of the file
 * @line: where the section begins
 * @instance: DeviceInstance, -1: ask com.victronenergy.settings
 * @control: the board is offered as the BMS that controls chargers and inverters,
 *	with the limits that follow
 */
struct venus_board {
	char name[NAME_MAX + 1];
	unsigned int line;
	int instance;
	bool control;
	double max_charge_voltage;
	double max_charge_current;
	double max_discharge_current;
};

/**
 * struct venus_config - /etc/smallbms/venus.conf
 * @names: BOARDS, @named long; 0: all boards
 */
struct venus_config {
	char names[CONF_BOARDS][NAME_MAX + 1];
	size_t named;
	struct venus_board boards[CONF_BOARDS];
	size_t count;
};

/* config.c: every mistake is printed; Return: whether there was none */
bool venus_config_read(const char *path, struct venus_config *config);
bool venus_config_wants(const struct venus_config *config, const char *name);
const struct venus_board *venus_config_board(const struct venus_config *config,
					     const char *name);

/* The longest text, that of /CustomName, and its end */
#define VENUS_TEXT_SIZE 320

enum venus_type {
	VENUS_NOTHING,	/* there is no value now */
	VENUS_INTEGER,
	VENUS_REAL,
	VENUS_TEXT,
};

struct venus_value {
	enum venus_type type;
	int integer;
	double real;
	char text[VENUS_TEXT_SIZE];
};

enum venus_item {
	VENUS_PROCESS_NAME,
	VENUS_PROCESS_VERSION,
	VENUS_CONNECTION,
	VENUS_DEVICE_INSTANCE,
	VENUS_PRODUCT_ID,
	VENUS_PRODUCT_NAME,
	VENUS_CUSTOM_NAME,
	VENUS_FIRMWARE_VERSION,
	VENUS_HARDWARE_VERSION,
	VENUS_CONNECTED,
	VENUS_SOC,
	VENUS_VOLTAGE,
	VENUS_CURRENT,
	VENUS_POWER,
	VENUS_TEMPERATURE,
	VENUS_TIME_TO_GO,
	VENUS_CONSUMED,
	VENUS_CAPACITY,
	VENUS_INSTALLED_CAPACITY,
	VENUS_LOW_VOLTAGE,
	VENUS_HIGH_VOLTAGE,
	VENUS_LOW_CELL_VOLTAGE,
	VENUS_HIGH_CELL_VOLTAGE,
	VENUS_LOW_TEMPERATURE,
	VENUS_HIGH_TEMPERATURE,
	VENUS_LOW_CHARGE_TEMPERATURE,
	VENUS_HIGH_CHARGE_TEMPERATURE,
	VENUS_INTERNAL_FAILURE,
	VENUS_BMS_CABLE,
	VENUS_ALLOW_TO_CHARGE,
	VENUS_ALLOW_TO_DISCHARGE,
	VENUS_BLOCKING_CHARGE,
	VENUS_BLOCKING_DISCHARGE,
	VENUS_MODE,
	VENUS_STATE_OF_DEVICE,
	/* Only of a board that controls */
	VENUS_MAX_CHARGE_VOLTAGE,
	VENUS_MAX_CHARGE_CURRENT,
	VENUS_MAX_DISCHARGE_CURRENT,
	VENUS_ITEM_COUNT
};

/* items.c */
const char *venus_path(enum venus_item item);
void venus_text(enum venus_item item, const struct venus_value *value,
		char *text, size_t size);
bool venus_same(const struct venus_value *a, const struct venus_value *b);
bool venus_is_measured(const struct board *board, bool fresh);
void venus_measure(struct board *board);
void venus_items(const struct board *board, const struct venus_board *settings,
		 struct venus_value *values);

/* service.c */
struct service;

struct service *service_new(const char *label, const struct venus_board *settings,
			    const char *state);
const char *service_label(const struct service *service);
void service_publish(struct service *service, const struct board *board);
void service_poll(const struct service *service, struct pollfd *poll,
		  int *timeout_ms);
void service_work(struct service *service);
void service_free(struct service *service);

#endif /* VENUS_H */
